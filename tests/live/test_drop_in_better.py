"""Where chromadb fails or breaks its store, ours is better: large calls, and numbers that are none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from chromadb.errors import ChromaError

from tests.live.drop_in import Letters, Pair, filled
from thoth_storage.errors import InvalidArgumentError

MANY = 40_000
WRITES: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda rows, vectors: rows.add(ids=["new", "newer"], embeddings=vectors),
    "upsert": lambda rows, vectors: rows.upsert(ids=["id1", "newer"], embeddings=vectors),
    "update": lambda rows, vectors: rows.update(ids=["id1", "id2"], embeddings=vectors),
    "query": lambda rows, vectors: rows.query(query_embeddings=vectors),
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with Pair.opened(tmp_path_factory.mktemp("better")) as pair:
        yield pair


@pytest.fixture(scope="module")
def many(pair: Pair) -> Any:
    """A collection of ours with so many rows, added in one call: row n has the vector (n, -n)."""
    assert pair.ours.get_max_batch_size() < MANY
    collection = pair.ours.create_collection("many", embedding_function=Letters(1.0))
    numbers = np.arange(MANY, dtype=np.float32)
    collection.add(
        ids=[f"id{number}" for number in range(MANY)],
        embeddings=np.stack([numbers, -numbers], axis=1),
        metadatas=[{"number": number, "even": number % 2 == 0} for number in range(MANY)],
    )
    return collection


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("what", WRITES)
def test_what_is_no_finite_number_is_refused_and_nothing_changes(pair: Pair, what: str, number: float) -> None:
    rows = filled(pair.ours)
    before = rows.get(include=["embeddings", "documents"])
    for vectors in ([[1.0, 2.0, 3.0], [1.0, number, 3.0]], np.array([[1, 2, 3], [1, number, 3]], dtype=np.float32)):
        with pytest.raises(InvalidArgumentError, match="embedding 1"):
            WRITES[what](rows, vectors)
    after = rows.get(include=["embeddings", "documents"])
    assert after["ids"] == before["ids"]
    assert np.array_equal(after["embeddings"], before["embeddings"])


def test_more_rows_than_a_batch_are_added_in_one_call(many: Any) -> None:
    assert many.count() == MANY
    found = many.query(query_embeddings=[[30_000.2, -30_000]], n_results=1)
    assert found["ids"] == [["id30000"]]


def test_chroma_itself_refuses_that(pair: Pair) -> None:
    rows = filled(pair.theirs)
    with pytest.raises((ValueError, ChromaError), match="batch"):
        rows.add(ids=[f"id{number}" for number in range(MANY)], embeddings=[[1.0, 2.0, 3.0]] * MANY)


def test_all_rows_are_read_in_one_call(many: Any) -> None:
    found = many.get(include=["metadatas", "embeddings"])
    assert found["ids"] == [f"id{number}" for number in range(MANY)]
    assert [each["number"] for each in found["metadatas"]] == list(range(MANY))
    assert [row[0] for row in found["embeddings"]] == list(range(MANY))


@pytest.mark.parametrize(("limit", "offset"), [(36_000, 3_000), (None, 2_000), (35_000, 7_000), (50_000, 0)])
def test_a_page_that_is_larger_than_chroma_reads(many: Any, limit: int | None, offset: int) -> None:
    found = many.get(limit=limit, offset=offset)
    last = MANY if limit is None else min(MANY, offset + limit)
    assert found["ids"] == [f"id{number}" for number in range(offset, last)]
    assert found["metadatas"][-1]["number"] == last - 1


def test_rows_are_read_by_as_many_ids(many: Any) -> None:
    wanted = [f"id{number}" for number in reversed(range(MANY))]
    found = many.get(ids=[*wanted, "absent"])
    assert sorted(found["ids"]) == sorted(wanted)
    assert all(found["ids"][row] == f"id{each['number']}" for row, each in enumerate(found["metadatas"]))


SPOILT: dict[str, tuple[dict[str, Any], type[Exception]]] = {
    "a dimension": ({"embeddings": [1.0, 2.0]}, ChromaError),
    "an id": ({"ids": ""}, ChromaError),
    "an id that is no text": ({"ids": "\ud800"}, UnicodeEncodeError),
    "a document": ({"documents": "\ud800"}, UnicodeEncodeError),
    "a metadata": ({"metadatas": {"n": "\ud800"}}, TypeError),
    "a key of the metadata": ({"metadatas": {"#n": 1}}, ChromaError),
}


@pytest.mark.parametrize("verb", ["add", "upsert", "update"])
@pytest.mark.parametrize("what", SPOILT)
def test_a_large_write_is_refused_as_a_whole(pair: Pair, verb: str, what: str) -> None:
    """One of the last rows is spoilt: none of the first is stored."""
    spoilt, kind = SPOILT[what]
    columns: dict[str, list[Any]] = {
        "ids": [f"id{number}" for number in range(1_600)],
        "embeddings": [[1.0, 2.0, 3.0]] * 1_600,
        "documents": ["text"] * 1_600,
        "metadatas": [{"n": 7}] * 1_600,
    }
    for name, value in spoilt.items():
        columns[name][1_599] = value
    before = pair.same(lambda client: filled(client).get())
    with pytest.raises(kind) as theirs:
        getattr(filled(pair.theirs), verb)(**columns)
    with pytest.raises(theirs.type):
        getattr(filled(pair.ours), verb)(**columns)
    assert pair.same(lambda client: filled(client).get()) == before


def test_large_calls_that_chroma_takes_give_the_same(pair: Pair) -> None:
    ids = [f"id{number}" for number in range(1_200)]
    vectors = [[float(number), 1.0, 2.0] for number in range(1_200)]
    programs: list[Callable[[Any], Any]] = [
        lambda rows: rows.add(ids=ids, embeddings=vectors, documents=ids),
        lambda rows: rows.upsert(ids=ids, embeddings=vectors, metadatas=[{"n": n} for n in range(1_200)]),
        lambda rows: rows.update(ids=ids, documents=[each.upper() for each in ids]),
        lambda rows: rows.get(include=["documents", "metadatas", "embeddings"]),
        lambda rows: rows.delete(ids=ids[:1_100], where={"n": {"$gte": 700}}),
        lambda rows: rows.delete(ids=ids[:900]),
        lambda rows: rows.get(),
    ]

    def run(client: Any) -> Any:
        return [program(filled(client, "large")) for program in programs]

    pair.same(run)


def test_a_delete_in_slices_counts_what_it_deleted(many: Any) -> None:
    doomed = [f"id{number}" for number in range(0, MANY, 3)]
    many.delete(ids=doomed)
    assert many.count() == MANY - len(doomed)
    assert many.get(ids=doomed)["ids"] == []
