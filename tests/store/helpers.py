"""What the tests of the store share: a judge without Chroma's code, and this process seen from outside."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chromadb
import numpy as np
from chromadb.config import Settings

from thoth_storage import VectorStore

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

__all__ = [
    "SETTINGS",
    "bare_chroma",
    "brute_force",
    "contents",
    "descriptors",
    "open_below",
    "random_vectors",
    "vectors_of",
    "wait_until",
]

SETTINGS = (
    *("THOTH_STORAGE_URL", "THOTH_STORAGE_CACHE_DIR", "THOTH_STORAGE_EMBEDDER", "THOTH_STORAGE_LOG_LEVEL"),
    *("CHROMA_PERSIST_DIRECTORY", "GCS_BUCKET_NAME", "GCP_PROJECT_ID", "LOG_LEVEL"),
)
"""Every variable that ``thoth_storage.config`` reads."""

Vectors = np.ndarray[Any, np.dtype[np.float64]]


@contextmanager
def bare_chroma(folder: Path) -> Iterator[ClientAPI]:
    """What anybody has who knows nothing of this project."""
    client = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
    try:
        yield client
    finally:
        client.close()  # type: ignore[attr-defined]


def random_vectors(count: int, dimensions: int, seed: int) -> Vectors:
    return np.random.default_rng(seed).normal(size=(count, dimensions))


def brute_force(
    vectors: Vectors, asked: Sequence[float], among: Sequence[int] | None = None
) -> list[tuple[int, float]]:
    """Every row with its cosine distance from ``asked``, nearest first, in double precision."""
    query = np.asarray(asked, dtype=np.float64)
    rows = range(len(vectors)) if among is None else among
    distances = [
        (row, 1 - float(vectors[row] @ query) / float(np.linalg.norm(vectors[row]) * np.linalg.norm(query)))
        for row in rows
    ]
    return sorted(distances, key=lambda pair: pair[1])


def contents(store: VectorStore) -> dict[str, tuple[str, Any]]:
    """All documents and metadatas by id."""
    found = store.get_documents()
    assert len(set(found["ids"])) == len(found["ids"])
    return {
        each: (document, metadata)
        for each, document, metadata in zip(found["ids"], found["documents"], found["metadatas"], strict=True)
    }


def vectors_of(texts: Sequence[str]) -> list[list[float]]:
    """For an embedder of three dimensions: which of a, b and c a text has most of."""
    return [[text.count(letter) + 0.01 for letter in "abc"] for text in texts]


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def open_below(folder: Path) -> list[str]:
    """The files below ``folder`` that this process has open, deleted ones too."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:  # that of the listing itself
            continue
        if target.startswith(f"{folder}/"):
            found.append(target)
    return found


def wait_until(true: Callable[[], object], seconds: float = 20) -> None:
    """For what another thread or Chroma finishes in its own time; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "this did not happen in time"
        time.sleep(0.01)
