"""What stands for a function that is not trusted is for this process alone: stored nowhere, told by no name."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.live.conftest import OpenClient
from tests.live.drop_in import Letters
from tests.live.hostile import HttpServer, build, huggingface
from thoth_storage import Repository
from thoth_storage.errors import ConfigurationError

Strange = Callable[..., Any]


@pytest.fixture
def attacker() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


@pytest.fixture
def strange(connect: OpenClient, place: str, tmp_path: Path, attacker: HttpServer) -> Strange:
    """Opens a stranger's store, with one collection."""
    build(tmp_path / "made", {"secret": huggingface(attacker.url)})
    with Repository.open(place, create=True) as repository:
        repository.backup(tmp_path / "made")
    return connect


COPIES: dict[str, Callable[[Any, Any], Any]] = {
    "schema": lambda client, other: client.create_collection("copy", schema=other.schema),
    "schema, found or made": lambda client, other: client.get_or_create_collection("copy", other.schema),
    "configuration": lambda client, other: client.create_collection("copy", configuration=other.configuration),
    "function": lambda client, other: client.create_collection(
        "copy", embedding_function=other.configuration["embedding_function"]
    ),
    "modify": lambda client, other: client.create_collection("copy").modify(
        configuration={"embedding_function": other.configuration["embedding_function"]}
    ),
}


@pytest.mark.parametrize("way", COPIES)
def test_what_stands_for_a_function_is_never_stored(strange: Strange, attacker: HttpServer, way: str) -> None:
    client = strange()
    with pytest.raises(ConfigurationError, match="'huggingface_server'") as told:
        COPIES[way](client, client.get_collection("secret"))
    assert told.value.hint is not None
    assert "allow_embedding_functions=['huggingface_server']" in told.value.hint
    assert sorted(each.name for each in client.list_collections() if each.name != "copy") == ["secret"]
    assert "thoth_refused" not in stored_settings(client)
    assert attacker.requests == []


def stored_settings(client: Any) -> str:
    """Of all collections, as they are in Chroma's file."""
    client.checkpoint("copies")
    with TemporaryDirectory() as folder, Repository.open(client.url) as repository:
        repository.restore("copies", Path(folder, "back"))
        with closing(sqlite3.connect(Path(folder, "back", "chroma.sqlite3"))) as database:
            return str(database.execute("SELECT name, schema_str, config_json_str FROM collections").fetchall())


def test_what_is_allowed_is_copied(strange: Strange, attacker: HttpServer) -> None:
    client = strange(allow_embedding_functions=["huggingface_server"])
    client.create_collection("copy", schema=client.get_collection("secret").schema, embedding_function=None)
    assert "thoth_refused" not in stored_settings(client)
    client.get_collection("copy").add(ids=["1"], documents=["text"])
    assert [body["inputs"] for _, body in attacker.requests] == [["text"]]


@pytest.mark.parametrize("verb", ["get_collection", "get_or_create_collection", "get_collection_by_id"])
def test_another_function_than_the_stored_one_is_told_by_its_name(strange: Strange, verb: str) -> None:
    client = strange()
    wanted = client.get_collection("secret").id if verb.endswith("id") else "secret"
    with pytest.raises(ValueError, match="new: tests_letters vs persisted: huggingface_server") as told:
        getattr(client, verb)(wanted, embedding_function=Letters(1.0))
    assert type(told.value) is ValueError
    assert "thoth_refused" not in str(told.value)
