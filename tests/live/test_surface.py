"""The lists of what changes a store and what reads it are those of the chromadb that is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromadb.api import ServerAPI
from chromadb.api.rust import RustBindingsAPI

from tests.live.drop_in import VERSION
from thoth_storage import PersistentClient
from thoth_storage.errors import CapabilityError, ConfigurationError, PermissionError_
from thoth_storage.store.surface import MUTATIONS, PLAIN, READS

LISTS = (MUTATIONS, READS, PLAIN)
NEWER = frozenset() if VERSION >= (1, 5, 7) else frozenset({"get_collection_by_id", "_fork_count"})
"""What this chromadb has not yet."""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"file://{tmp_path}/store"


@pytest.fixture
def client(url: str, tmp_path: Path) -> Iterator[Any]:
    with PersistentClient(url, cache_dir=tmp_path / "cache") as client:
        yield client


@pytest.mark.parametrize("name", sorted(ServerAPI.__abstractmethods__))
def test_every_method_of_chroma_is_in_one_list(name: str) -> None:
    assert sum(name in each for each in LISTS) == 1


def test_so_is_every_method_of_the_server_that_is_used(client: Any) -> None:
    assert isinstance(client._server, RustBindingsAPI)
    methods = {
        name
        for name in dir(RustBindingsAPI)
        if not name.startswith(("__", "_abc_")) and callable(getattr(RustBindingsAPI, name))
    }
    assert methods == (MUTATIONS | READS | PLAIN) - NEWER


def test_no_method_is_in_two_lists() -> None:
    assert len(MUTATIONS | READS | PLAIN) == sum(len(each) for each in LISTS)


def test_every_method_that_touches_the_store_is_hooked(client: Any) -> None:
    hooked = {name for name in vars(client._server) if name in MUTATIONS | READS}
    assert hooked == (MUTATIONS | READS) - NEWER


@pytest.mark.parametrize("name", ["truncate", "_rewrite"])
def test_a_method_that_is_in_no_list_is_refused_when_it_is_called(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    calls: list[object] = []
    monkeypatch.setattr(RustBindingsAPI, name, lambda *args: calls.append(args), raising=False)
    with PersistentClient(url, cache_dir=tmp_path / "cache") as client:
        collection = client.create_collection("tests", embedding_function=None)
        collection.add(ids=["1"], embeddings=[1.0, 2.0])
        with pytest.raises(CapabilityError, match=f"'{name}'"):
            getattr(client._server, name)("all")
        assert collection.count() == 1
    assert calls == []


@pytest.mark.parametrize("name", ["_add", "_get", "get_settings", "reset"])
def test_a_chromadb_without_a_method_is_refused_at_the_opening(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for kind in RustBindingsAPI.__mro__:
        if name in vars(kind):
            monkeypatch.delattr(kind, name)
    with pytest.raises(ConfigurationError, match=f"has no {name}") as told:
        PersistentClient(url, cache_dir=tmp_path / "cache")
    assert told.value.hint
    assert list((tmp_path / "cache").rglob("chroma.sqlite3")) == []


CHANGES: dict[str, tuple[Any, ...]] = {
    "create_collection": ("another",),
    "get_or_create_collection": ("another",),
    "delete_collection": ("tests",),
    "create_database": ("another",),
    "delete_database": ("default_database",),
    "create_tenant": ("another",),
    "reset": (),
}
"""The methods of the server that change something, and arguments with which each would."""


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_nothing_that_changes_a_store_is_let_through_to_one_that_is_read(
    client: Any, url: str, tmp_path: Path, name: str
) -> None:
    collection = client.create_collection("tests", embedding_function=None)
    collection.add(ids=["1"], embeddings=[1.0, 2.0])
    client.checkpoint()
    with PersistentClient(url, cache_dir=tmp_path / "reader", mode="r") as reader:
        arguments: Any = {
            "_add": {"ids": ["2"], "embeddings": [[1.0, 2.0]], "collection_id": collection.id},
            "_upsert": {"ids": ["2"], "embeddings": [[1.0, 2.0]], "collection_id": collection.id},
            "_update": {"ids": ["1"], "embeddings": [[3.0, 2.0]], "collection_id": collection.id},
            "_delete": {"ids": ["1"], "collection_id": collection.id},
            "_modify": {"id": collection.id, "new_name": "another"},
            "_fork": {"collection_id": collection.id, "new_name": "another"},
            "attach_function": {
                "function_id": "any",
                "name": "any",
                "input_collection_id": collection.id,
                "output_collection": "any",
            },
            "detach_function": {"name": "any", "input_collection_id": collection.id},
        }.get(name, {})
        with pytest.raises(PermissionError_, match="read-only"):
            getattr(reader._server, name)(*CHANGES.get(name, ()), **arguments)
        found: Any = reader.get_collection("tests").get(include=["embeddings"])["embeddings"]
        assert found.tolist() == [[1.0, 2.0]]
        assert reader.count_collections() == 1
