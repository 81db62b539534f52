"""A Collection finds what chromadb's own finds: filters, includes, pages, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.live.drop_in import Pair, filled

WHERE: dict[str, Any] = {
    "equal": {"s": "a"},
    "$eq": {"s": {"$eq": "苹果"}},
    "$eq of a flag": {"even": {"$eq": True}},
    "$eq of a float": {"x": 0.5},
    "$eq of an integer": {"n": 2**53},
    "$ne": {"s": {"$ne": "a"}},
    "$ne of what few have": {"x": {"$ne": 0.5}},
    "$gt": {"n": {"$gt": 2}},
    "$gte": {"x": {"$gte": 0.5}},
    "$lt": {"x": {"$lt": 0}},
    "$lte": {"n": {"$lte": 1}},
    "$in": {"s": {"$in": ["a", "b"]}},
    "$in of numbers": {"n": {"$in": [0, 4]}},
    "$nin": {"s": {"$nin": ["a", "b"]}},
    "$and": {"$and": [{"n": {"$gt": 0}}, {"even": True}]},
    "$or": {"$or": [{"s": "b"}, {"n": 3}]},
    "nested": {"$or": [{"$and": [{"n": {"$gte": 1}}, {"n": {"$lt": 3}}]}, {"s": {"$in": [""]}}]},
    "nothing has it": {"absent": 1},
}
WHERE_DOCUMENT: dict[str, Any] = {
    "$contains": {"$contains": "apple"},
    "$contains another script": {"$contains": "苹果 🍎"},
    "$contains what LIKE would read": {"$contains": "%_"},
    "$not_contains": {"$not_contains": "apple"},
    "$regex": {"$regex": "^[rR]ed"},
    "$not_regex": {"$not_regex": "apple$"},
    "$and": {"$and": [{"$contains": "red"}, {"$contains": "apple"}]},
    "$or": {"$or": [{"$contains": "pear"}, {"$contains": "break"}]},
    "case": {"$contains": "RED"},
}
GETS: dict[str, dict[str, Any]] = {
    "all": {},
    "ids": {"ids": ["id3", "id1", "absent"]},
    "one id": {"ids": "id2"},
    "limit": {"limit": 2},
    "offset": {"offset": 4},
    "page": {"limit": 2, "offset": 3},
    "none": {"limit": 0},
    "beyond": {"offset": 99},
    "page of some": {"where": {"even": True}, "limit": 1, "offset": 1},
    "ids where": {"ids": ["id0", "id1"], "where": {"even": True}},
    "ids only": {"include": []},
    "embeddings": {"include": ["embeddings"]},
    "uris": {"include": ["uris", "documents"]},
    "both filters": {"where": {"n": {"$gt": 0}}, "where_document": {"$contains": "apple"}},
}
QUERIES: dict[str, dict[str, Any]] = {
    "one": {"query_embeddings": [[1.1, 1.0, 0.4]], "n_results": 3},
    "not in a list": {"query_embeddings": [1.1, 1.0, 0.4]},
    "an array": {"query_embeddings": np.array([[1.1, 1, 0.5], [5.1, 1, 2]]), "n_results": 2},
    "two questions": {"query_embeddings": [[1.1, 1.0, 0.4]], "query_texts": ["abba"]},
    "text": {"query_texts": ["abba", "cc"]},
    "more than there are": {"query_embeddings": [[0, 0, 0]], "n_results": 99},
    "ids": {"query_embeddings": [[1.1, 1.0, 0.4]], "ids": ["id5", "id4"]},
    "where": {"query_embeddings": [[1.1, 1.0, 0.4]], "where": {"even": True}},
    "documents": {"query_embeddings": [[1.1, 1.0, 0.4]], "where_document": {"$contains": "apple"}},
    "found nowhere": {"query_embeddings": [[1.1, 1.0, 0.4]], "where": {"absent": 1}},
    "ids only": {"query_embeddings": [[1.1, 1.0, 0.4]], "include": []},
    "everything": {
        "query_embeddings": [[1.1, 1.0, 0.4]],
        "include": ["documents", "metadatas", "embeddings", "distances", "uris"],
    },
}
Read = Callable[[Any], Any]
REFUSED: dict[str, Read] = {
    "no ids": lambda rows: rows.get(ids=[]),
    "an unknown operator": lambda rows: rows.get(where={"n": {"$like": 1}}),
    "an operator without a list": lambda rows: rows.get(where={"n": {"$in": 1}}),
    "an empty list": lambda rows: rows.get(where={"n": {"$in": []}}),
    "kinds in one list": lambda rows: rows.get(where={"n": {"$in": [1, "a"]}}),
    "two fields": lambda rows: rows.get(where={"n": 1, "s": "a"}),
    "a single part": lambda rows: rows.get(where={"$and": [{"n": 1}]}),
    "a comparison of text": lambda rows: rows.get(where={"s": {"$gt": "a"}}),
    "an unknown document operator": lambda rows: rows.get(where_document={"$like": "a"}),
    "an empty document filter": lambda rows: rows.get(where_document={"$contains": ""}),
    "a broken pattern": lambda rows: rows.get(where_document={"$regex": "("}),
    "an unknown include": lambda rows: rows.get(include=["colours"]),
    "distances in a get": lambda rows: rows.get(include=["distances"]),
    "data without a loader": lambda rows: rows.get(include=["data"]),
    "a negative limit": lambda rows: rows.get(limit=-1),
    "a negative offset": lambda rows: rows.get(offset=-1),
    "text as limit": lambda rows: rows.get(limit="a"),
    "a number as id": lambda rows: rows.get(ids=[1]),
    "an id twice": lambda rows: rows.get(ids=["id1", "id1"]),
    "a wrong dimension": lambda rows: rows.query(query_embeddings=[[1.0]]),
    "no question": lambda rows: rows.query(),
    "an empty question": lambda rows: rows.query(query_embeddings=[]),
    "no results wanted": lambda rows: rows.query(query_embeddings=[[1.0, 1.0, 1.0]], n_results=0),
    "negative results": lambda rows: rows.query(query_embeddings=[[1.0, 1.0, 1.0]], n_results=-1),
    "an image without a loader": lambda rows: rows.query(query_uris=["file:///1"]),
    "a negative peek": lambda rows: rows.peek(-1),
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """One for all tests, which only read; reopened, so that ours came from the URL."""
    with Pair.opened(tmp_path_factory.mktemp("reads")) as pair:
        pair.same(filled)
        pair.reopen()
        yield pair


@pytest.mark.parametrize("what", WHERE)
def test_a_filter_on_metadata(pair: Pair, what: str) -> None:
    found = pair.same(lambda client: filled(client).get(where=WHERE[what]))
    assert 0 < len(found["ids"][1:]) < 6 or what == "nothing has it"
    pair.same(lambda client: filled(client).query(query_embeddings=[[1.1, 2.0, 3.0]], where=WHERE[what]))


@pytest.mark.parametrize("what", WHERE_DOCUMENT)
def test_a_filter_on_documents(pair: Pair, what: str) -> None:
    found = pair.same(lambda client: filled(client).get(where_document=WHERE_DOCUMENT[what]))
    assert 0 < len(found["ids"][1:]) < 6 or what == "case"
    pair.same(
        lambda client: filled(client).query(query_embeddings=[[1.1, 2.0, 3.0]], where_document=WHERE_DOCUMENT[what])
    )


@pytest.mark.parametrize("what", GETS)
def test_a_get(pair: Pair, what: str) -> None:
    pair.same(lambda client: filled(client).get(**GETS[what]))


@pytest.mark.parametrize("what", QUERIES)
def test_a_query(pair: Pair, what: str) -> None:
    pair.same(lambda client: filled(client).query(**QUERIES[what]))


@pytest.mark.parametrize("number", [0, 1, 6, 99])
def test_a_peek(pair: Pair, number: int) -> None:
    pair.same(lambda client: filled(client).peek(number))


@pytest.mark.parametrize("what", REFUSED)
def test_the_same_is_refused_with_the_same_words(pair: Pair, what: str) -> None:
    pair.same_refusal(lambda client: REFUSED[what](filled(client)))


def test_an_empty_collection(pair: Pair) -> None:
    def read(client: Any) -> Any:
        empty = client.get_or_create_collection("empty", embedding_function=None)
        return empty.get(), empty.peek(), empty.count(), empty.query(query_embeddings=[[1.0]])

    pair.same(read)
