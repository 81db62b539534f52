"""Restore drills: what they compare, with what, and how they end where something is wrong."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.cli.helpers import environment
from tests.store.helpers import bare_chroma
from thoth_storage import PersistentClient, Repository, open_backend
from thoth_storage.errors import CapacityError, NotFoundError
from thoth_storage.store import capturing
from thoth_storage.store.contents import (
    Contents,
    Sample,
    decode_contents,
    digest_of,
    encoded_contents,
    look_inside,
)
from thoth_storage.store.drill import drill, last_drill, last_drills
from thoth_storage.store.drilling import Task, examine
from thoth_storage.wrappers import ReadOnlyBackend

ROWS = 1100
"""From 1,000 on Chroma writes its index to files."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Chroma directory that nobody has open: metadata of every kind, and each kind of space."""
    folder = tmp_path_factory.mktemp("made") / "chroma"
    vectors = np.random.default_rng(7).normal(size=(ROWS, 8))
    with bare_chroma(folder) as client:
        for space in ("l2", "ip", "cosine"):
            count = ROWS if space == "l2" else 20
            client.create_collection(f"in-{space}", configuration={"hnsw": {"space": space}}).add(
                ids=[f"{number:04}" for number in range(count)],
                embeddings=vectors[:count],  # type: ignore[arg-type]
                documents=[f"text {number} ü" for number in range(count)],
                metadatas=[
                    {"n": number, "x": number / 7, "even": number % 2 == 0, "s": "ü", "list": ["b", "a"], "ns": [2, 1]}
                    for number in range(count)
                ],
            )
        bare = client.create_collection("bare")
        bare.add(ids=["one"], embeddings=[1.0, 0.0])
        client.create_collection("empty")
    return folder


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "chroma"))


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    with Repository.open(tmp_path / "store", create=True) as repository:
        yield repository


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("THOTH_STORAGE_CACHE_DIR", str(tmp_path / "cache"))


def left(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "cache").glob("*/*"))


def problems(folder: Path, contents: bytes = b"") -> list[str]:
    import base64

    return examine(Task(str(folder), base64.b64encode(contents).decode())).problems


def changed(folder: Path, **fields: object) -> bytes:
    """What a checkpoint of the directory records, with other fields in its first collection but one."""
    told = look_inside(folder / "chroma.sqlite3")
    collections = [
        each if each.name != "in-l2" else msgspec.structs.replace(each, **fields) for each in told.collections
    ]
    return msgspec.msgpack.encode(msgspec.structs.replace(told, collections=tuple(collections)))


