"""Writes and changes a Chroma directory: ``python -m benchmarks.documents N WHAT DIRECTORY``.

``WHAT`` is base, added, updated, deleted, or added-2 to added-7: what follows in a chain. A process of its own, since
chromadb's memory must not be counted as that of the commands which the benchmark starts later.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

_HANDBOOK = Path(__file__).parents[1] / "examples" / "handbook"
_CHARACTERS = 450
_DIMENSIONS = 384
_BATCH = 5000
_SEED = 20


def main(documents: int, what: str, directory: str) -> None:
    """Changed documents are every hundredth: spread over all files, as they are in life, and the hardest for a tool
    that stores blocks.
    """
    import chromadb
    from chromadb.config import Settings

    client: Any = chromadb.PersistentClient(directory, Settings(anonymized_telemetry=False))
    collection = client.get_or_create_collection(
        "documents", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
    )
    hundredth = max(documents // 100, 1)
    every_hundredth = range(0, documents, 100)
    match what:
        case "base":
            _write(collection.add, range(documents), what)
        case "updated":
            _write(collection.update, every_hundredth, what)
        case "deleted":
            for numbers in _batches(every_hundredth):
                collection.delete(ids=_ids(numbers))
        case _:
            step = int(what.partition("-")[2] or 1)
            first = documents + (step - 1) * hundredth
            _write(collection.add, range(first, first + hundredth), what)
    client.close()


def _write(write: Any, numbers: range, what: str) -> None:
    import numpy as np

    vectors = np.random.default_rng([_SEED, *what.encode()])
    texts = _texts(random.Random(f"{_SEED} {what}"))
    for batch in _batches(numbers):
        write(
            ids=_ids(batch),
            documents=[next(texts) for _ in batch],
            metadatas=[{"number": number, "source": f"file-{number % 97}.md"} for number in batch],
            embeddings=vectors.standard_normal((len(batch), _DIMENSIONS), dtype=np.float32),
        )


def _batches(numbers: range) -> Iterator[Sequence[int]]:
    return (numbers[start : start + _BATCH] for start in range(0, len(numbers), _BATCH))


def _ids(numbers: Sequence[int]) -> list[str]:
    return [f"document-{number:08}" for number in numbers]


def _texts(chance: random.Random) -> Iterator[str]:
    """Texts of the handbook's words, each as frequent as there, so that they compress about as prose does."""
    words = [word for path in sorted(_HANDBOOK.glob("*.md")) for word in path.read_text(encoding="utf-8").split()]
    while True:
        text = ""
        while len(text) < _CHARACTERS:
            text += f"{chance.choice(words)} "
        yield text[:_CHARACTERS]


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
