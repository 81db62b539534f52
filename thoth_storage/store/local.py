"""The server object of chromadb and the directory that it works on: moved to another one, and closed to the last
file."""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thoth_storage.errors import StorageError
from thoth_storage.store.budget import is_memory_backed
from thoth_storage.store.chroma_errors import chroma_errors

if TYPE_CHECKING:
    from chromadb.api import ServerAPI

    from thoth_storage.store.cache import CacheDirectory

__all__ = ["Local"]

_PATIENCE = 3.0
"""Seconds to wait for Chroma's descriptors to go: it closes them on a thread of its own, within a second."""
_HELD = 0.3
"""Seconds after which descriptors that are still open may be held by what only the garbage collector can free."""


class Local:
    """The directory in use. Changed under the writers' lock only."""

    def __init__(self, cache: CacheDirectory) -> None:
        self.cache = cache
        self.closed = False
        self._pid = os.getpid()

    def serve(self, server: ServerAPI) -> None:
        self.server: Any = server

    @property
    def is_foreign(self) -> bool:
        """Whether this process was forked from the one that opened the store."""
        return os.getpid() != self._pid

    def check_open(self, url: str) -> None:
        if self.closed:
            raise StorageError("the store is closed", url=url, hint="open it again")
        if os.getpid() != self._pid:
            raise StorageError(
                "the store was opened before this process was forked, and Chroma hangs in a forked one",
                url=url,
                hint="open it in the child, after the fork",
            )

    def size(self) -> int:
        """Bytes of all its files."""
        total = 0
        for above, _, names in os.walk(self.cache.path):
            for name in names:
                try:
                    total += Path(above, name).stat().st_size
                except FileNotFoundError:
                    continue  # a journal
        return total

    def move(self, cache: CacheDirectory) -> None:
        """Let the same server object go on in another directory: calls that are inside end on the old one, which they
        hold on to. Raises StorageError where Chroma cannot open it; then all is as before."""
        settings = self.server.get_settings()
        before, settings.persist_directory = settings.persist_directory, str(cache.path)
        try:
            with chroma_errors():
                self.server.start()
        except BaseException:
            settings.persist_directory = before
            raise
        self.cache = cache

    def give_back(self, holds: str | None) -> None:
        """After the client was closed: keep the directory for the next opening if it ``holds`` just what that snapshot
        does, else delete it."""
        gone = _wait_until_closed(self.cache.path)
        if holds and gone and not is_memory_backed(self.cache.folder):
            self.cache.keep(holds)
        else:
            self.cache.remove()


def _wait_until_closed(folder: Path) -> bool:
    """Whether this process has no file below ``folder`` open any more. Where the system does not tell, it is not
    known."""
    began, collected = time.monotonic(), False
    while True:
        found = _is_open(folder)
        if found is None or not found:
            return found is False
        if time.monotonic() > began + _PATIENCE:
            return False
        if not collected and time.monotonic() > began + _HELD:
            # Errors of refused writes hold frames that hold them, and Chroma.
            gc.collect()
            collected = True
        time.sleep(0.01)


def _is_open(folder: Path) -> bool | None:
    within = f"{folder.resolve()}{os.sep}"
    try:
        descriptors = list(os.scandir("/proc/self/fd"))
    except OSError:
        return None
    for each in descriptors:
        try:
            if str(Path(each.path).readlink()).startswith(within):
                return True
        except OSError:
            continue
    return False
