"""One Chroma directory of this process: opened, used, captured, closed to the last descriptor.

Never two clients on one directory and nothing swapped under a client: a restore makes another LocalChroma, and the
old one goes when its last user is done.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import chromadb
from chromadb.config import Settings
from chromadb.errors import ChromaError

from thoth_storage.errors import InvalidArgumentError, StorageError
from thoth_storage.store.cache import CacheDirectory, cache_error

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection
    from chromadb.api.types import Documents, EmbeddingFunction

__all__ = ["LocalChroma", "chroma_errors"]


class LocalChroma:
    """One collection of the Chroma on a cache directory, which already holds what it shall start from (nothing, or a
    restored snapshot). Raises InvalidArgumentError where the collection was made with another embedder."""

    def __init__(self, cache: CacheDirectory, collection_name: str, embedder: EmbeddingFunction[Documents]) -> None:
        self._cache = cache
        self._name = collection_name
        self._embedder = embedder
        self._users = 0
        self._retired = False
        self._closed = False
        self._lock = threading.Lock()
        settings = Settings(anonymized_telemetry=False, allow_reset=True)
        with chroma_errors():
            self._client: ClientAPI = chromadb.PersistentClient(str(cache.path), settings=settings)
        try:
            self._collection = self._open_collection()
        except BaseException:
            self._client.close()  # type: ignore[attr-defined]
            raise

    @contextmanager
    def use(self) -> Iterator[Collection]:
        """The collection, kept open for the length of a ``with`` block even if this is retired meanwhile."""
        if not self.enter():
            raise StorageError("the store is closed", hint="open it again")
        with self.entered() as collection:
            yield collection

    def enter(self) -> bool:
        """Become a user, to be followed by ``entered``; False if this is retired already."""
        with self._lock:
            self._users += not self._retired
            return not self._retired

    @contextmanager
    def entered(self) -> Iterator[Collection]:
        """The collection for one who entered; leaves at the end of the ``with`` block."""
        try:
            with chroma_errors():
                yield self._collection
        finally:
            with self._lock:
                self._users -= 1
            self._close_if_idle()

    def reset(self) -> None:
        """Empty the collection, by making it anew. Nobody may be reading: its readers would fail."""
        with self.use():
            self._client.delete_collection(self._name)
            self._collection = self._open_collection()

    def capture(self) -> Path:
        """A copy of all files as plain bytes. The caller holds every writer back meanwhile: a copy under writes is
        corrupt more often than not. Never through SQLite: a second opener in one process breaks Chroma's locks.
        Raises what a cache directory raises, CapacityError for a full disk most likely; then nothing is left of it.
        """
        with self.use():
            copy = self._cache.sibling("capture")
            try:
                shutil.copytree(self._cache.path, copy, copy_function=_copy)
            except BaseException as error:
                shutil.rmtree(copy, ignore_errors=True)
                if isinstance(error, OSError):
                    raise cache_error(error, copy) from error
                raise
            return copy

    def retire(self) -> None:
        """No new users; closed and deleted when the last one leaves, which may be now."""
        with self._lock:
            self._retired = True
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        with self._lock:
            if self._closed or not self._retired or self._users:
                return
            self._closed = True
        self._client.close()  # type: ignore[attr-defined]
        self._cache.remove()

    def _open_collection(self) -> Collection:
        with chroma_errors():
            return self._client.get_or_create_collection(
                self._name,
                # A new collection's metric. Chroma asks only those functions for it that it can store, else takes l2.
                configuration={"hnsw": {"space": self._embedder.default_space()}},
                embedding_function=self._embedder,  # type: ignore[arg-type]
            )


def _copy(source: str, target: str) -> None:
    """With the first error raised at once: copytree goes on, and in the end tells texts without an errno."""
    try:
        shutil.copy2(source, target)
    except OSError as error:
        raise cache_error(error, Path(target).parent) from error


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
