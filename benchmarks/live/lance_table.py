"""Writes the documents of a Chroma directory as a table of LanceDB, with an index as its defaults make it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import chromadb
from chromadb.config import Settings

from benchmarks.live.rows import DIMENSIONS
from benchmarks.live.told import answer, arguments

# Not known to the type checker where they are not installed.
lancedb: Any = import_module("lancedb")
pa: Any = import_module("pyarrow")
_PAGE = 5000


def main(directory: str, collection: str, target: str) -> None:
    """``directory`` is opened, so it must be a copy."""
    client: Any = chromadb.PersistentClient(directory, Settings(anonymized_telemetry=False))
    found = client.get_collection(collection, embedding_function=None)
    whole = pa.concat_tables(_pages(found))
    table = lancedb.connect(target).create_table(collection, whole, mode="overwrite")
    table.create_index("vector", config=import_module("lancedb.index").IvfPq(distance_type="cosine"))
    client.close()
    answer(rows=table.count_rows())


def _pages(collection: Any) -> Iterator[Any]:
    include = ["documents", "metadatas", "embeddings"]
    for start in range(0, collection.count(), _PAGE):
        page = collection.get(limit=_PAGE, offset=start, include=include)
        vectors = pa.array(page["embeddings"].astype("float32").ravel())
        yield pa.table(
            {
                "id": page["ids"],
                "document": page["documents"],
                "number": [metadata["number"] for metadata in page["metadatas"]],
                "source": [metadata["source"] for metadata in page["metadatas"]],
                "vector": pa.FixedSizeListArray.from_arrays(vectors, DIMENSIONS),
            }
        )


if __name__ == "__main__":
    main(**arguments())
