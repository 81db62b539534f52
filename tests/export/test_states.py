"""An export is of one state; an import is there as a whole, or not at all. Whoever is interrupted does it again."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import PROGRAM, environment, stop
from tests.export.samples import all_of, files_of, made, rows_of, store
from tests.servers.gcs import GcsServer
from tests.store.helpers import open_below, wait_until
from thoth_storage.errors import AlreadyExistsError, ConflictError, CorruptionError, InvalidArgumentError, NotFoundError
from thoth_storage.export import export_store, import_store
from thoth_storage.registry import open_backend
from thoth_storage.repository import Progress
from thoth_storage.store.portable_store import reading_store


def add(client: Any, name: str) -> None:
    client.get_collection("notes", embedding_function=None).add(ids=[name], embeddings=[[1.0, 2.0]])


def test_what_others_write_meanwhile_is_not_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the reader would follow them before each read."""
    monkeypatch.setenv("THOTH_STORAGE_REFRESH", "0")
    original = made(tmp_path / "db")
    with store(tmp_path / "db") as writer, reading_store(tmp_path / "db", "default_tenant", "default_database") as read:
        reader, state = read
        infos = reader.collections()
        add(writer, "later")
        writer.create_collection("later")
        assert [each.name for each in reader.collections()] == ["notes"]
        [batch] = reader.batches(infos[0])
        assert sorted(batch.ids) == sorted(original["notes"][3])
        assert state.position is not None
    assert export_store(tmp_path / "db", tmp_path / "out").rows == 7


def test_with_a_writer_who_never_stops(tmp_path: Path) -> None:
    """Each export has the rows up to some entry of the log, and all of those."""
    made(tmp_path / "db", rows=1)
    done = threading.Event()

    def write(client: Any) -> None:
        number = 0
        while not done.is_set():
            number += 1
            add(client, f"w{number:04}")

    with store(tmp_path / "db") as writer:
        thread = threading.Thread(target=write, args=[writer])
        thread.start()
        try:
            reports = [export_store(tmp_path / "db", tmp_path / f"out {turn}") for turn in range(2)]
        finally:
            done.set()
            thread.join()
    for turn, report in enumerate(reports):
        import_store(tmp_path / f"out {turn}", tmp_path / f"again {turn}")
        with store(tmp_path / f"again {turn}", mode="r") as client:
            found = sorted(rows_of(client, "notes"))
        assert found == ["n0", *(f"w{number:04}" for number in range(1, report.rows))]
    assert reports[1].position is not None
    assert reports[0].position is not None
    assert reports[1].position >= reports[0].position


def test_a_snapshot(tmp_path: Path) -> None:
    made(tmp_path / "db")
    with store(tmp_path / "db") as client:
        kept = client.checkpoint("before")
        add(client, "later")
    report = export_store(tmp_path / "db", tmp_path / "out", snapshot="before")
    assert (report.rows, report.checkpoint, report.position) == (6, kept.id, None)
    with pytest.raises(NotFoundError):
        export_store(tmp_path / "db", tmp_path / "other", snapshot="no such")
    assert files_of(tmp_path / "other") == []


