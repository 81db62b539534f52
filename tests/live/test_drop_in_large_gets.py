"""Reads of many ids together with a filter: what Chroma gives, in its order, in a time that the rows are worth."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from tests.live.drop_in import Pair

ROWS = 1_000
SHUFFLED = Random(1).sample([f"id{number}" for number in range(ROWS)], ROWS)
MANY = 40_000


def fill(client: Any, name: str, count: int) -> Any:
    rows = client.create_collection(name, embedding_function=None)
    for start in range(0, count, 5_000):
        numbers = range(start, min(count, start + 5_000))
        rows.add(
            ids=[f"id{number}" for number in numbers],
            embeddings=[[float(number), 1.0] for number in numbers],
            documents=[f"page {number}" for number in numbers],
            metadatas=[{"n": number, "even": number % 2 == 0} for number in numbers],
        )
    return rows


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with Pair.opened(tmp_path_factory.mktemp("large")) as pair:
        for client in (pair.theirs, pair.ours):
            rows = fill(client, "rows", ROWS)
            # Rows in an order that is neither that of their ids nor that of their numbers.
            rows.delete(ids=SHUFFLED[:500])
            rows.add(ids=SHUFFLED[:500], embeddings=[[1.0, 2.0]] * 500, documents=["page 7"] * 500)
            rows.update(ids=SHUFFLED[400:600], metadatas=[{"even": True}] * 200)
        yield pair


@pytest.fixture(scope="module")
def many(pair: Pair) -> Any:
    return fill(pair.ours, "many", MANY)


FILTERS: dict[str, dict[str, Any]] = {
    "where": {"where": {"even": True}},
    "where_document": {"where_document": {"$contains": "7"}},
    "both": {"where": {"n": {"$gte": 100}}, "where_document": {"$not_contains": "7"}},
    "nothing is found": {"where": {"n": -1}},
}
PAGES: list[dict[str, int]] = [
    {},
    {"limit": 5},
    {"offset": 20},
    {"limit": 30, "offset": 25},
    {"limit": 9, "offset": 9_999},
]


@pytest.mark.parametrize("include", [["metadatas", "documents"], ["embeddings", "uris"], []], ids=str)
@pytest.mark.parametrize("page", PAGES, ids=str)
@pytest.mark.parametrize("chosen", FILTERS)
def test_many_ids_with_a_filter_give_what_chroma_gives(
    pair: Pair, chosen: str, page: dict[str, int], include: list[Any]
) -> None:
    ids = [*SHUFFLED[:150], "absent", *SHUFFLED[450:500]]

    def run(client: Any) -> Any:
        rows = client.get_collection("rows", embedding_function=None)
        return rows.get(ids=ids, include=include, **FILTERS[chosen], **page)

    pair.same(run)


REFUSED: dict[str, Callable[[Any], Any]] = {
    "operator": lambda rows: rows.get(ids=SHUFFLED[:200], where={"n": {"$near": 1}}),
    "document": lambda rows: rows.get(ids=SHUFFLED[:200], where_document={"$contains": 1}),
    "duplicate": lambda rows: rows.get(ids=[*SHUFFLED[:200], SHUFFLED[0]], where={"even": True}),
    "limit": lambda rows: rows.get(ids=SHUFFLED[:200], where={"even": True}, limit=-1),
    "offset": lambda rows: rows.get(ids=SHUFFLED[:200], where={"even": True}, offset=-1),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_chroma_refuses_is_refused(pair: Pair, what: str) -> None:
    pair.same_refusal(lambda client: REFUSED[what](client.get_collection("rows", embedding_function=None)))


def test_a_collection_that_is_gone(pair: Pair) -> None:
    def run(client: Any) -> Any:
        rows = client.create_collection("gone", embedding_function=None)
        client.delete_collection("gone")
        return rows.get(ids=SHUFFLED[:200], where={"even": True})

    assert "does not exist" in pair.same_refusal(run).message


@pytest.mark.parametrize("count", [4_000, MANY])
def test_it_does_not_take_milliseconds_for_each_id(many: Any, count: int) -> None:
    """Chroma itself takes minutes for 4,000 of them, and refuses so many as there are."""
    wanted = [f"id{number}" for number in reversed(range(count))]
    began = time.monotonic()
    found = many.get(ids=wanted, where={"even": True}, where_document={"$contains": "7"}, include=["metadatas"])
    took = time.monotonic() - began
    assert found["ids"] == [f"id{number}" for number in range(0, count, 2) if "7" in str(number)]
    assert [f"id{each['n']}" for each in found["metadatas"]] == found["ids"]
    assert took < 8


def test_more_ids_than_chroma_takes_come_in_its_order(many: Any) -> None:
    wanted = [f"id{number}" for number in reversed(range(MANY))]
    found = many.get(ids=wanted)
    assert found["ids"] == wanted[::-1]
    assert [each["n"] for each in found["metadatas"]] == list(range(MANY))
    assert many.get(ids=wanted, limit=3, offset=7_000)["ids"] == ["id7000", "id7001", "id7002"]


def test_more_ids_than_chroma_takes_and_no_row(many: Any) -> None:
    found = many.get(ids=[f"absent{number}" for number in range(MANY)], where={"even": True})
    assert found == {**many.get(ids=["absent"]), "included": found["included"]}
