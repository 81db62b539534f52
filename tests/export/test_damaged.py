"""Folders that are no whole export: refused with the file that is wrong, and nothing of it gets into a store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.export.samples import made
from thoth_storage.errors import AlreadyExistsError, CorruptionError, FormatError, NotFoundError, StorageError
from thoth_storage.export import export_store, import_store
from thoth_storage.export.manifest import MANIFEST_KEY
from thoth_storage.memory import MemoryBackend
from thoth_storage.registry import open_backend

PART = "collections/notes/part-00000.parquet"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of an export."""
    folder = tmp_path_factory.mktemp("whole")
    made(folder / "db")
    export_store(folder / "db", folder / "out")
    backend = open_backend(str(folder / "out"))
    return {each.key: backend.get(each.key) for each in backend.list()}


@pytest.fixture
def files(whole: dict[str, bytes]) -> dict[str, bytes]:
    assert sorted(whole) == [PART, MANIFEST_KEY]
    return dict(whole)


def refused(files: dict[str, bytes], kind: type[StorageError], match: str, key: str | None, tmp_path: Path) -> None:
    """An import of these files fails so, and the store that it was to make has nothing."""
    for name, data in files.items():
        path = tmp_path / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    with pytest.raises(kind, match=match) as caught:
        import_store(tmp_path / "out", tmp_path / "db")
    assert caught.value.key == key
    assert not (tmp_path / "db" / "snapshots").exists()


def retold(files: dict[str, bytes], change: Callable[[Any], object]) -> dict[str, bytes]:
    """With another manifest."""
    manifest = json.loads(files[MANIFEST_KEY])
    change(manifest)
    return {**files, MANIFEST_KEY: json.dumps(manifest).encode()}


def rewritten(files: dict[str, bytes], change: Callable[[Any], Any]) -> dict[str, bytes]:
    """With another table in the part, and a manifest that has its right size and hash."""
    sink = pa.BufferOutputStream()
    pq.write_table(change(pq.read_table(pa.BufferReader(files[PART]))), sink)
    data = bytes(sink.getvalue())

    def tell(manifest: Any) -> None:
        manifest["collections"][0]["parts"][0].update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())

    return retold({**files, PART: data}, tell)


def test_it_is_the_change_that_is_refused(files: dict[str, bytes], tmp_path: Path) -> None:
    """What the tests below build on does pass."""
    for name, data in rewritten(files, lambda table: table).items():
        open_backend(str(tmp_path / "out")).put(name, data)
    assert import_store(tmp_path / "out", tmp_path / "db").rows == 6


def test_no_manifest(files: dict[str, bytes], tmp_path: Path) -> None:
    del files[MANIFEST_KEY]
    refused(files, CorruptionError, "interrupted", MANIFEST_KEY, tmp_path)


def test_nothing_at_all(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    refused({}, NotFoundError, "no export", MANIFEST_KEY, tmp_path)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"format": "x", "version": 1}', b"\xff", b"[" * 100_000])
def test_a_manifest_that_is_none(files: dict[str, bytes], tmp_path: Path, data: bytes) -> None:
    refused({**files, MANIFEST_KEY: data}, CorruptionError, "manifest", MANIFEST_KEY, tmp_path)


def test_half_a_manifest(files: dict[str, bytes], tmp_path: Path) -> None:
    half = files[MANIFEST_KEY][:-10]
    refused({**files, MANIFEST_KEY: half}, CorruptionError, "manifest", MANIFEST_KEY, tmp_path)


def test_a_newer_version(files: dict[str, bytes], tmp_path: Path) -> None:
    newer = retold(files, lambda manifest: manifest.update(version=2, more="fields"))
    refused(newer, FormatError, "version 2", MANIFEST_KEY, tmp_path)


