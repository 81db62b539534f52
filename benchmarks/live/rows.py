"""Rows to write, and vectors to ask for: such as ``benchmarks.documents`` made the base of."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["COLLECTION", "DIMENSIONS", "Rows", "name"]

COLLECTION = "documents"
DIMENSIONS = 384
_CHARACTERS = 450
_HANDBOOK = Path(__file__).parents[2] / "examples" / "handbook"


def name(number: int) -> str:
    """The id of a document in the base."""
    return f"document-{number:08}"


class Rows:
    """New texts and vectors for given numbers. The same ``seed`` gives the same rows."""

    def __init__(self, seed: int) -> None:
        self._vectors = np.random.default_rng(seed)
        self._chance = random.Random(seed)
        texts = [path.read_text(encoding="utf-8") for path in sorted(_HANDBOOK.glob("*.md"))]
        self._words = " ".join(texts).split()

    def vectors(self, count: int) -> Any:
        """An array of so many vectors."""
        return self._vectors.standard_normal((count, DIMENSIONS), dtype=np.float32)

    def of(self, numbers: Sequence[int]) -> dict[str, Any]:
        """The arguments of a write."""
        return {
            "ids": [name(number) for number in numbers],
            "documents": [self._text() for _ in numbers],
            "metadatas": [{"number": number, "source": f"file-{number % 97}.md"} for number in numbers],
            "embeddings": self.vectors(len(numbers)),
        }

    def _text(self) -> str:
        words = self._chance.choices(self._words, k=_CHARACTERS // 4)
        return " ".join(words)[:_CHARACTERS]
