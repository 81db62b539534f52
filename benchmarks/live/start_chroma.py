"""Chroma's own start: a directory that lies on the disk already, to the first answer."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.live.told import answer, arguments, peak


def main(directory: str, vector: list[float], collection: str) -> None:
    began = time.monotonic()
    import chromadb
    from chromadb.config import Settings

    imported = time.monotonic()
    client: Any = chromadb.PersistentClient(directory, Settings(anonymized_telemetry=False))
    documents = client.get_collection(collection, embedding_function=None)
    found = documents.query(query_embeddings=[vector], n_results=10)
    answered = time.monotonic()
    assert len(found["ids"][0]) == 10, found
    answer(answered=answered, imports=imported - began, open=answered - imported, peak=peak())
    client.close()


if __name__ == "__main__":
    main(**arguments())
