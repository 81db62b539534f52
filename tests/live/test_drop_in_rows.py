"""A Collection does what chromadb's own does: rows are written, changed, found and deleted, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.live.drop_in import Pair, filled

Verb = Callable[[Any], Any]
ALL = ["documents", "metadatas", "embeddings", "uris"]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """One for all tests: each has a collection of its own."""
    with Pair.opened(tmp_path_factory.mktemp("rows")) as pair:
        yield pair


DONE: dict[str, Verb] = {
    "add": lambda rows: rows.add(ids=["new"], embeddings=[[1, 2, 3]], documents=["text"], metadatas=[{"a": 1}]),
    "add one, not in lists": lambda rows: rows.add("new", [1.0, 2.0, 3.0], {"a": True}, "text", None, "uri"),
    "add an array": lambda rows: rows.add(ids=["a", "b"], embeddings=np.ones((2, 3), dtype=np.float64)),
    "add what is there": lambda rows: rows.add(ids=["id0", "new"], embeddings=[[9, 9, 9]] * 2),
    "add without metadata": lambda rows: rows.add(
        ids=["a", "b"], embeddings=[[1, 1, 1]] * 2, metadatas=[None, {"a": 1}]
    ),
    "add lists as metadata": lambda rows: rows.add(ids=["a"], embeddings=[[1, 1, 1]], metadatas=[{"tags": ["x", "y"]}]),
    "add a large document": lambda rows: rows.add(ids=["big"], embeddings=[[1, 1, 1]], documents=["é🍎" * 2**18]),
    "add strange ids": lambda rows: rows.add(ids=[" ", "é", "a\x00b", "x" * 999], embeddings=[[1, 1, 1]] * 4),
    "upsert": lambda rows: rows.upsert(ids=["id1", "new"], embeddings=[[7, 7, 7]] * 2, documents=["changed", "made"]),
    "upsert metadata": lambda rows: rows.upsert(ids=["id1"], embeddings=[[1, 1, 1]], metadatas=[{"n": 7, "new": "x"}]),
    "update": lambda rows: rows.update(ids=["id1", "absent"], documents=["changed", "nowhere"]),
    "update embeddings": lambda rows: rows.update(ids=["id2"], embeddings=[[-1, -1, -1]]),
    "update metadata": lambda rows: rows.update(ids=["id0"], metadatas=[{"s": None, "new": 1.5}]),
    "update uris": lambda rows: rows.update(ids=["id0"], uris=["other"]),
    "delete ids": lambda rows: rows.delete(ids=["id0", "absent", "id5"]),
    "delete one": lambda rows: rows.delete("id0"),
    "delete where": lambda rows: rows.delete(where={"even": True}),
    "delete documents": lambda rows: rows.delete(where_document={"$contains": "apple"}),
    "delete ids where": lambda rows: rows.delete(ids=["id0", "id1"], where={"even": True}),
    "add without embeddings": lambda rows: rows.add(ids=["a"], documents=["abacus"]),
    "an integer too large": lambda rows: rows.add(ids=["a"], embeddings=[[1, 1, 1]], metadatas=[{"a": 2**70}]),
}

REFUSED: dict[str, Verb] = {
    "strange ids": lambda rows: rows.add(ids=["", "é"], embeddings=[[1, 1, 1]] * 2),
    "add a wrong dimension": lambda rows: rows.add(ids=["a", "b"], embeddings=[[1, 1, 1], [1, 1]]),
    "upsert a wrong dimension": lambda rows: rows.upsert(ids=["a"], embeddings=[[1, 1]]),
    "update to a wrong dimension": lambda rows: rows.update(ids=["id1"], embeddings=[[1, 1, 1, 1]]),
    "more ids than embeddings": lambda rows: rows.add(ids=["a", "b"], embeddings=[[1, 1, 1]]),
    "more documents than ids": lambda rows: rows.add(ids=["a"], embeddings=[[1, 1, 1]], documents=["x", "y"]),
    "an id twice": lambda rows: rows.add(ids=["a", "a"], embeddings=[[1, 1, 1]] * 2),
    "an id twice in an update": lambda rows: rows.update(ids=["id1", "id1"], documents=["x", "y"]),
    "no ids": lambda rows: rows.add(ids=[], embeddings=[]),
    "no ids to upsert": lambda rows: rows.upsert(ids=[], embeddings=[]),
    "no ids to update": lambda rows: rows.update(ids=[], documents=[]),
    "no ids to delete": lambda rows: rows.delete(ids=[]),
    "delete nothing in particular": lambda rows: rows.delete(),
    "delete with a malformed filter": lambda rows: rows.delete(where={"$nope": 1}),
    "a number as id": lambda rows: rows.add(ids=[1], embeddings=[[1, 1, 1]]),
    "text as embedding": lambda rows: rows.add(ids=["a"], embeddings=[["x", "y", "z"]]),
    "an empty embedding": lambda rows: rows.add(ids=["a"], embeddings=[[]]),
    "a number as document": lambda rows: rows.add(ids=["a"], embeddings=[[1, 1, 1]], documents=[1]),
    "an empty metadata": lambda rows: rows.add(ids=["a"], embeddings=[[1, 1, 1]], metadatas=[{}]),
    "an object as metadata": lambda rows: rows.add(ids=["a"], embeddings=[[1, 1, 1]], metadatas=[{"a": object}]),
    "a nested metadata": lambda rows: rows.add(ids=["a"], embeddings=[[1, 1, 1]], metadatas=[{"a": {"b": 1}}]),
    "a metadata of Chroma's": lambda rows: rows.add(
        ids=["a"], embeddings=[[1, 1, 1]], metadatas=[{"chroma:document": "x"}]
    ),
    "an unknown argument": lambda rows: rows.add(ids=["a"], embeddings=[[1, 1, 1]], colour=1),
}


NAMES = [f"rows-{number}" for number in range(len(DONE))]


def state(client: Any, name: str) -> Any:
    """Its rows, and what the index says of them; of rows at the same distance Chroma puts any first."""
    collection = filled(client, name)
    near = collection.query(query_embeddings=[[1.1, 1.3, 0.7]], n_results=9, include=["distances"])
    distances = sorted(zip(near["distances"][0], near["ids"][0], strict=True))
    return collection.get(include=ALL), distances, collection.count(), collection.peek(3)


@pytest.mark.parametrize(("name", "what"), list(zip(NAMES, DONE, strict=True)))
def test_a_write_leaves_the_same_rows(pair: Pair, name: str, what: str) -> None:
    before = pair.same(lambda client: state(client, name))
    pair.same(lambda client: DONE[what](filled(client, name)))
    assert pair.same(lambda client: state(client, name)) != before


@pytest.mark.parametrize("what", REFUSED)
def test_the_same_is_refused_with_the_same_words(pair: Pair, what: str) -> None:
    before = pair.same(lambda client: state(client, "refused"))
    pair.same_refusal(lambda client: REFUSED[what](filled(client, "refused")))
    assert pair.same(lambda client: state(client, "refused")) == before


def test_all_that_was_written_is_there_after_a_reopening(tmp_path: Path) -> None:
    def write(client: Any) -> None:
        for name, verb in zip(NAMES, DONE.values(), strict=True):
            verb(filled(client, name))

    def states(client: Any) -> Any:
        return [state(client, name) for name in NAMES]

    with Pair.opened(tmp_path) as pair:
        pair.same(write)
        before = pair.same(states)
        pair.reopen()
        assert pair.same(states) == before