@pytest.mark.parametrize(
    ("match", "change"),
    [
        ("no version 0", lambda manifest: manifest.update(version=0)),
        ("more", lambda manifest: manifest.update(more=1)),
        ("twice", lambda manifest: manifest["collections"].append(manifest["collections"][0])),
        ("7 rows", lambda manifest: manifest["collections"][0].update(rows=7)),
        ("names a part", lambda manifest: manifest["collections"][0]["parts"][0].update(key="../secret")),
        ("names a part", lambda m: m["collections"][0]["parts"][0].update(key="collections/../part-00000.parquet")),
        ("int", lambda manifest: manifest["collections"][0]["parts"][0].update(bytes=-1)),
        ("length", lambda manifest: manifest["collections"][0].update(parts=[], rows=0)),
    ],
)
def test_a_manifest_that_contradicts_itself(
    files: dict[str, bytes], tmp_path: Path, match: str, change: Callable[[Any], object]
) -> None:
    refused(retold(files, change), CorruptionError, match, MANIFEST_KEY, tmp_path)


def test_a_part_that_is_missing(files: dict[str, bytes], tmp_path: Path) -> None:
    del files[PART]
    refused(files, CorruptionError, "is not there", PART, tmp_path)


def test_a_truncated_part(files: dict[str, bytes], tmp_path: Path) -> None:
    refused({**files, PART: files[PART][:-100]}, CorruptionError, "bytes", PART, tmp_path)


@pytest.mark.parametrize("at", [5, 1000, -20])
def test_a_bit(files: dict[str, bytes], tmp_path: Path, at: int) -> None:
    wrong = bytearray(files[PART])
    wrong[at] ^= 4
    refused({**files, PART: bytes(wrong)}, CorruptionError, "not what was written", PART, tmp_path)


def test_rows_that_are_too_few(files: dict[str, bytes], tmp_path: Path) -> None:
    refused(rewritten(files, lambda table: table.slice(1)), CorruptionError, "other rows", PART, tmp_path)


def test_another_collection(files: dict[str, bytes], tmp_path: Path) -> None:
    other = retold(files, lambda manifest: manifest["collections"][0].update(name="other"))
    refused(other, CorruptionError, "'other' is of 'notes'", PART, tmp_path)


@pytest.mark.parametrize(
    ("match", "change"),
    [
        ("cannot be read", lambda table: table.replace_schema_metadata({})),
        ("cannot be read", lambda table: table.replace_schema_metadata({"thoth_storage": "{}"})),
        ("columns", lambda table: table.drop_columns(["document"])),
        ("columns", lambda table: table.append_column("meta_more", pa.nulls(6, pa.int64()))),
        ("metadata_json", lambda table: table.set_column(6, "metadata_json", pa.array(["{"] * 6))),
    ],
)
def test_a_part_that_is_not_what_its_header_tells(
    files: dict[str, bytes], tmp_path: Path, match: str, change: Callable[[Any], Any]
) -> None:
    refused(rewritten(files, change), CorruptionError, match, PART, tmp_path)


def test_a_part_that_is_no_parquet(files: dict[str, bytes], tmp_path: Path) -> None:
    def tell(manifest: Any) -> None:
        manifest["collections"][0]["parts"][0].update(bytes=4, sha256=hashlib.sha256(b"PAR1").hexdigest())

    refused(retold({**files, PART: b"PAR1"}, tell), CorruptionError, "cannot be read", PART, tmp_path)


def test_a_folder_that_has_something(files: dict[str, bytes], tmp_path: Path) -> None:
    made(tmp_path / "db")
    there = MemoryBackend("memory://tests/not-empty")
    there.put("notes.txt", b"mine")
    for overwrite in (False, True):
        with pytest.raises(AlreadyExistsError) as caught:
            export_store(tmp_path / "db", there.url, overwrite=overwrite)
        assert caught.value.key == "notes.txt"
    assert [each.key for each in there.list()] == ["notes.txt"]


def test_overwriting_leaves_nothing_of_the_old(files: dict[str, bytes], tmp_path: Path) -> None:
    made(tmp_path / "db")
    there = MemoryBackend("memory://tests/overwritten")
    there.put("collections/other/part-00007.parquet", b"old")
    with pytest.raises(AlreadyExistsError, match="--overwrite"):
        export_store(tmp_path / "db", there.url)
    export_store(tmp_path / "db", there.url, overwrite=True)
    assert [each.key for each in there.list()] == [PART, MANIFEST_KEY]
    assert import_store(there.url, tmp_path / "again").rows == 6
