"""What can be given as the embedder, and what becomes of one that fails."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from chromadb.api.types import Documents, EmbeddingFunction, Embeddings
from chromadb.utils.embedding_functions import DefaultEmbeddingFunction

from tests.store.conftest import OpenStore
from tests.store.helpers import vectors_of
from thoth_storage import LexicalEmbedder, StorageError, VectorStore
from thoth_storage.errors import ConfigurationError, InvalidArgumentError
from thoth_storage.store.embedders import resolve_embedder

TEXTS = ["aaa b", "bbb", "cc a"]


class OfChroma(EmbeddingFunction[Documents]):
    """One of the kind that Chroma stores, with another vector for a question than for a document."""

    def __init__(self) -> None:
        pass

    def __call__(self, input: Documents) -> Embeddings:  # noqa: A002 - Chroma's name
        return [np.asarray(vector, dtype=np.float32) for vector in vectors_of(input)]

    def embed_query(self, input: Documents) -> Embeddings:  # noqa: A002
        return self([text.removeprefix("query: ") for text in input])

    @staticmethod
    def name() -> str:
        return "tests_of_chroma"

    @staticmethod
    def build_from_config(config: dict[str, Any]) -> OfChroma:
        return OfChroma()

    def get_config(self) -> dict[str, Any]:
        return {}


class WithEncode:
    """As models of sentence-transformers are: an array comes back."""

    def encode(self, texts: list[str]) -> Any:
        return np.asarray(vectors_of(texts))


class Foreign:
    """Not one of Chroma's, though it has two of the methods."""

    def __call__(self, texts: list[str]) -> list[list[float]]:
        return vectors_of(texts)

    def embed_query(self, text: str) -> list[float]:
        return vectors_of([text])[0]


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("tests_embedders")
    vars(module).update(function=vectors_of, instance=WithEncode(), Class=OfChroma, number=7)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


@pytest.mark.parametrize("embedder", [vectors_of, OfChroma(), OfChroma, WithEncode(), WithEncode, Foreign()])
def test_what_embeds(open_store: OpenStore, embedder: Any) -> None:
    store = open_store(embedder=embedder)
    store.add_documents(TEXTS, ids=["a", "b", "c"])
    assert store.search_similar("bb", 1)["ids"] == ["b"]
    assert store.search_similar("c", 3)["ids"][0] == "c"
    store.close()
    again = open_store(embedder=embedder)
    assert again.search_similar("aa", 1)["ids"] == ["a"]


@pytest.mark.parametrize("name", ["function", "instance", "Class"])
def test_by_module_and_object(open_store: OpenStore, module: ModuleType, name: str) -> None:
    store = open_store(embedder=f"tests_embedders:{name}")
    store.add_documents(TEXTS, ids=["a", "b", "c"])
    assert store.search_similar("bb", 1)["ids"] == ["b"]


def test_names() -> None:
    assert isinstance(resolve_embedder("default"), DefaultEmbeddingFunction)  # loads its model at the first call only
    assert isinstance(resolve_embedder("lexical"), LexicalEmbedder)
    assert isinstance(resolve_embedder("thoth_storage:LexicalEmbedder"), LexicalEmbedder)


def test_the_environment_names_one(open_store: OpenStore, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_EMBEDDER", "tests_embedders:function")
    store = open_store(embedder=None)
    store.add_documents(TEXTS, ids=["a", "b", "c"])
    assert store.search_similar("b", 1)["ids"] == ["b"]


@pytest.mark.parametrize(
    ("embedder", "told"),
    [
        ("lexicle", "no embedder called 'lexicle'"),
        ("", "no embedder called ''"),
        ("no_such_module_here:x", "cannot be imported"),
        ("tests_embedders:missing", "cannot be imported"),
        ("tests_embedders:number", "7 is no embedder"),
        (7, "7 is no embedder"),
        ({"a": 1}, "is no embedder"),
    ],
)
def test_what_does_not_embed(open_store: OpenStore, module: ModuleType, embedder: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        open_store(embedder=embedder)


def test_questions_have_an_embedding_of_their_own(open_store: OpenStore) -> None:
    store = open_store(embedder=OfChroma())
    store.add_documents(["aab"], ids=["1"])
    assert store.search_similar("query: aab")["distances"] == pytest.approx([0], abs=1e-6)


def broken(texts: list[str]) -> Any:
    raise OSError("the model is not here")


def breaks_late(texts: list[str]) -> Any:
    return broken(texts) if "late" in texts else vectors_of(texts)


@pytest.mark.parametrize(
    ("embedder", "told"),
    [
        (broken, "OSError: the model is not here"),
        (breaks_late, "the model is not here"),
        (lambda texts: None, "the embedder failed"),
        (lambda texts: vectors_of(texts)[1:], "gave 999 vectors for 1000 texts"),
        (lambda texts: "nonsense", "the embedder failed"),
    ],
)
def test_one_that_fails_stores_nothing(open_store: OpenStore, embedder: Callable[..., Any], told: str) -> None:
    store = open_store(embedder=embedder)
    texts = [*("early",) * 1004, "late", "after"]
    with pytest.raises(StorageError, match=told) as failed:
        store.add_documents(texts)
    assert failed.value.hint
    assert not isinstance(failed.value, InvalidArgumentError)
    assert store.get_document_count() == 0
    assert store.sync()["changed"] is False


def test_one_that_fails_to_embed_the_question(open_store: OpenStore) -> None:
    store = open_store(embedder=broken)
    store.add_documents(["x"], embeddings=[[1.0, 2.0]])
    with pytest.raises(StorageError, match="the model is not here"):
        store.search_similar("x")
    assert store.search_similar(None, query_embedding=[1, 2])["documents"] == ["x"]


def test_vectors_of_a_function_are_compared_by_their_angle(open_store: OpenStore, store: VectorStore) -> None:
    """Not by length, as Chroma's own choice of metric would: a long text is not far from a short one of its kind."""
    plain = open_store("memory://tests/angle", embedder=lambda texts: [[float(len(text)), 1.0] for text in texts])
    plain.add_documents(["x" * 1000, "x"], ids=["long", "short"])
    found = plain.search_similar("x" * 100, 2)
    assert found["ids"] == ["long", "short"]
    assert max(found["distances"]) < 1
