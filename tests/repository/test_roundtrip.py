"""What is restored is what was backed up, to the byte, the permission bit and the nanosecond."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.repository.stores import BLOCK, SMALL, new_repository
from tests.repository.trees import noise, text, trees, walk, write_tree
from thoth_storage.repository import Repository


def check_round_trip(repository: Repository, source: Path, target: Path) -> None:
    before = walk(source)
    snapshot = repository.backup(source)
    report = repository.restore("latest", target)
    assert walk(target) == before
    assert walk(source) == before
    files = [content for kind, content, _, _ in before.values() if kind == "file"]
    assert (snapshot.files, snapshot.size) == (len(files), sum(map(len, files)))
    assert (report.files, report.bytes, report.snapshot) == (snapshot.files, snapshot.size, snapshot.id)
    assert report.target == str(target.resolve())
    assert repository.verify().ok


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(tree=trees(SMALL))
def test_any_tree(tree: dict[str, bytes | None], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("tree")
    check_round_trip(new_repository(), write_tree(folder / "source", tree), folder / "target")
    shutil.rmtree(folder)


@pytest.mark.parametrize("make", [noise, text])
@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 5 * 1024 * 1024 + 3])
def test_sizes_around_the_default_block(size: int, make: object, tmp_path: Path) -> None:
    assert callable(make)
    source = write_tree(tmp_path / "source", {"file": make(size)})
    check_round_trip(new_repository(block=BLOCK), source, tmp_path / "target")


def test_more_than_a_pack(tmp_path: Path) -> None:
    repository = new_repository(tmp_path / "repository", BLOCK)
    source = write_tree(tmp_path / "source", {f"f{n}": noise(7 * 1024 * 1024 + n, n) for n in range(5)})
    check_round_trip(repository, source, tmp_path / "target")
    sizes = sorted(info.size for info in repository.backend.list("packs/"))
    assert len(sizes) == 3
    assert sizes[-1] < 17 * 1024 * 1024


def test_an_empty_directory(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    check_round_trip(repository, tmp_path / "source", tmp_path / "target")
    assert not list(repository.backend.list("packs/"))


@pytest.mark.parametrize("mode", [0o400, 0o444, 0o600, 0o644, 0o755, 0o777, 0o500])
def test_permissions(mode: int, repository: Repository, source: Path, tmp_path: Path) -> None:
    (source / "text").chmod(mode)
    (source / "folder").chmod(mode | 0o700)
    check_round_trip(repository, source, tmp_path / "target")


def test_permissions_that_grant_the_rights_of_others_are_kept_but_not_restored(
    repository: Repository, source: Path, tmp_path: Path
) -> None:
    (source / "text").chmod(0o6755)
    (source / "folder").chmod(0o1777)
    repository.backup(source)
    repository.restore("latest", tmp_path / "target")
    seen = walk(tmp_path / "target")
    assert (seen["text"][2], seen["folder"][2]) == (0o755, 0o777)


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(mtime=st.integers(-(2**31) * 10**9, 2**33 * 10**9))
def test_times_to_the_nanosecond(mtime: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("time")
    source = write_tree(folder / "source", {"file": b"x", "empty": b""})
    for name in ("file", "empty"):
        os.utime(source / name, ns=(0, mtime))
    check_round_trip(new_repository(), source, folder / "target")


def test_paths_of_every_kind(repository: Repository, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(source.parent)
    monkeypatch.setenv("HOME", str(source.parent))
    repository.backup("source")
    repository.restore("latest", "relative")
    repository.restore("latest", "~/home")
    (source.parent / "link").symlink_to(source)
    repository.backup(source.parent / "link")
    repository.restore("latest", str(source.parent / "new" / "parents" / "deep"))
    monkeypatch.chdir(source)
    repository.backup(".")
    repository.restore("latest", source.parent / "dot")
    expected = walk(source)
    for target in ("relative", "home", "new/parents/deep", "dot"):
        assert walk(source.parent / target) == expected
