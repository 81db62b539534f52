"""Collections of every kind, and all of what a Chroma has, told by chromadb's own client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from chromadb.api.types import IntInvertedIndexConfig, Schema, StringInvertedIndexConfig
from chromadb.utils.embedding_functions import DefaultEmbeddingFunction

from thoth_storage import LexicalEmbedder, PersistentClient
from thoth_storage.backend import Backend
from thoth_storage.registry import open_backend

__all__ = ["ROWS", "all_of", "files_of", "fill", "made", "rows_of", "store"]

ROWS: list[dict[str, Any] | None] = [
    {"text": "plain", "whole": 1, "part": 1.5, "flag": True, "mixed": "x", "number": 1},
    {"text": "", "whole": 2**63 - 1, "part": 5e-324, "flag": False, "mixed": 7, "number": 2.5},
    {"text": "ä\n\0\U0001f600", "whole": -(2**63), "part": -1e300, "mixed": 7.0, "number": 2**53 + 1},
    None,
    {"texts": ["a", ""], "wholes": [1, 2], "parts": [1.0, 0.1], "flags": [True, False], "mixed": ["x"]},
    {'a key, with: "odd" letters\n': 1, "Text": "case", "mixed": True, "k" * 300: "long"},
]
"""Metadata of every type that Chroma takes, and keys that no column should be called."""


def fill(client: Any) -> None:
    """Collections of every kind."""
    everything = client.create_collection("everything", metadata={"about": "all", "n": 1, "f": 1.0, "yes": True})
    count = len(ROWS)
    vectors = np.random.default_rng(7).normal(size=(count, 5)).astype(np.float32)
    documents: Any = ["one", None, "", "ä\0", None, "last"]
    uris: Any = [None, "file:///b", None, "", None, "u"]
    everything._embed = None
    client._server._add(
        collection_id=everything.id,
        ids=[f"id {number} ä" for number in range(count)],
        embeddings=list(vectors),
        metadatas=ROWS,
        documents=documents,
        uris=uris,
        tenant=client.tenant,
        database=client.database,
    )
    client.create_collection("empty", embedding_function=DefaultEmbeddingFunction())
    lexical = client.create_collection(
        "tuned",
        configuration={"hnsw": {"space": "ip", "ef_search": 77, "max_neighbors": 9, "sync_threshold": 500}},
        embedding_function=LexicalEmbedder(),
    )
    lexical.add(ids=["t1", "t2"], documents=["opening hours", "closing time"])
    client.create_collection("older", metadata={"hnsw:space": "cosine", "hnsw:M": 20, "x": 1}, embedding_function=None)
    schema = Schema()
    schema.delete_index(config=StringInvertedIndexConfig(), key="big")
    schema.create_index(config=IntInvertedIndexConfig(), key="n")
    client.create_collection("schema", schema=schema, embedding_function=None)


def rows_of(client: Any, name: str) -> dict[str, tuple[Any, ...]]:
    """Every row by id, with the bits of its vector and the types of its metadata."""
    found = client.get_collection(name, embedding_function=None).get(
        include=["embeddings", "documents", "uris", "metadatas"]
    )
    columns = (found["embeddings"], found["documents"], found["uris"], found["metadatas"])
    return {
        each: (np.asarray(vector, np.float32).tobytes(), document, uri, _typed(metadata))
        for each, vector, document, uri, metadata in zip(found["ids"], *columns, strict=True)
    }


def all_of(client: Any) -> dict[str, Any]:
    """All that is to come through: settings as stored, and rows."""
    return {
        each.name: (
            each._model.configuration_json,
            each._model.serialized_schema,
            _typed(each.metadata),
            rows_of(client, each.name),
        )
        for each in client.list_collections()
    }


@contextmanager
def store(url: Any, **options: Any) -> Iterator[Any]:
    with PersistentClient(url, cache_limit=0, **options) as client:
        yield client


def made(url: Any, rows: int = 6) -> dict[str, Any]:
    """A store with one small collection; what is in it."""
    with store(url) as client:
        notes = client.create_collection("notes", embedding_function=None)
        notes.add(
            ids=[f"n{number}" for number in range(rows)],
            embeddings=[[float(number), 1.0] for number in range(rows)],
            documents=[f"text {number}" for number in range(rows)],
            metadatas=[{"number": number, "even": number % 2 == 0} for number in range(rows)],
        )
        return all_of(client)


def files_of(folder: Path | Backend) -> list[str]:
    backend = open_backend(str(folder)) if isinstance(folder, Path) else folder
    return [each.key for each in backend.list()]


def _typed(metadata: Any) -> Any:
    """Equal only where the types are: 1, 1.0 and True are not."""
    if not metadata:
        return None
    return sorted((key, repr(value)) for key, value in metadata.items())
