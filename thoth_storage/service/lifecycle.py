"""The store of a service from its start to its end: opened in the background, and closed when the process is to go.

A store may take minutes to come, and a platform that hears nothing meanwhile kills the process: so it answers at once
and says what it waits for. At the end writes are refused first, then those under way end, then a checkpoint is made.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from thoth_storage.errors import ConfigurationError, NotFoundError, PermissionError_, StorageError, UnavailableError

if TYPE_CHECKING:
    from thoth_storage.repository import Progress
    from thoth_storage.store import VectorStore

__all__ = ["StoreKeeper"]

_log = logging.getLogger(__name__)
_PASSING = (UnavailableError, NotFoundError, PermissionError_)
"""What may be over soon: rights take minutes to spread, and a reader may come before the first writer."""

Opener = Callable[[Callable[["Progress"], None]], "VectorStore"]


class StoreKeeper:
    """``failure`` is the error for which there will be no store; ``problem`` that of the last try, while there may be.
    ``failed`` is called, in the background, when there is a failure."""

    def __init__(self, opener: Opener, failed: Callable[[], None] = lambda: None) -> None:
        self.failure: BaseException | None = None
        self.problem: StorageError | None = None
        self.progress: Progress | None = None
        self.stopping = False
        self.failed = failed
        self._opener = opener
        self._store: VectorStore | None = None
        self._writers = 0
        self._changed = threading.Condition()
        self._ended = threading.Event()

    def start(self) -> None:
        """Begin to open the store. A thread that nobody waits for: it may hang on a network."""
        threading.Thread(target=self._open, name="thoth-open", daemon=True).start()

    @property
    def is_open(self) -> bool:
        return self._store is not None

    def store(self) -> VectorStore:
        """Raises UnavailableError while there is none yet."""
        if self._store is None:
            raise UnavailableError("the store is still being opened", hint="try again; /ready tells when it is there")
        return self._store

    @contextmanager
    def writing(self) -> Iterator[VectorStore]:
        """The store for a write, for whose end ``close`` waits. Raises UnavailableError after ``stop_writes``."""
        with self._changed:
            if self.stopping:
                raise UnavailableError(
                    "this instance is being stopped and takes no more writes",
                    hint="send the same request again: another instance takes it, and nothing is stored twice",
                )
            store = self.store()
            self._writers += 1
        try:
            yield store
        finally:
            with self._changed:
                self._writers -= 1
                self._changed.notify_all()

    def stop_writes(self) -> None:
        """Let no new write begin. For a signal handler too: it takes no lock."""
        self.stopping = True
        self._ended.set()

    def close(self, seconds: float) -> None:
        """Wait for writes that are under way, for ``seconds`` at most, then make a checkpoint and close. Never raises:
        what was acknowledged is in the log, whatever happens here."""
        self.stop_writes()
        deadline = time.monotonic() + seconds
        with self._changed:
            self._changed.wait_for(lambda: self._writers == 0, max(0.0, deadline - time.monotonic()))
            store, left = self._store, self._writers
        if store is None:
            return
        if left:
            _log.warning("%d writes are still under way, and were not acknowledged", left)
        try:
            store.close()
        except StorageError as error:
            _log.error("no last checkpoint, the log has what was written: %s", error)
        except Exception:
            # Foreign code, at the very end: what is left to do is to say so.
            _log.exception("the store could not be closed; the log has what was written")

    def _open(self) -> None:
        wait = 1.0
        while not self._ended.is_set():
            try:
                store = self._opener(self._tell)
            except _PASSING as error:
                if isinstance(error, ConfigurationError):
                    self._fail(error)
                    return
                self.problem = error
                _log.warning("the store cannot be opened, next try in %.0f s: %s", wait, error)
                self._ended.wait(wait)
                wait = min(wait * 2, 30.0)
            except Exception as error:
                # An embedder or a plugin may raise anything, and who waits for the store has to hear of it.
                self._fail(error)
                return
            else:
                self._take(store)
                return

    def _take(self, store: VectorStore) -> None:
        with self._changed:
            self.problem = None
            # One that comes after the end was announced would be closed by nobody.
            if not self._ended.is_set():
                self._store = store

    def _fail(self, error: Exception) -> None:
        self.failure = error
        self.failed()

    def _tell(self, progress: Progress) -> None:
        self.progress = progress
