"""An update of a row that is not there, and then its ``add``: the vector is the one that was added, whenever it is
read."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import chromadb
import pytest

from thoth_storage import PersistentClient
from thoth_storage.store.quiet import quiet_settings

ADDED, UPDATED = [5.0, 5.0, 5.0], [9.0, 9.0, 9.0]
STEPS: dict[str, Callable[[Any], object]] = {
    "update": lambda rows: rows.update(ids=["row"], embeddings=[UPDATED]),
    "other": lambda rows: rows.upsert(ids=["other"], embeddings=[[1.0, 1.0, 1.0]]),
    "delete": lambda rows: rows.delete(ids=["row"]),
    "count": lambda rows: rows.count(),
    "delete others": lambda rows: rows.delete(ids=["other", "nobody"]),
    "add": lambda rows: rows.add(ids=["row"], embeddings=[ADDED]),
}
BEFORE = ("update", "other", "delete", "count")
ORDERS = [order for length in (1, 2, 3) for order in itertools.product(BEFORE, repeat=length) if "update" in order]


def vectors(rows: Any) -> list[list[float]]:
    """What is read of the row, and read again after each of two other writes."""
    found = []
    for _ in range(3):
        found += rows.get(ids=["row"], include=["embeddings"])["embeddings"].tolist()
        STEPS["other"](rows)
    return found


def do(rows: Any, order: tuple[str, ...]) -> None:
    for step in (*order, "add"):
        STEPS[step](rows)


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Any]:
    client: Any = chromadb.PersistentClient(str(tmp_path / "bare"), quiet_settings())
    yield client
    client.close()


def test_chroma_itself_gives_the_row_the_vector_of_the_update(bare: Any) -> None:
    """When this fails, ``index_reads`` can go."""
    rows = bare.create_collection("rows", embedding_function=None)
    do(rows, ("update",))
    assert vectors(rows) == [ADDED, UPDATED, UPDATED]


@pytest.mark.parametrize("durability", ["log", "checkpoint"])
def test_the_row_has_the_vector_that_was_added(durability: Any, tmp_path: Path) -> None:
    with PersistentClient(f"file://{tmp_path}/store", cache_dir=tmp_path / "cache", durability=durability) as client:
        for number, order in enumerate(ORDERS):
            rows: Any = client.create_collection(f"rows-{number}", embedding_function=None)
            do(rows, order)
            assert vectors(rows) == [ADDED] * 3, order


@pytest.mark.parametrize("cache_limit", [0, 10**9], ids=["cold", "warm"])
@pytest.mark.parametrize("durability", ["log", "checkpoint"])
@pytest.mark.parametrize(
    "later", [("add",), ("update", "add"), ("add", "other"), ("add", "delete others"), ("add", "add")]
)
def test_what_an_earlier_process_left_is_done_once(
    durability: Any, cache_limit: int, later: tuple[str, ...], tmp_path: Path
) -> None:
    """All but the first step is for a second process, which does not read first either."""

    def opened() -> Any:
        place = f"file://{tmp_path}/store"
        return PersistentClient(place, cache_dir=tmp_path / "cache", cache_limit=cache_limit, durability=durability)

    steps = ["update", *later]
    with opened() as client:
        rows = client.create_collection("rows", embedding_function=None)
        while steps[0] != "add":
            STEPS[steps.pop(0)](rows)
        if len(steps) > 1:
            STEPS[steps.pop(0)](rows)
        client.checkpoint()
    with opened() as client:
        rows = client.get_collection("rows", embedding_function=None)
        for step in steps:
            STEPS[step](rows)
        assert vectors(rows) == [ADDED] * 3


def test_a_state_that_is_put_in_place_is_read_anew(tmp_path: Path) -> None:
    with PersistentClient(f"file://{tmp_path}/store", cache_dir=tmp_path / "cache", durability="checkpoint") as client:
        rows: Any = client.create_collection("rows", embedding_function=None)
        STEPS["update"](rows)
        snapshot = client.checkpoint()
        STEPS["add"](rows)
        client.restore(snapshot.id)
        STEPS["add"](rows)
        assert vectors(rows) == [ADDED] * 3


def test_a_reader_who_takes_entry_by_entry_has_what_one_has_who_takes_all(tmp_path: Path) -> None:
    url = f"file://{tmp_path}/store"
    with PersistentClient(url, cache_dir=tmp_path / "one") as writer:
        rows: Any = writer.create_collection("rows", embedding_function=None)
        with PersistentClient(url, cache_dir=tmp_path / "two", mode="r", refresh=0) as reader:
            seen: Any = reader.get_collection("rows", embedding_function=None)
            do(rows, ("update", "other"))
            assert seen.get(ids=["row"], include=["embeddings"])["embeddings"].tolist() == [ADDED]
            STEPS["other"](rows)
            assert seen.get(ids=["row"], include=["embeddings"])["embeddings"].tolist() == [ADDED]
    with PersistentClient(url, cache_dir=tmp_path / "three", mode="r", refresh=0) as late:
        assert vectors_of(late) == [ADDED]


def vectors_of(client: Any) -> Any:
    rows = client.get_collection("rows", embedding_function=None)
    rows.count()
    return rows.get(ids=["row"], include=["embeddings"])["embeddings"].tolist()
