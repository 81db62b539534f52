"""An embedder without a model: for demos, tests and machines that cannot download one.

Feature hashing (Weinberger et al., Feature Hashing for Large Scale Multitask Learning, ICML 2009) of words and of the
character n-grams within words. It finds texts that share vocabulary, also inflected or misspelt, and knows nothing
of meaning: "car" and "automobile" are strangers to it. For real use take a trained model; Chroma's own is the default.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from typing import Any, ClassVar

import numpy as np
from chromadb.api.types import Documents, EmbeddingFunction, Embeddings, Space
from chromadb.utils.embedding_functions import register_embedding_function

__all__ = ["LexicalEmbedder"]

_WORD = re.compile(r"\w+")
_GRAMS = (3, 4)
_GRAM_WEIGHT = 1.0
"""What a word's n-grams weigh together, against the word itself. Of the handbook's 265 titles, 120 find their section
among the first five with this, 99 with 0.3: then a relative's likeness drowns in the noise of collisions."""


@register_embedding_function
class LexicalEmbedder(EmbeddingFunction[Documents]):
    """Deterministic vectors of length 1 in ``dimensions`` dimensions (float32), the same on every machine.

    Long and rare-looking words count more than short ones, repeated ones by the logarithm of their number.
    """

    hnsw: ClassVar[dict[str, int]] = {"max_neighbors": 32}
    """For the index of a new collection. Such vectors are nearly all at right angles: with Chroma's 16 links some are
    not found from anywhere. Measured on the demo's 301 texts: of 150 indexes 3 missed one of 15 nearest, of 500 with 32
    links none."""

    def __init__(self, dimensions: int = 512) -> None:
        if dimensions < 1:
            raise ValueError(f"an embedding needs at least one dimension, not {dimensions}")
        self.dimensions = dimensions

    def __call__(self, input: Documents) -> Embeddings:  # noqa: A002 - Chroma's name
        return [self._embed(text) for text in input]

    def _embed(self, text: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
        features: Counter[str] = Counter()
        for word, count in Counter(words).items():
            weight = (1 + np.log(count)) * min(len(word), 8) / 8
            features[word] += weight
            padded = f"<{word}>"
            grams = [padded[i : i + n] for n in _GRAMS for i in range(len(padded) - n + 1)]
            for gram in grams:
                features[f"#{gram}"] += _GRAM_WEIGHT * weight / len(grams) ** 0.5
        vector = np.zeros(self.dimensions, dtype=np.float32)
        for feature, weight in features.items():
            hashed = zlib.crc32(feature.encode())
            # One bit for the sign makes collisions cancel in the mean; the others choose the place.
            vector[(hashed >> 1) % self.dimensions] += weight if hashed & 1 else -weight
        length = float(np.linalg.norm(vector))
        if not length:
            # A text without a word has no direction; Chroma's cosine space needs one.
            vector[0], length = 1.0, 1.0
        return vector / np.float32(length)

    @staticmethod
    def name() -> str:
        return "thoth_lexical"

    def default_space(self) -> Space:
        return "cosine"

    def get_config(self) -> dict[str, Any]:
        return {"dimensions": self.dimensions}

    @staticmethod
    def build_from_config(config: dict[str, Any]) -> LexicalEmbedder:
        return LexicalEmbedder(**config)
