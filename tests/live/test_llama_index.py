"""LlamaIndex's vector store on one of our collections: all that its users do, and again from the URL."""

from __future__ import annotations

from pathlib import Path

from llama_index.core.schema import BaseNode, NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters, VectorStoreQuery
from llama_index.vector_stores.chroma import ChromaVectorStore

from tests.store.helpers import vectors_of
from thoth_storage import PersistentClient

URL = "memory://tests/llama-index"


def node(text: str, number: int, source: str) -> BaseNode:
    return TextNode(
        id_=text,
        text=text,
        embedding=vectors_of([text])[0],
        metadata={"n": number},
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=source)},
    )


def ask(store: ChromaVectorStore, text: str, filters: MetadataFilters | None = None) -> list[str]:
    found = store.query(VectorStoreQuery(vectors_of([text])[0], similarity_top_k=2, filters=filters))
    assert found.nodes is not None
    return [each.node_id for each in found.nodes]


def test_what_programs_do_with_it(tmp_path: Path) -> None:
    large = MetadataFilters(filters=[MetadataFilter(key="n", value=3, operator=FilterOperator.GTE)])
    with PersistentClient(URL, cache_dir=tmp_path / "one") as client:
        store = ChromaVectorStore(chroma_collection=client.get_or_create_collection("letters"))
        nodes = [node("aaa", 1, "first"), node("aab", 2, "first"), node("bbb", 3, "second"), node("ccc", 4, "third")]
        assert store.add(nodes) == ["aaa", "aab", "bbb", "ccc"]
        assert ask(store, "aaa") == ["aaa", "aab"]
        assert ask(store, "bbb", large) == ["bbb", "ccc"]
        store.delete("first")
        store.delete_nodes(["ccc"])
        assert ask(store, "aaa") == ["bbb"]
        store.add([node("aca", 5, "fourth")])

    with PersistentClient(URL, cache_dir=tmp_path / "two", mode="r") as client:
        store = ChromaVectorStore.from_collection(client.get_collection("letters"))
        assert ask(store, "aaa") == ["aca", "bbb"]
        assert ask(store, "bbb", large) == ["bbb", "aca"]
        (kept,) = store.get_nodes(["bbb"])
        assert kept.get_content() == "bbb"
        assert kept.metadata == {"n": 3}
        assert kept.ref_doc_id == "second"
