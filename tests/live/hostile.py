"""A store from a stranger: its collections name embedding functions that serve him, and his server takes down who
calls."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from chromadb.api import ClientAPI
from chromadb.utils.embedding_functions import HuggingFaceEmbeddingServer

from tests.store.helpers import bare_chroma

__all__ = ["SECRET", "HttpServer", "build", "functions", "huggingface"]

SECRET = "DATABASE_PASSWORD"
"""A variable of the environment that is none of the stranger's business."""


class HttpServer:
    """Embeds texts as a server of Hugging Face does, and keeps who asked with what."""

    def __init__(self) -> None:
        self.requests: list[tuple[str | None, Any]] = []
        seen = self.requests

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                seen.append((self.headers["Authorization"], body))
                answer = json.dumps([[1.0, 0.0]] * len(body["inputs"])).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/embed"
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.01], daemon=True)

    @property
    def inputs(self) -> list[str]:
        return [text for _, body in self.requests for text in body["inputs"]]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


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