def test_a_checkpoint_is_proven_by_what_it_recorded(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with PersistentClient(store, cache_limit=0) as client:
        rows = client.create_collection("rows")
        rows.add(
            ids=["a", "b"],
            embeddings=np.array([[1.0, 2.0], [3.0, 4.0]]),
            documents=["A", "B"],
            metadatas=[{"n": 1}, {"n": 2}],
        )
        snapshot = client.checkpoint()
        rows.add(ids=["c"], embeddings=[5.0, 6.0])
        client.live._wrote = False
    with Repository.open(store) as repository:
        assert last_drill(repository) is None
        report = drill(repository)
        assert report.problems == ()
        assert (report.ok, report.compared, report.snapshot) == (True, "recorded", snapshot.id)
        assert (report.collections, report.records, report.samples) == (1, 2, 2)
        assert (report.queries, report.asked, report.entries) == (2, 2, 1)
        assert report.recorded
        told = last_drill(repository)
        assert told is not None
        assert {name: getattr(report, name) for name in vars(told)} == vars(told)
        assert repository.verify().problems == []
        repository.prune()
        assert last_drill(repository) == told
        with Repository.open("memory://drill-copy", create=True) as other:
            repository.copy_to(other)
            assert other.contents_of("latest") == repository.contents_of("latest") != b""
            assert last_drill(other) is None, "that place is not proven"
        last = max((store / "log" / "000000000").iterdir())
        last.write_bytes(last.read_bytes()[:-1] + b"?")
        report = drill(repository)
        assert (report.ok, report.damaged, report.records) == (False, True, 2)
        assert report.problems[0].startswith("log entry 3 fails its checksum")
        assert last_drills(repository).proven == told
        assert last_drills(repository).last == last_drill(repository) != told
    assert not left(tmp_path)


@pytest.mark.parametrize("way", ["staging", "in place", "held"])
def test_each_way_of_capturing_tells_what_is_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setattr(capturing, "fits", lambda *_: way == "staging")
    monkeypatch.setattr(capturing, "memory_left", lambda: 0 if way == "held" else None)
    with PersistentClient(tmp_path / "store", cache_limit=0) as client:
        rows = client.create_collection("rows")
        for number in (1, 2):
            rows.add(ids=[f"id-{number}"], embeddings=[1.0, 2.0], documents=[f"text {number}"])
            client.checkpoint()
            told = decode_contents(client.live.repository.contents_of("latest"))
            assert told is not None
            assert (told.total, told.records) == (1, number)
            assert told.collections[0].samples[-1] == Sample(f"id-{number}", digest_of(f"text {number}", None))


def test_what_chroma_gives_is_what_its_tables_tell(copied: Path) -> None:
    found = examine(Task(str(copied)))
    assert found.problems == []
    assert found.compared == "itself"
    assert (found.collections, found.records) == (5, ROWS + 41)
    assert found.samples == found.queries == found.asked == 4 * 3 + 1


def test_another_number_of_records_is_found(copied: Path) -> None:
    assert problems(copied, changed(copied, count=ROWS + 1)) == [
        f"collection 'in-l2' has {ROWS} records, {ROWS + 1} are expected"
    ]


def test_a_record_that_is_not_what_it_was_is_found(copied: Path) -> None:
    told = look_inside(copied / "chroma.sqlite3").collections
    [mine] = [each for each in told if each.name == "in-l2"]
    others = (
        msgspec.structs.replace(mine.samples[0], digest=b"?" * 16),
        msgspec.structs.replace(mine.samples[1], id="?"),
    )
    assert problems(copied, changed(copied, samples=others)) == [
        "collection 'in-l2': the record '0000' is not what it was",
        "collection 'in-l2': the record '?' is missing",
    ]


def test_a_collection_that_is_not_there_is_found(copied: Path) -> None:
    told = look_inside(copied / "chroma.sqlite3")
    more = msgspec.structs.replace(told.collections[0], name="no-such", count=3)
    contents = Contents(1, 6, told.records + 3, (*told.collections, more))
    first, second, third = problems(copied, msgspec.msgpack.encode(contents))
    assert first == "5 collections are there, 6 were recorded"
    assert second == f"{told.records} records are there, {told.records + 3} were recorded"
    assert third.startswith("collection 'no-such': NotFoundError")


def test_an_index_that_is_not_there_is_found(copied: Path) -> None:
    for folder in copied.iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)
    assert any("in-l2" in problem for problem in problems(copied))


def test_a_torn_database_is_found_before_chroma_meets_it(copied: Path) -> None:
    database = copied / "chroma.sqlite3"
    data = bytearray(database.read_bytes())
    data[8192 : len(data) // 2] = bytes(len(data) // 2 - 8192)
    database.write_bytes(data)
    [problem] = problems(copied)
    assert problem.startswith("chroma.sqlite3 is no sound database")


@pytest.mark.parametrize("stored", [b"", b"\xc1", msgspec.msgpack.encode({"version": 2, "total": 0}), b"x" * 2**21])
def test_contents_that_cannot_be_read_are_none(stored: bytes) -> None:
    assert decode_contents(stored) is None


def test_a_database_that_cannot_be_read_is_told_of_by_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "chroma.sqlite3").write_bytes(b"not a database" * 100)
    assert encoded_contents(tmp_path / "chroma.sqlite3") == b""
    assert "does not tell what is in it" in caplog.text


def test_files_that_crash_chroma_are_damage_and_no_crash_of_ours(copied: Path, repository: Repository) -> None:
    for header in copied.glob("*/header.bin"):
        header.write_bytes(b"\xff" * header.stat().st_size)
    repository.backup(copied)
    report = drill(repository)
    assert (report.ok, report.damaged, report.recorded) == (False, True, True)
    assert report.problems


