"""Chroma's refusals as errors of ours, where it is us and not the program who call it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chromadb.errors import ChromaError

from thoth_storage.errors import InvalidArgumentError, StorageError

__all__ = ["chroma_errors"]


@contextmanager
def chroma_errors() -> Iterator[None]:
    """Chroma's refusals as ours: bad values (wrong dimension, duplicate ids, a malformed filter) are told as such."""
    try:
        yield
    except (ValueError, TypeError) as error:
        if isinstance(error, StorageError):
            raise
        raise InvalidArgumentError(f"Chroma refused: {error}") from error
    except ChromaError as error:
        kind = InvalidArgumentError if error.code() < 500 else StorageError
        raise kind(f"Chroma failed: {error.message()}") from error
