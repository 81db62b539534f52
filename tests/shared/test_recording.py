"""Each mutation of chromadb's server object becomes an operation, and recording one leaves Chroma as it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from chromadb.base_types import SparseVector

from tests.shared.shop import contents
from tests.store.helpers import bare_chroma
from thoth_storage.errors import CorruptionError
from thoth_storage.store.handles import Handles
from thoth_storage.store.operations import Creation, Deletion, Modification, Rows, Told
from thoth_storage.store.recording import LOGGED, Recorder
from thoth_storage.store.surface import MUTATIONS

VECTORS = [[1.0, 2.0], [3.0, 4.0]]
RAW = [np.array(each, "<f4").tobytes() for each in VECTORS]
SPARSE = SparseVector([1, 5], [0.5, 2.0])


class Calls:
    """What a program calls on the server, caught before anything is done."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.caught: list[tuple[str, dict[str, Any]]] = []

    def catch(self, program: Callable[[Any], Any]) -> tuple[str, dict[str, Any]]:
        server = self.client._server
        for name in MUTATIONS:

            def call(*args: Any, _name: str = name, **kwargs: Any) -> Any:
                assert not args
                self.caught.append((_name, kwargs))
                raise Caught

            setattr(server, name, call)
        try:
            with pytest.raises(Caught):
                program(self.client)
        finally:
            for name in MUTATIONS:
                delattr(server, name)
        return self.caught.pop()


class Caught(BaseException):
    """No Exception, so that nothing in between catches it."""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Any]:
    with bare_chroma(tmp_path) as client:
        made: Any = client.create_collection("notes", metadata={"k": 1}, embedding_function=None)
        made.add(ids=["1"], embeddings=[[0.0, 0.0]])
        yield client


def notes(client: Any) -> Any:
    return client.get_collection("notes", embedding_function=None)


HERE = ("default_tenant", "default_database")
PROGRAMS: dict[str, tuple[Callable[[Any], Any], tuple[str, str, str, str], Any]] = {
    "add": (
        lambda client: notes(client).add(
            ids=["a", "b"], embeddings=VECTORS, metadatas=[{"n": 1, "s": SPARSE}, None], documents=["x", None]
        ),
        ("add", *HERE, "notes"),
        Rows(["a", "b"], RAW, [{"n": 1, "s": SPARSE}, None], ["x", None], None),
    ),
    "upsert": (
        lambda client: notes(client).upsert(ids=["a", "b"], embeddings=VECTORS, uris=["u", "v"], documents=["x", "y"]),
        ("upsert", *HERE, "notes"),
        Rows(["a", "b"], RAW, None, ["x", "y"], ["u", "v"]),
    ),
    "update": (
        lambda client: notes(client).update(ids=["a"], metadatas=[{"n": None, "l": ["x", "y"]}]),
        ("update", *HERE, "notes"),
        Rows(["a"], None, [{"n": None, "l": ["x", "y"]}], None, None),
    ),
    "delete by id": (
        lambda client: notes(client).delete(ids=["a"]),
        ("delete", *HERE, "notes"),
        Deletion(["a"], None, None, None),
    ),
    "delete by filter": (
        lambda client: notes(client).delete(where={"n": {"$gt": 1}}, where_document={"$contains": "x"}),
        ("delete", *HERE, "notes"),
        Deletion(None, {"n": {"$gt": 1}}, {"$contains": "x"}, None),
    ),
    "modify": (
        lambda client: notes(client).modify(name="other", metadata={"k": 2}),
        ("modify_collection", *HERE, "notes"),
        Modification("other", {"k": 2}, None),
    ),
    "delete a collection": (
        lambda client: client.delete_collection("notes"),
        ("delete_collection", *HERE, "notes"),
        None,
    ),
    "reset": (lambda client: client.reset(), ("reset", "", "", ""), None),
    "create a database": (
        lambda client: client._server.create_database(name="archive", tenant="default_tenant"),
        ("create_database", "default_tenant", "archive", ""),
        None,
    ),
    "delete a database": (
        lambda client: client._server.delete_database(name="archive", tenant="default_tenant"),
        ("delete_database", "default_tenant", "archive", ""),
        None,
    ),
    "create a tenant": (
        lambda client: client._server.create_tenant(name="other"),
        ("create_tenant", "other", "", ""),
        None,
    ),
}


def recorded(client: Any, program: Callable[[Any], Any]) -> Told:
    name, arguments = Calls(client).catch(program)
    told = Recorder(client._server, Handles()).record(name, arguments)
    assert told is not None
    return told


@pytest.mark.parametrize("what", PROGRAMS)
def test_each_mutation_is_an_operation(client: Any, what: str) -> None:
    program, expected, arguments = PROGRAMS[what]
    before = contents(client)
    operation, told = recorded(client, program)
    assert (operation.kind, operation.tenant, operation.database, operation.collection) == expected
    assert told == arguments
    assert contents(client) == before, "recording does nothing"


@pytest.mark.parametrize("get", [True, False])
def test_a_collection_is_made(client: Any, get: bool) -> None:
    make = "get_or_create_collection" if get else "create_collection"
    before = contents(client)
    operation, told = recorded(
        client,
        lambda client: getattr(client, make)(
            "new", metadata={"k": 2}, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        ),
    )
    assert (operation.kind, operation.target) == ("create_collection", ("new", *HERE))
    assert isinstance(told, Creation)
    assert (told.metadata, told.get_or_create) == ({"k": 2}, get)
    assert json.loads(told.configuration or "")["hnsw"]["space"] == "cosine"
    assert contents(client) == before


def test_what_is_logged_are_all_mutations_that_an_embedded_chroma_takes() -> None:
    assert {"_fork", "attach_function", "detach_function"} == MUTATIONS - LOGGED
    assert LOGGED <= MUTATIONS


def test_a_collection_that_is_not_there(client: Any) -> None:
    name, arguments = Calls(client).catch(PROGRAMS["add"][0])
    assert Recorder(client._server, Handles()).record(name, {**arguments, "collection_id": uuid4()}) is None


def test_values_that_are_none(client: Any) -> None:
    name, arguments = Calls(client).catch(PROGRAMS["add"][0])
    before = contents(client)
    recorder = Recorder(client._server, Handles())
    for odd in ([{"n": object()}, None], ["text", None]):
        with pytest.raises((TypeError, ValueError, CorruptionError)):
            recorder.record(name, {**arguments, "metadatas": odd})
        with pytest.raises((TypeError, ValueError)):
            recorder.refuse(name, {**arguments, "metadatas": odd})
    assert contents(client) == before


def test_a_large_call_is_cut_so_that_it_is_whole_again(client: Any) -> None:
    count = 30_000
    vectors = np.arange(2.0 * count, dtype=np.float32).reshape(count, 2)
    arguments = {
        "ids": [str(each) for each in range(count)],
        "embeddings": list(vectors),
        "documents": ["x" * 100] * count,
    }
    recorder = Recorder(client._server, Handles())
    parts = recorder.split("_add", arguments)
    assert 2 <= len(parts) <= 4
    assert [each for part in parts for each in part["ids"]] == arguments["ids"]
    assert [row.tolist() for part in parts for row in part["embeddings"]] == vectors.tolist()
    assert recorder.split("_add", {"ids": ["a"], "documents": ["x" * 9_000_000]}) == [
        {"ids": ["a"], "documents": ["x" * 9_000_000]}
    ]
    assert [len(part["ids"]) for part in recorder.split("_delete", {"ids": arguments["ids"]})] == [20_000, 10_000]
    assert recorder.split("_delete", {"where": {"n": 1}}) == [{"where": {"n": 1}}]
