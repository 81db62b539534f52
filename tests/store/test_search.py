"""Search results, judged by computing every distance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.store.conftest import OpenStore
from tests.store.helpers import brute_force, random_vectors
from thoth_storage import LexicalEmbedder, VectorStore
from thoth_storage.errors import InvalidArgumentError

COUNT = 120
VECTORS = random_vectors(COUNT, 12, seed=1)
TEXTS = [f"document {'even' if number % 2 == 0 else 'odd'} {number}" for number in range(COUNT)]
ROWS: list[dict[str, Any]] = [
    {"number": n, "colour": ("red", "green", "blue")[n % 3], "weight": n / 8, "old": n < 60} for n in range(COUNT)
]


@pytest.fixture
def numbers(open_store: OpenStore) -> VectorStore:
    """A document for each of VECTORS, with the row's number as its id."""
    store = open_store()
    store.add_documents(TEXTS, metadatas=ROWS, ids=[str(n) for n in range(COUNT)], embeddings=VECTORS.tolist())
    return store


def check(found: dict[str, list[Any]], expected: list[tuple[int, float]]) -> None:
    assert list(found) == ["ids", "documents", "metadatas", "distances"]
    assert found["ids"] == [str(row) for row, _ in expected]
    assert found["distances"] == pytest.approx([distance for _, distance in expected], abs=2e-6)
    assert found["documents"] == [TEXTS[row] for row, _ in expected]
    assert found["metadatas"] == [ROWS[row] for row, _ in expected]


@pytest.mark.parametrize("n_results", [1, 5, 50, COUNT, COUNT + 1, 10_000])
def test_the_nearest_best_first(numbers: VectorStore, n_results: int) -> None:
    for query in random_vectors(5, 12, seed=2):
        found = numbers.search_similar(None, n_results, query_embedding=query.tolist())
        check(found, brute_force(VECTORS, query.tolist())[:n_results])


def test_five_unless_told_otherwise(numbers: VectorStore) -> None:
    assert len(numbers.search_similar(None, query_embedding=VECTORS[0].tolist())["ids"]) == 5


def test_by_text(open_store: OpenStore) -> None:
    store = open_store()
    texts = [
        f"{verb} {noun}" for verb in ("restore", "encrypt", "list", "lose") for noun in ("backups", "keys", "rows")
    ]
    store.add_documents(texts, ids=[str(n) for n in range(len(texts))])
    vectors = np.asarray(LexicalEmbedder()(texts), dtype=np.float64)
    for query in ("encrypted keys", "restoring of backups", "lost"):
        expected = brute_force(vectors, np.asarray(LexicalEmbedder()([query])[0]).tolist())[:3]
        found = store.search_similar(query, 3)
        assert found["distances"] == pytest.approx([distance for _, distance in expected], abs=2e-6)
        assert found["documents"] == [texts[row] for row, _ in expected]


FILTERS: list[tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]] = [
    ({"colour": "red"}, lambda row: row["colour"] == "red"),
    ({"number": 7}, lambda row: row["number"] == 7),
    ({"old": True}, lambda row: row["old"]),
    ({"number": {"$eq": 9}}, lambda row: row["number"] == 9),
    ({"colour": {"$ne": "red"}}, lambda row: row["colour"] != "red"),
    ({"number": {"$gt": 100}}, lambda row: row["number"] > 100),
    ({"number": {"$gte": 100}}, lambda row: row["number"] >= 100),
    ({"weight": {"$lt": 2.5}}, lambda row: row["weight"] < 2.5),
    ({"weight": {"$lte": 2.5}}, lambda row: row["weight"] <= 2.5),
    ({"colour": {"$in": ["red", "blue"]}}, lambda row: row["colour"] in {"red", "blue"}),
    ({"number": {"$nin": list(range(100))}}, lambda row: row["number"] >= 100),
    ({"$and": [{"colour": "green"}, {"old": False}]}, lambda row: row["colour"] == "green" and not row["old"]),
    ({"$or": [{"number": 3}, {"number": {"$gt": 117}}]}, lambda row: row["number"] == 3 or row["number"] > 117),
    (
        {"$and": [{"old": True}, {"$or": [{"colour": "red"}, {"weight": {"$gt": 7}}]}]},
        lambda row: row["old"] and (row["colour"] == "red" or row["weight"] > 7),
    ),
    ({"missing": "x"}, lambda row: False),
    ({}, lambda row: True),
]


