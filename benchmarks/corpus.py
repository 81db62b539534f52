"""Makes the directories that are backed up: a real Chroma store of N documents, and the same as it grows.

A process of its own (``python -m benchmarks.corpus N FOLDER``), since chromadb's memory must not be counted as that
of the commands which the benchmark starts later.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = ["Corpus", "corpus"]

_HANDBOOK = Path(__file__).parents[1] / "examples" / "handbook"
_CHARACTERS = 450
_DIMENSIONS = 384
_BATCH = 5000
_SEED = 20


@dataclass(frozen=True)
class Corpus:
    """``more`` is ``base`` with 1 % added, ``most`` is ``more`` with as many again: Chroma rewrites its index files
    when 1,000 documents wait, so of 50,000 the second hundredth changes far more bytes than the first. ``tiny`` holds
    one byte.
    """

    documents: int
    base: Path
    more: Path
    most: Path
    tiny: Path

    @property
    def size(self) -> int:
        return sum(path.stat().st_size for path in self.base.rglob("*") if path.is_file())


def corpus(documents: int, work: Path) -> Corpus:
    """The corpus from ``work``, made there if it is not: an interrupted making leaves nothing that looks whole."""
    folder = work / f"corpus-{documents}-chromadb-{metadata.version('chromadb')}"
    if not folder.is_dir():
        unfinished = folder.with_name(f"{folder.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        (unfinished / "tiny").mkdir(parents=True)
        (unfinished / "tiny" / "byte").write_bytes(b"1")
        command = [sys.executable, "-m", "benchmarks.corpus", str(documents), str(unfinished)]
        subprocess.run(command, check=True, cwd=Path(__file__).parents[1])
        unfinished.rename(folder)
    return Corpus(documents, *(folder / name for name in ("base", "more", "most", "tiny")))


def _make(documents: int, folder: Path) -> None:
    hundredth = max(documents // 100, 1)
    _add(folder / "base", 0, documents)
    shutil.copytree(folder / "base", folder / "more")
    _add(folder / "more", documents, hundredth)
    shutil.copytree(folder / "more", folder / "most")
    _add(folder / "most", documents + hundredth, hundredth)
    # What is still in the page cache would be written to the disk while somebody is timed.
    os.sync()


def _add(directory: Path, first: int, count: int) -> None:
    import chromadb
    import numpy as np
    from chromadb.config import Settings

    client: Any = chromadb.PersistentClient(str(directory), Settings(anonymized_telemetry=False))
    collection = client.get_or_create_collection(
        "documents", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
    )
    vectors = np.random.default_rng([_SEED, first])
    texts = _texts(random.Random(f"{_SEED} {first}"))
    for start in range(first, first + count, _BATCH):
        numbers = range(start, min(start + _BATCH, first + count))
        collection.add(
            ids=[f"document-{number:08}" for number in numbers],
            documents=[next(texts) for _ in numbers],
            metadatas=[{"number": number, "source": f"file-{number % 97}.md"} for number in numbers],
            embeddings=vectors.standard_normal((len(numbers), _DIMENSIONS), dtype=np.float32),
        )
    client.close()


def _texts(chance: random.Random) -> Iterator[str]:
    """Texts of the handbook's words, each as frequent as there, so that they compress about as prose does."""
    words = [word for path in sorted(_HANDBOOK.glob("*.md")) for word in path.read_text(encoding="utf-8").split()]
    while True:
        text = ""
        while len(text) < _CHARACTERS:
            text += f"{chance.choice(words)} "
        yield text[:_CHARACTERS]


if __name__ == "__main__":
    _make(int(sys.argv[1]), Path(sys.argv[2]))
