"""What is told of one snapshot, against the directory and the stored objects."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.repository.stores import SMALL, new_repository, objects, pack_bytes
from tests.repository.trees import noise, walk, write_tree
from thoth_storage.errors import CorruptionError, NotFoundError
from thoth_storage.repository import Repository
from thoth_storage.repository.showing import FileDetails, FolderDetails


def test_files_and_folders(repository: Repository, source: Path) -> None:
    os.utime(source / "noise", ns=(0, 1_700_000_000_123_456_789))
    made = repository.backup(source, name="first", tags=["t"])
    repository.set_name("good", "first")
    details = repository.show("good")
    assert details.snapshot == repository.get("first")
    assert details.snapshot.id == made.id
    assert details.program.startswith("thoth-storage ")
    seen = walk(source)
    assert [each.path for each in details.files] == sorted(p for p, each in seen.items() if each[0] == "file")
    assert [each.path for each in details.folders] == sorted(p for p, each in seen.items() if each[0] == "folder")
    for file in details.files:
        _, content, mode, mtime = seen[file.path]
        assert (file.size, file.mode) == (len(content), mode)
        assert file.mtime is not None
        assert round(file.mtime.timestamp() * 1_000_000) == mtime // 1000
    for folder in details.folders:
        assert folder.mode == seen[folder.path][2]


def test_how_it_is_stored(repository: Repository, source: Path) -> None:
    repository.backup(source)
    storage = repository.show("latest").storage
    assert (storage.blocks, storage.plain) == (6, 2 * SMALL + 100 + (source / "text").stat().st_size)
    assert (storage.deltas, storage.deepest, storage.packs) == (0, 0, 1)
    assert 0 < storage.stored <= pack_bytes(repository.backend)


def test_chains_of_deltas(tmp_path: Path) -> None:
    repository = new_repository(block=64 * 1024)
    content = bytearray(noise(3 * 64 * 1024))
    for turn in range(4):
        content[turn] ^= 1
        repository.backup(write_tree(tmp_path / "source", {"x": bytes(content)}))
        storage = repository.show("latest").storage
        assert (storage.blocks, storage.plain) == (3, len(content))
        assert (storage.deltas, storage.deepest, storage.packs) == (min(turn, 1), turn, turn + 1)
    # The deltas of the first block, and all full ones, are read once: little more than what is stored once.
    assert storage.stored < pack_bytes(repository.backend)
    assert storage.stored < len(content) * 1.05


def test_an_empty_directory(repository: Repository, tmp_path: Path) -> None:
    repository.backup(write_tree(tmp_path / "void", {}))
    details = repository.show("latest")
    assert (details.files, details.folders) == ((), ())
    assert set(vars(details.storage).values()) == {0}


def test_times_that_no_calendar_has(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_tree(tmp_path / "source", {"x": b"1"})
    from thoth_storage.repository import storing
    from thoth_storage.repository.manifest import FileEntry

    monkeypatch.setattr(
        storing, "FileEntry", lambda path, size, mode, _, rows: FileEntry(path, size, mode, 2**62, rows)
    )
    repository.backup(source)
    monkeypatch.undo()
    [file] = repository.show("latest").files
    assert isinstance(file, FileDetails)
    assert file.mtime is not None
    assert file.mtime.year == 2116
    from thoth_storage.repository.showing import _time

    assert _time(2**63 * 1000) is None


def test_no_content_is_read(repository: Repository, source: Path) -> None:
    repository.backup(source)
    before = repository.show("latest")
    repository.backend.delete(*objects(repository.backend, "packs/"))
    assert repository.show("latest") == before


def test_modes_are_permission_bits(repository: Repository, tmp_path: Path) -> None:
    source = write_tree(tmp_path / "source", {"folder": None})
    (source / "folder").chmod(0o750)
    repository.backup(source)
    [folder] = repository.show("latest").folders
    assert folder == FolderDetails("folder", 0o750)
    assert stat.S_IMODE(folder.mode) == folder.mode


def test_what_cannot_be_shown(repository: Repository, source: Path) -> None:
    made = repository.backup(source)
    with pytest.raises(NotFoundError):
        repository.show("typo")
    [key] = objects(repository.backend, "snapshots/")
    repository.backend.put(key, repository.backend.get(key)[:-1])
    with pytest.raises(CorruptionError):
        repository.show(made.id)
