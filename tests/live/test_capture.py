"""Checkpoints of a store that is written to as fast as it goes: each restores to just what was acknowledged."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import chromadb
import pytest
from chromadb.config import Settings

from tests.live.writing import DIMENSIONS, Writer, check, writing
from thoth_storage import PersistentClient, Repository
from thoth_storage.store import capture, capturing
from thoth_storage.store.captured import deleted

_FREEZE = 5.0
"""Seconds. A read waits for each write of others that holds Python's lock, and never for a checkpoint."""


class _Reader:
    """Asks one question after the other, and remembers the longest that it waited."""

    def __init__(self, client: Any) -> None:
        self._collection = client.create_collection("read-only")
        self._collection.add(ids=["there"], embeddings=[[1.0] * DIMENSIONS])
        self.longest = 0.0
        self.asked = 0

    def ask(self) -> None:
        began = time.perf_counter()
        assert self._collection.query(query_embeddings=[[1.0] * DIMENSIONS], n_results=1)["ids"] == [["there"]]
        self.longest = max(self.longest, time.perf_counter() - began)
        self.asked += 1


def _come_and_go(client: Any) -> Callable[[], None]:
    """A collection that is made, filled and deleted again and again, and leaves its folder each time."""

    def step() -> None:
        collection = client.create_collection(
            "comes-and-goes", metadata={"hnsw:sync_threshold": 50, "hnsw:batch_size": 20}
        )
        collection.add(
            ids=[str(number) for number in range(60)], embeddings=[[float(number)] * 4 for number in range(60)]
        )
        client.delete_collection("comes-and-goes")
        time.sleep(0.5)

    return step


@pytest.mark.parametrize(
    ("way", "checkpoints"),
    [
        ("staging", 6),
        ("in place", 6),
        pytest.param("staging", 50, marks=pytest.mark.soak),
        pytest.param("in place", 20, marks=pytest.mark.soak),
    ],
)
def test_every_checkpoint_is_what_was_acknowledged(
    way: str,
    checkpoints: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    if way == "in place":
        monkeypatch.setattr(capturing, "fits", lambda *_: False)
    url = str(tmp_path / "store")
    taken = []
    with PersistentClient(url, cache_dir=tmp_path / "cache", cache_limit=0) as client:
        gone: Any = client.create_collection("deleted-for-good")
        gone.add(
            ids=[str(number) for number in range(1100)], embeddings=[[float(number)] * 4 for number in range(1100)]
        )
        client.delete_collection("deleted-for-good")
        writers = [
            Writer(client, "large-one", 1, 60, keeps=2500, threshold=200),
            Writer(client, "large-two", 2, 25, keeps=2500),
            Writer(client, "small", 3, 3, keeps=200, most=300),
        ]
        reader = _Reader(client)
        longest = 0.0
        with writing(writers, [_come_and_go(client), reader.ask]) as errors:
            for _ in range(checkpoints):
                time.sleep(0.1)
                least, asked, began = [writer.done for writer in writers], reader.asked, time.perf_counter()
                snapshot = client.checkpoint()
                longest = max(longest, time.perf_counter() - began)
                taken.append((snapshot.id, least, [writer.begun for writer in writers]))
                assert reader.asked > asked, "nothing was read while a checkpoint was taken"
                assert not errors
        record_property("longest read, seconds", reader.longest)
        record_property("longest checkpoint, seconds", longest)
        assert reader.longest < _FREEZE
    repository = Repository.open(url)
    reached = []
    for number, (snapshot_id, least, most) in enumerate(taken):
        folder = tmp_path / f"restored-{number}"
        repository.restore(snapshot_id, folder)
        assert {each.name for each in folder.iterdir() if each.is_dir()} <= _segments(folder)
        # Chroma writes this one at the threshold.
        indexed = {each.parent.name for each in folder.glob("*/index_metadata.pickle")}
        assert not indexed & _segments(folder, "small"), "the small collection came over the threshold"
        restored = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
        try:
            reached.append([check(restored, *each, folder) for each in zip(writers, least, most, strict=True)])
        finally:
            restored.close()  # type: ignore[attr-defined]
        assert number + 1 < checkpoints or indexed & _segments(folder, "large-one"), "none came over the threshold"
        shutil.rmtree(folder)
    assert reached[-1] > reached[0], "nothing was written between the first checkpoint and the last"


def _segments(folder: Path, collection: str = "%") -> set[str]:
    query = "SELECT s.id FROM segments AS s JOIN collections AS c ON s.collection = c.id WHERE c.name LIKE ?"
    with closing(sqlite3.connect(folder / "chroma.sqlite3")) as database:
        return {row[0] for row in database.execute(query, [collection])}


def test_readers_do_not_wait_for_a_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writers' lock is held for as long as a test likes; who reads gets answers, who writes waits."""
    with PersistentClient("memory://tests/capture-readers", cache_dir=tmp_path, cache_limit=0) as client:
        collection: Any = client.create_collection("notes")
        collection.add(ids=["1"], embeddings=[[1.0, 0.0]])
        held, go_on = threading.Event(), threading.Event()
        asked: list[Path] = []

        def slow(root: Path, database: Path) -> set[str]:
            asked.append(database)
            if len(asked) == 2:  # the first time, nobody is held back
                held.set()
                assert go_on.wait(20)
            return deleted(root, database)

        monkeypatch.setattr(capture, "deleted", slow)
        thread = threading.Thread(target=client.checkpoint)
        writer = threading.Thread(target=collection.add, kwargs={"ids": ["2"], "embeddings": [[0.0, 1.0]]})
        thread.start()
        assert held.wait(20)
        writer.start()
        assert collection.query(query_embeddings=[[1.0, 0.0]], n_results=5)["ids"] == [["1"]]
        assert collection.count() == 1
        assert writer.is_alive()
        go_on.set()
        thread.join()
        writer.join()
        assert collection.count() == 2
        assert client.status().pending == 1