@pytest.mark.parametrize(("where", "holds"), FILTERS, ids=[str(where) for where, _ in FILTERS])
def test_filters_on_metadata(
    numbers: VectorStore, where: dict[str, Any], holds: Callable[[dict[str, Any]], bool]
) -> None:
    among = [n for n in range(COUNT) if holds(ROWS[n])]
    query = random_vectors(1, 12, seed=3)[0]
    for n_results in (4, COUNT + 9):
        found = numbers.search_similar(None, n_results, where=where, query_embedding=query.tolist())
        check(found, brute_force(VECTORS, query.tolist(), among)[:n_results])
    assert sorted(map(int, numbers.get_documents(where=where)["ids"])) == among


@pytest.mark.parametrize(
    ("where_document", "holds"),
    [
        ({"$contains": "odd"}, lambda text: "odd" in text),
        ({"$not_contains": "odd"}, lambda text: "odd" not in text),
        ({"$regex": "odd 1?[37]$"}, lambda text: text.endswith(("odd 3", "odd 7", "odd 13", "odd 17"))),
        ({"$and": [{"$contains": "even"}, {"$contains": "4"}]}, lambda text: "even" in text and "4" in text),
        ({"$or": [{"$contains": "99"}, {"$contains": "11"}]}, lambda text: "99" in text or "11" in text),
    ],
)
def test_filters_on_documents(
    numbers: VectorStore, where_document: dict[str, Any], holds: Callable[[str], bool]
) -> None:
    query = random_vectors(1, 12, seed=4)[0].tolist()
    among = [n for n in range(COUNT) if holds(TEXTS[n])]
    found = numbers.search_similar(None, 6, where_document=where_document, query_embedding=query)
    check(found, brute_force(VECTORS, query, among)[:6])
    red = [n for n in among if ROWS[n]["colour"] == "red"]
    found = numbers.search_similar(None, 6, {"colour": "red"}, where_document, query)
    check(found, brute_force(VECTORS, query, red)[:6])


def test_what_changed_is_found_as_it_is(numbers: VectorStore) -> None:
    query = VECTORS[17]
    numbers.delete_documents(ids=["17"])
    numbers.add_documents(["moved here"], ids=["3"], embeddings=[query.tolist()])
    found = numbers.search_similar(None, 2, query_embedding=query.tolist())
    assert found["ids"][0] == "3"
    assert found["documents"][0] == "moved here"
    assert found["distances"][0] == pytest.approx(0, abs=2e-6)
    assert found["ids"][1] == str(next(row for row, _ in brute_force(VECTORS, query.tolist()) if row not in {3, 17}))


def test_an_empty_store_finds_nothing(store: VectorStore) -> None:
    empty: dict[str, list[Any]] = {"ids": [], "documents": [], "metadatas": [], "distances": []}
    assert store.search_similar("anything") == empty
    store.add_documents(["x"], ids=["1"])
    store.delete_documents(ids=["1"])
    assert store.search_similar("anything") == empty


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"query": None}, "needs a text or a query_embedding"),
        ({"query": 5}, "needs a text or a query_embedding, not int"),
        ({"query": ["text"]}, "needs a text or a query_embedding, not list"),
        ({"query": "x", "n_results": 0}, "n_results is 0"),
        ({"query": "x", "n_results": -1}, "n_results is -1"),
        ({"query": None, "query_embedding": [1.0, 2.0]}, "dimension of 12, got 2"),
        ({"query": None, "query_embedding": [float("nan")] * 12}, "no finite number"),
        ({"query": None, "query_embedding": [[1.0] * 12]}, "shape"),
        ({"query": None, "query_embedding": "x"}, "no embeddings"),
        ({"query": "x", "where": ["colour"]}, "a filter is a mapping"),
        ({"query": "x", "where_document": "odd"}, "a filter is a mapping"),
        ({"query": "x", "where_document": {"$like": "odd"}}, "Chroma"),
        ({"query": None, "query_embedding": [1.0] * 12, "where": {"a": 1, "b": 2}}, "exactly one operator"),
    ],
)
def test_a_search_that_is_refused(numbers: VectorStore, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidArgumentError, match=told):
        numbers.search_similar(**arguments)
