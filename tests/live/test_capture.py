"""Checkpoints of a store that is written to as fast as it goes: each restores to just what was acknowledged."""

from __future__ import annotations

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
from thoth_storage.store import capturing
from thoth_storage.store.capture import Staging


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
    ("way", "checkpoints", "pause"),
    [
        ("staging", 6, 0.0),
        ("in place", 6, 0.0),
        # Chroma's writers hold Python's lock; some air between their calls, or each checkpoint takes five seconds.
        pytest.param("staging", 15, 0.05, marks=pytest.mark.exhaustive),
    ],
)
def test_every_checkpoint_is_what_was_acknowledged(
    way: str, checkpoints: int, pause: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
            Writer(client, "large-one", 1, 60, keeps=2500, pause=pause),
            Writer(client, "large-two", 2, 25, keeps=2500, pause=pause),
            Writer(client, "small", 3, 3, keeps=200, pause=pause),
        ]
        reader = _Reader(client)
        with writing(writers, [_come_and_go(client), reader.ask]) as errors:
            for _ in range(checkpoints):
                time.sleep(0.1)
                least = [writer.done for writer in writers]
                snapshot = client.checkpoint()
                taken.append((snapshot.id, least, [writer.begun for writer in writers]))
                assert not errors
        assert reader.asked > checkpoints
    repository = Repository.open(url)
    reached = []
    for number, (snapshot_id, least, most) in enumerate(taken):
        folder = tmp_path / f"restored-{number}"
        repository.restore(snapshot_id, folder)
        if way == "staging":
            assert {each.name for each in folder.iterdir() if each.is_dir()} <= _segments(folder)
        restored = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
        try:
            reached.append([check(restored, *each, folder) for each in zip(writers, least, most, strict=True)])
        finally:
            restored.close()  # type: ignore[attr-defined]
    assert reached[-1] > reached[0], "nothing was written between the first checkpoint and the last"


def _segments(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / "chroma.sqlite3")) as database:
        return {row[0] for row in database.execute("SELECT id FROM segments")}


def test_readers_do_not_wait_for_a_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writers' lock is held for as long as a test likes; who reads gets answers, who writes waits."""
    with PersistentClient("memory://tests/capture-readers", cache_dir=tmp_path, cache_limit=0) as client:
        collection: Any = client.create_collection("notes")
        collection.add(ids=["1"], embeddings=[[1.0, 0.0]])
        held, go_on = threading.Event(), threading.Event()
        segments = Staging._segments

        def slow(self: Staging) -> set[str]:
            held.set()
            assert go_on.wait(20)
            return segments(self)

        monkeypatch.setattr(Staging, "_segments", slow)
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
