"""Nobody sees by a restore what only the owner could see in the directory that was backed up."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.repository.stores import SMALL, new_repository
from tests.repository.trees import noise, walk, write_tree
from thoth_storage.repository import Progress, Repository, manifest, records, storing
from thoth_storage.repository.manifest import Body

MODES = [0o700, 0o750, 0o755, 0o500, 0o2775, 0o1777]


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def loose() -> Iterator[None]:
    """With a mask that hides nothing."""
    mask = os.umask(0)
    yield
    os.umask(mask)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("include", [None, "a"])
@pytest.mark.parametrize("over", [False, True])
def test_the_directory_gets_the_mode_of_the_source(
    over: bool, include: str | None, mode: int, repository: Repository, source: Path, tmp_path: Path
) -> None:
    write_tree(source, {"a": b"a"}).chmod(mode)
    repository.backup(source)
    if over:
        (tmp_path / "target").mkdir(mode=0o711)
        write_tree(tmp_path / "target", {"old": b"old"})
    repository.restore("latest", tmp_path / "target", include, overwrite=True)
    assert mode_of(tmp_path / "target") == (0o711 if over and include else mode & 0o777)


def test_a_copy_keeps_it(repository: Repository, source: Path, tmp_path: Path) -> None:
    source.chmod(0o710)
    repository.backup(source)
    other = new_repository()
    repository.copy_to(other)
    other.restore("latest", tmp_path / "target")
    assert mode_of(tmp_path / "target") == 0o710


def test_a_snapshot_that_does_not_tell(
    repository: Repository, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they were made before: an old target's mode stays, a new one gets what the mask leaves."""
    made = manifest.to_body

    def make(*args: Any, mode: int) -> Body:
        return made(*args)

    monkeypatch.setattr(storing, "to_body", make)
    source.chmod(0o700)
    key = repository.backup(source).id
    (key_,) = records.list_keys(repository.backend)
    _, body = records.read_snapshot(repository.vault, key_)
    assert key_.id == key
    assert body.mode is None
    assert b"mode" not in msgspec.msgpack.encode(body)
    mask = os.umask(0o027)
    try:
        repository.restore("latest", tmp_path / "fresh")
    finally:
        os.umask(mask)
    assert mode_of(tmp_path / "fresh") == 0o750
    write_tree(tmp_path / "old", {"old": b"old"}).chmod(0o711)
    repository.restore("latest", tmp_path / "old", overwrite=True)
    assert mode_of(tmp_path / "old") == 0o711


def test_one_that_tells_nonsense(repository: Repository) -> None:
    fields = dict.fromkeys(("packs", "digests", "pack", "offset", "stored", "plain", "base"), b"")
    for mode in ("755", 1.5, b""):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"files": (), "folders": (), **fields, "mode": mode}, Body, strict=True)


@pytest.mark.usefixtures("loose")
def test_nobody_looks_in_while_it_is_written(repository: Repository, tmp_path: Path) -> None:
    source = write_tree(tmp_path / "source", {"a/b/secret": noise(5 * SMALL), "small": b"s", "void/v": b""})
    for path in ("a", "a/b", "a/b/secret", "small"):
        (source / path).chmod(0o777)
    repository.backup(source)
    whole = {path: (content, mode) for path, (_, content, mode, _) in walk(source).items()}
    seen = []

    def look(told: Progress) -> None:
        for staging in tmp_path.glob(".target.thoth-restore-*"):
            for path, (kind, content, mode, _) in walk(staging).items():
                if (content, mode) != whole[path] or kind == "folder":
                    seen.append(mode)
            seen.append(mode_of(staging))

    repository.restore("latest", tmp_path / "target", progress=look)
    assert len(seen) > 6
    assert set(seen) == {0o700, 0o600}
    assert walk(tmp_path / "target") == walk(source)


@pytest.mark.parametrize("include", ["a/b/file", "a/b", ["a/b/void"]])
def test_folders_above_what_is_included_have_their_modes(
    include: str | list[str], repository: Repository, tmp_path: Path
) -> None:
    source = write_tree(tmp_path / "source", {"a/b/file": b"x", "a/b/void": None})
    (source / "a").chmod(0o700)
    (source / "a" / "b").chmod(0o2710)
    repository.backup(source)
    for _ in range(2):
        repository.restore("latest", tmp_path / "target", include, overwrite=True)
        assert mode_of(tmp_path / "target" / "a") == 0o700
        assert mode_of(tmp_path / "target" / "a" / "b") == 0o710