def test_other_databases_are_told(tmp_path: Path) -> None:
    made(tmp_path / "db")
    with store(tmp_path / "db") as client:
        client._server.create_database("second")
    assert export_store(tmp_path / "db", tmp_path / "out").notes == ("the database 'second' is not among it",)
    assert export_store(tmp_path / "db", tmp_path / "other", database="second").rows == 0


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_is_left_open(tmp_path: Path, fails: bool) -> None:
    """Else closing waits for it in vain, and the local directory is not kept for the next opening."""
    made(tmp_path / "db")
    if fails:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "mine").touch()
    began = time.monotonic()
    with pytest.raises(AlreadyExistsError) if fails else nullcontext():
        export_store(tmp_path / "db", tmp_path / "out")
    assert open_below(tmp_path / "cache") == []
    assert time.monotonic() - began < 3
    assert any((tmp_path / "cache").glob("**/chroma.sqlite3"))


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        export_store(tmp_path / "db", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_import_into_what_is_there(tmp_path: Path) -> None:
    original = made(tmp_path / "db")
    export_store(tmp_path / "db", tmp_path / "out")
    with pytest.raises(AlreadyExistsError, match="'notes'"):
        import_store(tmp_path / "out", tmp_path / "db")
    with store(tmp_path / "db") as client:
        notes = client.get_collection("notes", embedding_function=None)
        notes.upsert(ids=["n1", "new"], embeddings=[[7.0, 7.0]] * 2, documents=["x", "y"], metadatas=[{"z": 1}] * 2)
        notes.upsert(ids=["n2"], embeddings=[[7.0, 7.0]], uris=["u"])
        notes.delete(ids=["n3"])
        new = rows_of(client, "notes")["new"]
    import_store(tmp_path / "out", tmp_path / "db", merge=True)
    with store(tmp_path / "db", mode="r") as client:
        assert rows_of(client, "notes") == {**original["notes"][3], "new": new}


@pytest.mark.parametrize("durability", ["checkpoint", "log"])
def test_an_import_that_fails_half_way(tmp_path: Path, durability: str) -> None:
    with store(tmp_path / "db") as client:
        for name in ("aaa", "bbb"):
            client.create_collection(name, embedding_function=None).add(ids=["1"], embeddings=[[1.0, 2.0]])
        original = all_of(client)
    export_store(tmp_path / "db", tmp_path / "out")
    part = tmp_path / "out" / "collections" / "bbb" / "part-00000.parquet"
    data = part.read_bytes()

    def damage(progress: Progress) -> None:
        if progress.done:  # the first collection is written
            part.write_bytes(data[:-1] + b"x")

    with pytest.raises(CorruptionError):
        import_store(tmp_path / "out", tmp_path / "again", durability=durability, progress=damage)
    if durability == "checkpoint":
        with pytest.raises(NotFoundError), store(tmp_path / "again", mode="r"):
            pass
    part.write_bytes(data)
    import_store(tmp_path / "out", tmp_path / "again", durability=durability, merge=durability == "log")
    with store(tmp_path / "again", mode="r") as client:
        assert all_of(client) == original


def test_an_export_that_fails_takes_away_what_it_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from thoth_storage.export import manifest

    made(tmp_path / "db")

    def fail(_manifest: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(manifest, "encode", fail)
    with pytest.raises(KeyboardInterrupt):
        export_store(tmp_path / "db", "memory://tests/failed")
    assert files_of(open_backend("memory://tests/failed")) == []


def test_somebody_who_writes_during_a_bulk_import(tmp_path: Path) -> None:
    """Neither is lost: theirs is the state, and what was imported is kept under a name."""
    made(tmp_path / "db")
    export_store(tmp_path / "db", tmp_path / "out")
    with store(tmp_path / "again") as other:
        written: list[object] = []

        def write(_progress: object) -> None:
            if not written:
                written.append(other.create_collection("theirs", embedding_function=None))

        with pytest.raises(ConflictError, match="kept"):
            import_store(tmp_path / "out", tmp_path / "again", progress=write)
        assert [each.name for each in other.list_collections()] == ["theirs"]
        import_store(tmp_path / "out", tmp_path / "again", durability="log")
    with store(tmp_path / "again", mode="r") as client:
        assert sorted(each.name for each in client.list_collections()) == ["notes", "theirs"]


@pytest.mark.parametrize("arguments", [{"merge": True}, {"out": "chroma+http://127.0.0.1:9", "overwrite": True}])
def test_what_makes_no_sense(tmp_path: Path, arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError):
        export_store(tmp_path / "db", **{"out": tmp_path / "out", **arguments})


@pytest.fixture
def slow_bucket() -> Iterator[GcsServer]:
    with GcsServer() as server:
        server.create_bucket("exports")
        yield server


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_during_an_export(tmp_path: Path, slow_bucket: GcsServer, number: int) -> None:
    """A process between its last part and the manifest: what is there is no export, and is replaced by one."""
    made(tmp_path / "db")
    slow_bucket.faults.add("slow", match="manifest.json", seconds=30.0)
    options = [f"--to-option={name}={value}" for name, value in slow_bucket.options().items()]
    process = subprocess.Popen(
        [*PROGRAM, "export", str(tmp_path / "db"), "gs://exports/one", *options],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    bucket = open_backend("gs://exports/one", **slow_bucket.options())
    wait_until(lambda: files_of(bucket) != [])
    said = stop(process, number)
    assert said.code == (143 if number == signal.SIGTERM else -9)
    left = files_of(bucket)
    assert left == ([] if number == signal.SIGTERM else ["collections/notes/part-00000.parquet"])
    if left:
        with pytest.raises(CorruptionError, match="interrupted"):
            import_store("gs://exports/one", tmp_path / "again", source_options=slow_bucket.options())
    slow_bucket.faults.clear()
    export_store(tmp_path / "db", "gs://exports/one", overwrite=True, out_options=slow_bucket.options())
    assert import_store("gs://exports/one", tmp_path / "again", source_options=slow_bucket.options()).rows == 6
