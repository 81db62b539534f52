"""A store from a stranger is opened and read, and nothing that its settings name comes to life."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromadb.api.types import Documents, EmbeddingFunction, Embeddings, Schema, VectorIndexConfig
from chromadb.utils.embedding_functions import HuggingFaceEmbeddingServer, known_embedding_functions

from tests.live.hostile import SECRET, HttpServer, build, functions, huggingface
from tests.store.helpers import bare_chroma
from thoth_storage import PersistentClient, Repository
from thoth_storage.errors import ConfigurationError
from thoth_storage.store.trust import Trust

Open = Callable[..., Any]
NAMES = {"secret": "huggingface_server", "code": "sentence_transformer", "texts": "openai"}


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET, "not for strangers")
    monkeypatch.delenv("HUGGINGFACE_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture
def attacker() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


@pytest.fixture
def mine() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


@pytest.fixture
def url(tmp_path: Path, attacker: HttpServer) -> str:
    """Where the stranger's store is: a collection for each of his functions."""
    build(tmp_path / "made", functions(attacker.url))
    with Repository.open(f"file://{tmp_path}/store", create=True) as repository:
        repository.backup(tmp_path / "made", name="first")
    return f"file://{tmp_path}/store"


@pytest.fixture
def open_it(url: str, tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:
        yield lambda place=url, **more: stack.enter_context(
            PersistentClient(place, cache_dir=tmp_path / "cache", cache_limit=0, **more)
        )


def refuses(collection: Any, name: str) -> None:
    """Both ways to embed are refused, with the name and the way out."""
    verbs: list[Callable[[], object]] = [
        lambda: collection.query(query_texts=["one"]),
        lambda: collection.add(ids=["new"], documents=["three"]),
    ]
    for embed in verbs:
        with pytest.raises(ConfigurationError) as told:
            embed()
        assert repr(name) in told.value.message
        assert told.value.hint is not None
        assert f"allow_embedding_functions=[{name!r}]" in told.value.hint


@pytest.mark.parametrize("name", NAMES)
def test_all_but_embedding_works_and_nobody_is_asked(open_it: Open, attacker: HttpServer, name: str) -> None:
    client = open_it()
    assert sorted(each.name for each in client.list_collections()) == sorted(NAMES)
    collection = client.get_collection(name)
    assert collection.get()["documents"] == ["one", "two"]
    assert collection.query(query_embeddings=[[0.1, 1.0]], n_results=1)["ids"] == [["2"]]
    collection.add(ids=["3"], embeddings=[[1.0, 1.0]], documents=["three"])
    assert collection.count() == 3
    refuses(collection, NAMES[name])
    assert collection.count() == 3
    assert attacker.requests == []


def test_a_function_that_is_allowed_does_what_its_settings_say(open_it: Open, attacker: HttpServer) -> None:
    client = open_it(allow_embedding_functions=["huggingface_server"])
    assert client.get_collection("secret").query(query_texts=["one"], n_results=1)["ids"] == [["1"]]
    assert attacker.requests == [("Bearer not for strangers", {"inputs": ["one"]})]
    refuses(client.get_collection("texts"), "openai")


def again(client: Any) -> Any:
    client.restore("first")
    return client.get_collection("secret")


def newer(client: Any) -> Any:
    held = client.get_collection("secret")
    here = Path(client.live.path).parent
    with PersistentClient(client.url, cache_dir=here / "other", cache_limit=0, durability="checkpoint") as other:
        other.create_collection("another")
    changed = client.refresh()
    assert changed
    refuses(held, "huggingface_server")
    return client.get_collection("secret")


def modified(client: Any) -> Any:
    collection = client.get_collection("secret")
    collection.modify(metadata={"a": 1}, configuration={"hnsw": {"ef_search": 50}})
    refuses(collection, "huggingface_server")
    return client.get_collection("secret")


WAYS: dict[str, Callable[[Any], Any]] = {
    "list_collections": lambda client: next(each for each in client.list_collections() if each.name == "secret"),
    "get_or_create_collection": lambda client: client.get_or_create_collection("secret"),
    "create_collection": lambda client: client.create_collection("secret", get_or_create=True),
    "get_collection_by_id": lambda client: client.get_collection_by_id(client.get_collection("secret").id),
    "without a function": lambda client: client.get_collection("secret", embedding_function=None),
    "restore": again,
    "refresh": newer,
    "modify": modified,
}


@pytest.mark.parametrize("way", WAYS)
def test_no_way_to_a_collection_leads_around_it(open_it: Open, attacker: HttpServer, way: str) -> None:
    collection = WAYS[way](open_it())
    refuses(collection, "huggingface_server")
    for function in (collection.configuration["embedding_function"], built(collection)):
        with pytest.raises(ConfigurationError, match="huggingface_server"):
            function(["one"])
    assert attacker.requests == []


def built(collection: Any) -> Any:
    """What Chroma makes of the stored schema whenever something is embedded."""
    return collection.schema.keys["#embedding"].float_list.vector_index.config.embedding_function


@pytest.mark.parametrize("verb", ["get_collection", "get_or_create_collection"])
def test_what_the_caller_passes_is_what_embeds(
    open_it: Open, attacker: HttpServer, mine: HttpServer, verb: str
) -> None:
    collection = getattr(open_it(), verb)("secret", embedding_function=HuggingFaceEmbeddingServer(mine.url))
    assert collection.query(query_texts=["one"], n_results=1)["ids"] == [["1"]]
    collection.add(ids=["3"], documents=["three"])
    assert mine.requests == [(None, {"inputs": ["one"]}), (None, {"inputs": ["three"]})]
    # Chroma builds it anew from its settings: not from the stranger's, where building may be running his code.
    assert built(collection).url == collection.configuration["embedding_function"].url == mine.url
    assert attacker.requests == []


def test_what_is_stored_stays_as_the_stranger_wrote_it(
    open_it: Open, url: str, attacker: HttpServer, tmp_path: Path
) -> None:
    """The stand-in, and the settings of who passes his own, are for this process only."""
    client = open_it()
    modified(client)
    client.get_or_create_collection("secret", embedding_function=HuggingFaceEmbeddingServer("http://mine.invalid"))
    client.checkpoint("second")
    with Repository.open(url) as repository:
        repository.restore("second", tmp_path / "back")
    with bare_chroma(tmp_path / "back") as bare:
        stored = bare.get_collection("secret").configuration_json
    assert stored["embedding_function"] == huggingface(attacker.url, SECRET)
    assert stored["hnsw"]["ef_search"] == 50


def test_passing_a_function_opens_no_door_to_the_stored_one(
    open_it: Open, attacker: HttpServer, mine: HttpServer
) -> None:
    client = open_it()
    client.get_collection("secret", embedding_function=HuggingFaceEmbeddingServer(mine.url))
    refuses(client.get_collection("secret"), "huggingface_server")
    assert attacker.requests == mine.requests == []


def test_a_function_that_made_a_collection_works_without_being_passed_again(
    open_it: Open, attacker: HttpServer, mine: HttpServer
) -> None:
    client = open_it()
    client.create_collection("mine", embedding_function=HuggingFaceEmbeddingServer(mine.url))
    client.get_collection("mine").add(ids=["1"], documents=["text"])
    refuses(client.get_collection("secret"), "huggingface_server")
    assert mine.inputs == ["text"]
    assert attacker.requests == []


@pytest.mark.parametrize("by_name", [True, False])
def test_a_function_within_a_schema_counts_as_passed(open_it: Open, mine: HttpServer, by_name: bool) -> None:
    client = open_it()
    schema = Schema().create_index(config=VectorIndexConfig(embedding_function=HuggingFaceEmbeddingServer(mine.url)))
    arguments: dict[str, Any] = {"embedding_function": None}
    if by_name:
        client.create_collection("mine", schema=schema, **arguments)
    else:
        client.get_or_create_collection("mine", schema, **arguments)
    client.get_collection("mine").add(ids=["1"], documents=["text"])
    assert mine.inputs == ["text"]


class Counting(EmbeddingFunction[Documents]):
    """A program's own, which it registers."""

    def __init__(self) -> None:
        """Nothing to keep."""

    def __call__(self, input: Documents) -> Embeddings:  # noqa: A002 - Chroma's name
        return [np.array([len(text), 0.0], dtype=np.float32) for text in input]

    @staticmethod
    def name() -> str:
        return "tests_counting"

    def get_config(self) -> dict[str, Any]:
        return {}

    @staticmethod
    def build_from_config(config: dict[str, Any]) -> Counting:
        return Counting()


@pytest.mark.parametrize("registered", [True, False])
def test_a_function_that_the_program_registered_works(
    open_it: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registered: bool
) -> None:
    build(tmp_path / "own", {"own": {"type": "known", "name": "tests_counting", "config": {}}})
    with Repository.open("memory://tests/own-function", create=True) as repository:
        repository.backup(tmp_path / "own")
    if registered:
        monkeypatch.setitem(known_embedding_functions, "tests_counting", Counting)
    collection = open_it("memory://tests/own-function").get_collection("own")
    if registered:
        assert collection.query(query_texts=["a"], n_results=1)["ids"] == [["1"]]
    else:
        refuses(collection, "tests_counting")


@pytest.mark.parametrize("name", ["huggingface_sparse", "chroma-cloud-splade", "bm25"])
def test_a_sparse_function_in_a_schema_is_refused(open_it: Open, tmp_path: Path, name: str) -> None:
    config = {"model_name": "stranger/model", "api_key_env_var": SECRET, "device": "cpu", "kwargs": {}}
    build(
        tmp_path / "sparse",
        {"notes": huggingface("http://nowhere.invalid")},
        sparse={"type": "known", "name": name, "config": config},
    )
    with Repository.open(f"memory://tests/sparse-{name}", create=True) as repository:
        repository.backup(tmp_path / "sparse")
    collection = open_it(f"memory://tests/sparse-{name}").get_collection("notes")
    function = collection.schema.keys["sparse"].sparse_vector.sparse_vector_index.config.embedding_function
    verbs: list[Callable[[], object]] = [
        lambda: function(["one"]),
        lambda: function.embed_query(["one"]),
        lambda: collection.add(ids=["3"], embeddings=[[1.0, 0.0]], documents=["three"]),
    ]
    for embed in verbs:
        with pytest.raises(ConfigurationError, match=name):
            embed()
    assert collection.query(query_embeddings=[[1.0, 0.0]], n_results=1)["ids"] == [["1"]]


def test_a_function_of_an_unknown_type_is_none_either() -> None:
    """Chroma's own code would build it, though its core gives no such thing at present."""
    model = {"configuration_json": {"embedding_function": {**huggingface("x"), "type": "unknown"}}}
    Trust().disarm({**model, "serialized_schema": None})
    assert model["configuration_json"]["embedding_function"]["name"] == "thoth_refused"
