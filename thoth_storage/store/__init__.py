"""The vector store at a URL: a local, disposable Chroma directory above a repository of snapshots."""

from thoth_storage.store.lexical import LexicalEmbedder
from thoth_storage.store.vector_store import VectorStore

__all__ = ["LexicalEmbedder", "VectorStore"]
