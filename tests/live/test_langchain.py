"""LangChain's Chroma, given our client instead of chromadb's: all that its users do, and again from the URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from tests.store.helpers import vectors_of
from thoth_storage import PersistentClient
from thoth_storage.errors import PermissionError_
from thoth_storage.store.client import LiveClient

URL = "memory://tests/langchain"


class Letters(Embeddings):
    """Which of a, b and c a text has most of."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return vectors_of(texts)

    def embed_query(self, text: str) -> list[float]:
        return vectors_of([text])[0]


def of(client: LiveClient) -> Chroma:
    return Chroma(client=client, collection_name="letters", embedding_function=Letters())


def test_what_programs_do_with_it(tmp_path: Path) -> None:
    with PersistentClient(URL, cache_dir=tmp_path / "one") as client:
        store = of(client)
        store.add_texts(["aaa", "bbb", "ccc"], metadatas=[{"n": 1}, {"n": 2}, {"n": 3}], ids=["a", "b", "c"])
        store.add_documents([Document("aab", metadata={"n": 4}), Document("bbc", metadata={"n": 5})], ids=["ab", "bc"])
        assert [found.page_content for found in store.similarity_search("aaa", k=2)] == ["aaa", "aab"]
        large: Any = {"n": {"$gte": 3}}
        ((nearest, distance),) = store.similarity_search_with_score("bb", k=1, filter=large)
        assert nearest == Document("bbc", id="bc", metadata={"n": 5})
        assert distance == pytest.approx(1.0)
        spread = store.max_marginal_relevance_search("aaa", k=2, fetch_k=5, lambda_mult=0.1)
        assert spread[0].id == "a"
        assert spread[1].id in {"b", "c", "bc"}  # the next nearest, ab, is too much like the first
        small: Any = {"n": {"$lt": 3}}
        assert store.get(where=small)["ids"] == ["a", "b"]
        store.update_document("c", Document("cca", metadata={"n": 6}))
        store.delete(ids=["b"])
        assert client.status().pending > 0

    with PersistentClient(URL, cache_dir=tmp_path / "two", mode="r") as client:
        store = of(client)
        assert sorted(store.get()["ids"]) == ["a", "ab", "bc", "c"]
        assert store.get_by_ids(["c"]) == [Document("cca", id="c", metadata={"n": 6})]
        assert store.similarity_search("ccc", k=1)[0].id == "c"
        retriever = store.as_retriever(search_kwargs={"k": 1, "filter": {"n": 4}})
        assert [found.id for found in retriever.invoke("ccc")] == ["ab"]
        with pytest.raises(PermissionError_):
            store.add_texts(["abc"])


def test_a_collection_is_made_anew_and_brought_back(tmp_path: Path) -> None:
    with PersistentClient("memory://tests/langchain-again", cache_dir=tmp_path) as client:
        store = Chroma.from_texts(["aaa", "bbb"], Letters(), ids=["a", "b"], client=client, collection_name="letters")
        client.checkpoint("before")
        store.reset_collection()
        assert store.get()["ids"] == []
        client.restore("before")
        assert of(client).similarity_search("b", k=1)[0].id == "b"