def test_what_takes_too_long_is_no_damage(made: Path, repository: Repository) -> None:
    repository.backup(made)
    report = drill(repository, patience=0.01)
    assert (report.ok, report.damaged) == (False, False)
    assert report.problems == ("Chroma did not end within 0 s on what was restored",)
    assert last_drills(repository).proven is None


def test_other_directories_are_compared_as_files(tmp_path: Path, repository: Repository) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "file").write_text("text")
    repository.backup(tmp_path / "plain")
    report = drill(repository)
    assert (report.ok, report.compared, report.files, report.bytes) == (True, "files", 1, 4)
    repository.backup(tmp_path / "plain", contents=b"it says that it is a store")
    assert drill(repository).problems == ("the checkpoint has no chroma.sqlite3",)
    assert drill(repository, report.snapshot).ok


def test_damage_is_recorded_and_takes_nothing_from_what_was_proven(tmp_path: Path, repository: Repository) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "file").write_bytes(bytes(range(256)) * 8)
    repository.backup(tmp_path / "plain")
    proven = drill(repository)
    [pack] = (tmp_path / "store" / "packs").glob("*/*")
    sound = pack.read_bytes()
    pack.write_bytes(sound[:-9] + bytes(9))
    for _ in range(3):
        report = drill(repository)
        assert (report.ok, report.damaged, report.recorded) == (False, True, True)
    drills = last_drills(repository)
    assert drills.proven is not None
    assert drills.last is not None
    assert drills.proven.time == proven.time < drills.last.time == report.time
    assert len(list((tmp_path / "store" / "index").glob("drill-*"))) == 2
    pack.write_bytes(sound)
    assert drill(repository).ok
    assert len(list((tmp_path / "store" / "index").glob("drill-*"))) == 1
    assert not left(tmp_path)


def test_who_may_not_write_drills_all_the_same(tmp_path: Path, repository: Repository) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "file").write_text("text")
    repository.backup(tmp_path / "plain")
    with Repository.open(ReadOnlyBackend(open_backend(tmp_path / "store"))) as reader:
        report = drill(reader)
        assert (report.ok, report.recorded, report.not_recorded) == (True, False, "this store is opened read-only")
        assert last_drill(reader) is None


def test_the_record_is_sealed_as_all_else(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "file").write_text("text")
    with Repository.open(tmp_path / "store", create=True, encryption_key="secret") as repository:
        repository.backup(tmp_path / "plain")
        report = drill(repository)
        told = last_drill(repository)
        assert told is not None
        assert told.snapshot == report.snapshot
    [record] = (tmp_path / "store" / "index").glob("drill-*")
    assert record.read_bytes()[10:12] == b"\x01\x00"


def test_a_damaged_record_is_passed_over_and_repaired(tmp_path: Path, repository: Repository) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "file").write_text("text")
    repository.backup(tmp_path / "plain")
    drill(repository)
    [record] = (tmp_path / "store" / "index").glob("drill-*")
    record.write_bytes(record.read_bytes()[:-1] + b"?")
    assert last_drill(repository) is None
    assert [problem.key for problem in repository.verify().problems] == [f"index/{record.name}"]
    repository.repair(drop=True)
    assert repository.verify().ok


def test_no_room_is_told_before_a_byte_is_fetched(tmp_path: Path, made: Path, repository: Repository) -> None:
    with pytest.raises(NotFoundError, match="no checkpoint"):
        drill(repository)
    repository.backup(made)
    with pytest.raises(CapacityError, match="memory budget"):
        drill(repository, memory_budget=1000)
    assert last_drill(repository) is None
    assert not left(tmp_path)


def test_what_a_killed_drill_leaves_goes_with_the_next(tmp_path: Path, made: Path, repository: Repository) -> None:
    repository.backup(made)
    command = [sys.executable, "-m", "thoth_storage", "drill", repository.url]
    process = subprocess.Popen(command, env=environment({"THOTH_STORAGE_CACHE_DIR": str(tmp_path / "cache")}))
    try:
        deadline = time.monotonic() + 60
        while not (children := _children(process.pid)):
            assert time.monotonic() < deadline
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert left(tmp_path)
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() < deadline, "the process that compares outlives the drill"
        time.sleep(0.01)
    assert drill(repository, patience=0.01).recorded
    assert not left(tmp_path)


def _children(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
