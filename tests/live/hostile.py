"""A store from a stranger: its collections name embedding functions that serve him, and his server takes down who
calls."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from email.message import Message
from pathlib import Path
from typing import Any

from chromadb.api import ClientAPI
from chromadb.utils.embedding_functions import HuggingFaceEmbeddingServer

from tests.live.answering import JsonServer
from tests.store.helpers import bare_chroma

__all__ = ["SECRET", "HttpServer", "build", "functions", "huggingface"]

SECRET = "DATABASE_PASSWORD"
"""A variable of the environment that is none of the stranger's business."""


class HttpServer(JsonServer):
    """Embeds texts as a server of Hugging Face does, and keeps who asked with what."""

    def __init__(self) -> None:
        self.requests: list[tuple[str | None, Any]] = []
        super().__init__("embed", self._embed)

    def _embed(self, headers: Message, content: bytes) -> list[list[float]]:
        body = json.loads(content)
        self.requests.append((headers["Authorization"], body))
        return [[1.0, 0.0]] * len(body["inputs"])

    @property
    def inputs(self) -> list[str]:
        return [text for _, body in self.requests for text in body["inputs"]]


def huggingface(url: str, variable: str | None = None) -> dict[str, Any]:
    return {
        "type": "known",
        "name": "huggingface_server",
        "config": {"url": url, "api_key_env_var": variable},
    }


def functions(url: str) -> dict[str, dict[str, Any]]:
    """What a collection may name, by what it does: send a secret away, run code that it fetches, send texts away."""
    code = {"model_name": "stranger/model", "device": "cpu", "normalize_embeddings": False}
    return {
        "secret": huggingface(url, SECRET),
        "code": {
            "type": "known",
            "name": "sentence_transformer",
            "config": {**code, "kwargs": {"trust_remote_code": True}},
        },
        "texts": {
            "type": "known",
            "name": "openai",
            "config": {"api_key_env_var": SECRET, "model_name": "m", "api_base": url},
        },
    }


def build(folder: Path, collections: dict[str, dict[str, Any]], sparse: dict[str, Any] | None = None) -> None:
    """A Chroma directory with a row in each of ``collections``, which name these functions. ``sparse``: the function of
    a sparse index that each of them has beside."""
    with bare_chroma(folder) as client:
        for name in collections:
            _fill(client, name)
    with closing(sqlite3.connect(folder / "chroma.sqlite3")) as database:
        for name, function in collections.items():
            (stored,) = database.execute("SELECT schema_str FROM collections WHERE name = ?", [name]).fetchone()
            schema = json.loads(stored)
            for each in _indexes(schema):
                each["embedding_function"] = function
            if sparse:
                config = {"embedding_function": sparse, "source_key": "#document", "bm25": False}
                index = {"sparse_vector_index": {"enabled": True, "config": config}}
                schema["keys"]["sparse"] = {"sparse_vector": index}
            database.execute("UPDATE collections SET schema_str = ? WHERE name = ?", [json.dumps(schema), name])
        database.commit()


def _fill(client: ClientAPI, name: str) -> None:
    function = HuggingFaceEmbeddingServer("http://nowhere.invalid")
    collection = client.create_collection(name, embedding_function=function)  # type: ignore[arg-type]
    vectors: Any = [[1.0, 0.0], [0.0, 1.0]]
    collection.add(ids=["1", "2"], embeddings=vectors, documents=["one", "two"])


def _indexes(schema: Any) -> Iterator[dict[str, Any]]:
    """The settings of each index of vectors, wherever they are."""
    if isinstance(schema, dict):
        if "vector_index" in schema:
            yield schema["vector_index"]["config"]
        for each in schema.values():
            yield from _indexes(each)
