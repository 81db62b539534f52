"""Neighbouring operations done as one call of Chroma have the effect that each by itself has: the same rows, and the
same of them refused."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from tests.effort import NIGHT
from tests.shared.shop import contents, new_url
from tests.store.helpers import bare_chroma
from thoth_storage.log import Entry, Log
from thoth_storage.memory import MemoryBackend
from thoth_storage.store.applying import Applier
from thoth_storage.store.aside import _Aside
from thoth_storage.store.coalescing import coalesce
from thoth_storage.store.handles import Handles
from thoth_storage.store.operations import Deletion, Operation, Rows, Told, encode, pack, tell
from thoth_storage.store.replica import Replica

IDS = st.lists(st.sampled_from("abcdef"), max_size=3)
METADATA = st.none() | st.dictionaries(st.sampled_from("nm"), st.integers(0, 3), min_size=1)
numbers = count()


@st.composite
def rows(draw: st.DrawFn) -> Rows:
    """Mostly as Chroma takes them, now and then with another number of something, or of another width."""
    ids = draw(IDS)
    width = draw(st.sampled_from([2, 2, 2, 3]))
    vector = st.lists(st.integers(0, 3), min_size=width, max_size=width).map(
        lambda row: struct.pack(f"<{width}f", *row)
    )

    def column(kind: Any) -> Any:
        size = max(len(ids) + draw(st.sampled_from([0] * 12 + [-1, 1])), 0)
        return draw(st.lists(kind, min_size=size, max_size=size))

    metadatas = column(METADATA) if draw(st.booleans()) else None
    documents = column(st.none() | st.sampled_from(["x", "yy"])) if draw(st.booleans()) else None
    return Rows(ids, column(vector), metadatas, documents, None)


WRITES = st.tuples(st.sampled_from(["add", "upsert", "update"]), rows())
CALLS = st.tuples(
    st.sampled_from(["one", "other"]),
    WRITES | st.tuples(st.just("delete"), IDS.map(lambda ids: Deletion(ids, None, None, None))),
)


class Counting(_Aside):
    """Counts what was done."""

    rows = 0

    def wrote(self, rows: int, size: int) -> None:
        self.rows += rows


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder: Path = tmp_path_factory.mktemp("chroma")
    with bare_chroma(folder) as client:
        yield client


@given(calls=st.lists(CALLS, max_size=8), most=st.sampled_from([3, 500]))
@settings(max_examples=60 if NIGHT else 20, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_same_together_and_each_by_itself(client: Any, calls: list[Any], most: int) -> None:
    found = []
    for is_together in (False, True):
        database = f"database-{next(numbers)}"
        client._server.create_database(database)
        for name in ("one", "other"):
            client._server.create_collection(name, tenant="default_tenant", database=database)
        entries = [
            Entry(
                number,
                b"",
                "",
                datetime.now(UTC),
                encode([Operation(kind, "default_tenant", database, name, pack(told))]),
                0,
            )
            for number, (name, (kind, told)) in enumerate(calls, 1)
        ]
        ground = Counting()
        replica = Replica(Log(MemoryBackend(new_url()), ""), 0, ground, Applier(client._server, Handles()))
        if is_together:
            replica.take(entries, most)
        else:
            for each in entries:
                replica.take([each], most)
        client.set_database(database)
        found.append((contents(client), ground.rows))
        client.set_database("default_database")
    assert found[0] == found[1]


def told(name: str, kind: str, *ids: str) -> Told:
    columns = Rows(list(ids), [b"\0\0\0\0" for _ in ids], None, None, None)
    return tell(Operation(kind, "t", "d", name, pack(columns)))


def test_what_is_put_together() -> None:
    """The next call begins where an id comes again, with another verb or collection, and where it is full."""
    operations = [
        *(told("one", "add", "a"), told("one", "add", "b", "c"), told("one", "add", "a")),
        *(told("one", "upsert", "d"), told("other", "upsert", "e"), told("other", "upsert", "f", "g", "h")),
        told("other", "upsert", "i"),
    ]
    found = list(coalesce(operations, 3))
    assert [[each.arguments.ids for each in one.all] for one in found] == [  # type: ignore[union-attr]
        *([["a"], ["b", "c"]], [["a"]], [["d"]], [["e"]], [["f", "g", "h"]], [["i"]]),
    ]
    assert found[0].rows == Rows(["a", "b", "c"], [b"\0\0\0\0"] * 3, None, None, None)
    assert [each for one in found for each in one.all] == operations


def test_what_is_uneven_stays_alone() -> None:
    """Two that lack what the other has too much of would be whole together, and Chroma refuses both."""
    vector = b"\0\0\0\0"
    columns = [Rows(["a"], [vector, vector], None, None, None), Rows(["b"], [], None, None, None)]
    operations = [tell(Operation("add", "t", "d", "one", pack(each))) for each in columns]
    assert [one.all for one in coalesce(operations, 100)] == [[operations[0]], [operations[1]]]
    assert [one.all for one in coalesce(operations[::-1], 100)] == [[operations[1]], [operations[0]]]
