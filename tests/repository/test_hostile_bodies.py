"""A manifest is data from a stranger: what could write elsewhere, or does not add up, is refused before a byte is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.repository.forge import forge, innocent, pack_u32, refused
from tests.repository.trees import contents
from thoth_storage.errors import CorruptionError
from thoth_storage.repository import Repository
from thoth_storage.repository.manifest import FileEntry, FolderEntry

pytestmark = pytest.mark.exhaustive

Fields = dict[str, Any]


def test_the_forgery_itself_is_sound(repository: Repository, tmp_path: Path) -> None:
    """Else the tests below would prove nothing."""
    forge(repository, lambda body: None)
    assert repository.verify().ok
    repository.restore("latest", tmp_path / "target")
    assert contents(tmp_path / "target") == {"a": b"A" * 5000}


HOSTILE_PATHS = [
    *("/etc/thoth", "/", "", ".", "..", "../escaped", "x/../../escaped", "x/..", "./x", "x/./y", "x//y", "x/", "//x"),
    *("nul\0byte", "back\\slash", "..\\escaped", "C:\\x", "x/" * 3000 + "x", "x" * 5000, "é" * 2049),
]


@pytest.mark.parametrize("path", HOSTILE_PATHS, ids=range(len(HOSTILE_PATHS)))
@pytest.mark.parametrize("kind", ["file", "empty file", "folder"])
def test_paths_that_lead_elsewhere(kind: str, path: str, repository: Repository, tmp_path: Path) -> None:
    def change(body: Fields) -> None:
        if kind == "folder":
            body["folders"].append(FolderEntry(path, 0o755))
        elif kind == "file":
            body["files"].append(FileEntry(path, 5000, 0o644, 0, body["files"][0].blocks))
        else:
            body["files"].append(FileEntry(path, 0, 0o644, 0, b""))

    forge(repository, change)
    assert "not sound" in refused(repository, tmp_path, CorruptionError)


def empty(path: str) -> FileEntry:
    return FileEntry(path, 0, 0o644, 0, b"")


@pytest.mark.parametrize(
    ("files", "folders"),
    [
        (["a"], []),
        (["b", "b"], []),
        ([], ["b", "b"]),
        (["b"], ["b"]),
        ([], ["a"]),
        (["a/b"], []),
        (["b/c/d", "b"], []),
        ([], ["a/b"]),
        (["b", "b/c"], ["b/c/d"]),
        (["b"], ["b/c/d/e/f"]),
    ],
)
def test_entries_that_share_a_place(
    files: list[str], folders: list[str], repository: Repository, tmp_path: Path
) -> None:
    def change(body: Fields) -> None:
        body["files"] += [empty(path) for path in files]
        body["folders"] += [FolderEntry(path, 0o755) for path in folders]

    forge(repository, change)
    assert "not sound" in refused(repository, tmp_path, CorruptionError)


def file(size: int, blocks: bytes) -> Callable[[Fields], None]:
    return lambda body: body["files"].append(FileEntry("b", size, 0o644, 0, blocks))


def column(name: str, value: bytes) -> Callable[[Fields], None]:
    return lambda body: body.update({name: value})


def longer(name: str) -> Callable[[Fields], None]:
    return lambda body: body.update({name: body[name] + body[name][:4]})


_ROW = innocent()[1]
NUMBERS: dict[str, Callable[[Fields], None]] = {
    "size too small": file(4095, pack_u32([0])),
    "size too large": file(4097, pack_u32([0])),
    "size without blocks": file(1, b""),
    "blocks without size": file(0, pack_u32([0])),
    "negative size": file(-1, b""),
    "huge size": file(2**63, pack_u32([0])),
    "row out of range": file(4096, pack_u32([2])),
    "last row there is": file(4096, pack_u32([0xFFFFFFFF])),
    "rows cut off": file(4096, pack_u32([0])[:3]),
    "rows cut off behind": file(4096, pack_u32([0]) + b"\0"),
    "digests cut off": column("digests", _ROW["digests"][:-1]),
    "one digest less": column("digests", _ROW["digests"][:32]),
    "no digests": column("digests", b""),
    "one digest twice": column("digests", _ROW["digests"][:32] * 2),
    "packs cut off": column("packs", _ROW["packs"][:-1]),
    "no packs": column("packs", b""),
    "pack out of range": column("pack", pack_u32([0, 1])),
    **{f"{name} cut off": column(name, _ROW[name][:-1]) for name in ("pack", "offset", "stored", "plain", "base")},
    **{f"{name} a row short": column(name, _ROW[name][:4]) for name in ("pack", "offset", "stored", "plain", "base")},
    **{f"{name} a row long": longer(name) for name in ("pack", "offset", "stored", "plain", "base")},
    "offset in the pack's header": column("offset", pack_u32([15, 4160])),
    "nothing stored": column("stored", pack_u32([0, 952])),
    "a frame of a header alone": column("stored", pack_u32([48, 952])),
    "too much stored": column("stored", pack_u32([0xFFFFFFFF, 952])),
    "no plain bytes": column("plain", pack_u32([0, 904])),
    "too many plain bytes": column("plain", pack_u32([2**26 + 1, 904])),
    "all plain bytes there are": column("plain", pack_u32([0xFFFFFFFF, 0xFFFFFFFF])),
    "a delta": column("base", pack_u32([1, 0xFFFFFFFF])),
    "a delta on itself": column("base", pack_u32([0xFFFFFFFF, 1])),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_that_do_not_add_up(name: str, repository: Repository, tmp_path: Path) -> None:
    forge(repository, NUMBERS[name])
    refused(repository, tmp_path, CorruptionError)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_hostile_manifest_is_no_base_for_a_backup(name: str, repository: Repository, source: Path) -> None:
    """Nor does it keep one from being made."""
    forge(repository, NUMBERS[name])
    (source / "b").write_bytes(b"A" * 5000)
    repository.restore(repository.backup(source).id, source.parent / "target")
    assert contents(source.parent / "target") == contents(source)


def test_a_block_of_another_length_is_no_base_for_a_backup(repository: Repository, source: Path) -> None:
    forge(repository, column("plain", pack_u32([4095, 905])))
    (source / "b").write_bytes(b"A" * 5000)
    repository.restore(repository.backup(source).id, source.parent / "target")
    assert contents(source.parent / "target") == contents(source)
