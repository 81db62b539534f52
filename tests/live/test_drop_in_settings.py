"""What a collection is stored with: its metadata, the settings of its index, its functions and loaders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromadb.api.types import DataLoader
from chromadb.errors import NotFoundError
from chromadb.utils.embedding_functions import register_embedding_function

from tests.live.drop_in import Letters, Pair, filled


class Loader(DataLoader[Any]):
    """Makes of every URI something to embed."""

    def __call__(self, uris: Sequence[str | None]) -> Any:
        return [np.array([len(uri or ""), 1]) for uri in uris]


@register_embedding_function
class Pictures(Letters):
    """Embeds what a loader gives."""

    def __call__(self, input: Any) -> Any:  # noqa: A002 - Chroma's name
        return [np.array([*each, 1.0], dtype=np.float32) for each in input]

    @staticmethod
    def name() -> str:
        return "tests_pictures"

    @staticmethod
    def build_from_config(config: dict[str, Any]) -> Pictures:
        return Pictures(config["scale"])


CREATED: dict[str, dict[str, Any]] = {
    "plain": {},
    "metadata": {"metadata": {"text": "é", "n": 1, "x": 0.5, "flag": True}},
    "metadata of old": {"metadata": {"hnsw:space": "cosine", "hnsw:M": 8}},
    "configuration": {"configuration": {"hnsw": {"space": "cosine", "ef_construction": 50, "max_neighbors": 8}}},
    "inner product": {"configuration": {"hnsw": {"space": "ip"}}},
    "function": {"embedding_function": Letters(2.0)},
    "function in the configuration": {"configuration": {"embedding_function": Letters(3.0)}},
}
REFUSED: dict[str, dict[str, Any]] = {
    "an unknown space": {"configuration": {"hnsw": {"space": "euclid"}}},
    "an unknown setting": {"configuration": {"hnsw": {"colour": 1}}},
    "an empty metadata": {"metadata": {}},
    "a nested metadata": {"metadata": {"a": {"b": 1}}},
    "two functions": {"embedding_function": Pictures(1.0), "configuration": {"embedding_function": Letters(2.0)}},
    "metadata that is text": {"metadata": "text"},
    "two indexes": {"configuration": {"hnsw": {"space": "l2"}, "spann": {"space": "l2"}}},
}
MODIFIED: dict[str, Callable[[Any], Any]] = {
    "name": lambda collection: collection.modify(name="renamed"),
    "metadata": lambda collection: collection.modify(metadata={"new": 1}),
    "configuration": lambda collection: collection.modify(configuration={"hnsw": {"ef_search": 77, "num_threads": 1}}),
    "all": lambda collection: collection.modify("renamed", {"new": 1}, {"hnsw": {"batch_size": 50}}),
    "nothing": lambda collection: collection.modify(),
    "to a name that is taken": lambda collection: collection.modify(name="taken"),
    "to no name": lambda collection: collection.modify(name="x"),
    "the distance": lambda collection: collection.modify(metadata={"hnsw:space": "ip"}),
    "to an unknown setting": lambda collection: collection.modify(configuration={"hnsw": {"colour": 1}}),
    "what cannot change": lambda collection: collection.modify(configuration={"hnsw": {"space": "ip"}}),
    "metadata to nothing": lambda collection: collection.modify(metadata={}),
    "the function": lambda collection: collection.modify(configuration={"embedding_function": Letters(9.0)}),
}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with Pair.opened(tmp_path) as pair:
        yield pair


def build(client: Any, arguments: dict[str, Any]) -> Any:
    """Chroma puts the function into the configuration that it is given, so each call gets its own."""
    copied = {**arguments}
    if "configuration" in copied:
        copied["configuration"] = {**copied["configuration"]}
    if "function" not in str(arguments):
        copied["embedding_function"] = None
    return client.create_collection("made", **copied)


def told(collection: Any) -> Any:
    """All that it tells of itself."""
    function = collection.configuration["embedding_function"]
    schema = collection.schema and collection.schema.serialize_to_json()
    scale = getattr(function, "scale", None)
    return collection, type(function), scale, collection.configuration_json, schema, repr(collection)


@pytest.mark.filterwarnings("ignore:legacy embedding function config:DeprecationWarning")  # Chroma's word for none
@pytest.mark.parametrize("what", CREATED)
def test_what_a_collection_was_made_with_is_kept(pair: Pair, what: str) -> None:
    pair.same(lambda client: told(build(client, CREATED[what])))
    pair.same(lambda client: client.get_collection("made").add(ids=["1", "2"], embeddings=[[1, 2, 3], [3, 2, 0]]))
    pair.reopen()
    pair.same(lambda client: told(client.get_collection("made")))
    pair.same(lambda client: [told(each) for each in client.list_collections()])
    pair.same(lambda client: client.get_collection("made").query(query_embeddings=[[1, 2, 2]]))


@pytest.mark.parametrize("what", REFUSED)
def test_the_same_is_refused_with_the_same_words(pair: Pair, what: str) -> None:
    pair.same_refusal(lambda client: build(client, REFUSED[what]))
    assert pair.same(lambda client: client.count_collections()) == 0


@pytest.mark.parametrize("what", MODIFIED)
def test_a_change_to_a_collection(pair: Pair, what: str) -> None:
    def modify(client: Any) -> Any:
        client.create_collection("taken", embedding_function=None)
        collection = filled(client)
        return MODIFIED[what](collection), told(collection)

    def state(client: Any) -> Any:
        found = sorted(client.list_collections(), key=lambda each: str(each.name))
        return [(told(each), each.query(query_embeddings=[[1.1, 2, 3]])) for each in found if each.name != "taken"]

    pair.both(modify)
    before = pair.same(state)
    pair.reopen()
    assert pair.same(state) == before


def test_an_object_follows_its_collection_to_another_name(pair: Pair) -> None:
    def rename(client: Any) -> Any:
        first, second = filled(client), client.get_collection("filled")
        first.modify(name="renamed")
        return first.name, first.count(), second.count(), client.get_collection("renamed").get()

    pair.same(rename)
    assert pair.same_refusal(lambda client: client.get_collection("filled")).kind is NotFoundError


def test_an_object_of_a_collection_that_is_gone(pair: Pair) -> None:
    def use(client: Any) -> Any:
        collection = filled(client)
        client.delete_collection("filled")
        filled(client)
        return collection.count()

    assert pair.same_refusal(use).kind is NotFoundError


def test_a_registered_function_embeds_after_a_reopening(pair: Pair) -> None:
    pair.same(lambda client: filled(client).add(ids=["texts"], documents=["abba cab"]))
    pair.reopen()
    found = pair.same(lambda client: client.get_collection("filled").get(ids=["texts"], include=["embeddings"]))
    assert found["embeddings"][2] == [[3.0, 3.0, 1.0]]
    pair.same(lambda client: client.get_collection("filled").query(query_texts=["abba cab"], n_results=2))
    pair.same(lambda client: client.get_collection("filled").update(ids=["texts"], documents=["ccc"]))
    pair.same(lambda client: filled(client).get(include=["embeddings", "documents"]))


def test_another_function_than_the_stored_one_is_refused(pair: Pair) -> None:
    pair.same(filled)
    pair.same_refusal(lambda client: client.get_collection("filled", embedding_function=Pictures(1.0)))
    pair.same_refusal(lambda client: client.get_or_create_collection("filled", embedding_function=Pictures(1.0)))


def test_what_lies_at_uris_is_loaded_and_embedded(pair: Pair) -> None:
    def use(client: Any) -> Any:
        pictures = client.create_collection("pictures", embedding_function=Pictures(1.0), data_loader=Loader())
        pictures.add(ids=["1", "2"], uris=["a://b", "a://longer"])
        everything = pictures.get(include=["data", "uris", "embeddings"])
        return everything, pictures.query(query_uris=["a://c"], n_results=1, include=["data", "distances"])

    assert pair.same(use)[1]["uris"][1:] == ["a://b", "a://longer"]
    pair.reopen()
    pair.same(lambda client: client.get_collection("pictures", data_loader=Loader()).get(include=["data", "uris"]))
    pair.same_refusal(lambda client: client.get_collection("pictures").get(include=["data"]))
