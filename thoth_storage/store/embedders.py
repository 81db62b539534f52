"""From what a caller or a setting names to an embedding function that Chroma takes."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from chromadb.api.types import Documents, EmbeddingFunction, Embeddings, Space
from chromadb.utils.embedding_functions import DefaultEmbeddingFunction

from thoth_storage.errors import ConfigurationError
from thoth_storage.store.lexical import LexicalEmbedder

__all__ = ["hnsw_of", "resolve_embedder"]


def resolve_embedder(embedder: Any) -> EmbeddingFunction[Documents]:
    """``embedder`` is one of Chroma's embedding functions, any callable from a list of texts to vectors, an object with
    ``encode`` (as sentence-transformers have), or a name: ``default``, ``lexical``, ``module:object``.

    Raises ConfigurationError for anything else.
    """
    if isinstance(embedder, str):
        embedder = _by_name(embedder)
    if isinstance(embedder, type):
        embedder = embedder()
    if isinstance(embedder, EmbeddingFunction):
        return embedder
    if callable(getattr(embedder, "encode", None)):
        return _Callable(embedder.encode)
    if callable(embedder):
        return _Callable(embedder)
    raise ConfigurationError(
        f"{embedder!r:.100} is no embedder", hint="pass a Chroma embedding function, a callable, 'default' or 'lexical'"
    )


def hnsw_of(embedder: EmbeddingFunction[Documents]) -> dict[str, Any]:
    """Of a new collection's index: the metric, which Chroma asks only those functions for that it can store, else it
    takes l2; and what the embedder's vectors need."""
    more = embedder.hnsw if isinstance(embedder, LexicalEmbedder) else {}
    return {"space": embedder.default_space(), **more}


def _by_name(name: str) -> Any:
    if name == "default":
        return DefaultEmbeddingFunction()
    if name == "lexical":
        return LexicalEmbedder()
    module, colon, attribute = name.partition(":")
    if not colon:
        raise ConfigurationError(
            f"there is no embedder called {name!r}", hint="use 'default', 'lexical' or 'module:object'"
        )
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"the embedder {name!r} cannot be imported: {error}") from error


class _Callable(EmbeddingFunction[Documents]):
    """A bare function as Chroma wants it. Chroma marks it as one that it cannot store, so it is passed at each open."""

    def __init__(self, embed: Any) -> None:
        self._embed = embed

    def __call__(self, input: Documents) -> Embeddings:  # noqa: A002 - Chroma's name
        return self._embed(input)  # type: ignore[no-any-return]

    @staticmethod
    def name() -> str:
        return NotImplemented  # type: ignore[no-any-return]

    def default_space(self) -> Space:
        # What texts are compared by. Chroma's own answer, l2, would also rank by the length of the vectors.
        return "cosine"

    def get_config(self) -> dict[str, Any]:
        return NotImplemented  # type: ignore[no-any-return]

    @staticmethod
    def build_from_config(config: dict[str, Any]) -> EmbeddingFunction[Documents]:  # noqa: ARG004 - Chroma's signature
        return NotImplemented  # type: ignore[no-any-return]
