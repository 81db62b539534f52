"""384 dimensions, as Chroma's own model has, without the model: what a store takes does not depend on their meaning."""

from __future__ import annotations

from thoth_storage.store.lexical import LexicalEmbedder

__all__ = ["EMBEDDER"]

EMBEDDER = LexicalEmbedder(384)
