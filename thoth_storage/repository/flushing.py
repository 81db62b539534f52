"""Makes files durable while others are still being written: a disk takes many small flushes at once nearly as fast as
one, and of a large file there is less left to wait for at the end."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import BoundedSemaphore
from typing import Self

from thoth_storage.repository.manifest import FileEntry

__all__ = ["Flusher", "finish", "flush_files", "leave"]

_THREADS = 8
_WAITING = 64
"""Files that may wait with an open descriptor; a process often has 1,024 of them at most."""


class Flusher:
    """Takes open files, flushes and closes them on its own threads. ``wait`` raises the first error; who leaves the
    context without it does not care any more whether what was written is durable."""

    def __init__(self, flush: Callable[[int], None] | None = None) -> None:
        self._flush = flush
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="thoth-flush")
        self._room = BoundedSemaphore(_WAITING)
        self._error: OSError | None = None

    def take(self, descriptor: int) -> None:
        """Flush and close a file soon. Raises OSError if an earlier one could not be flushed."""
        self._room.acquire()
        try:
            self._raise()
            self._pool.submit(self._work, descriptor)
        except BaseException:
            self._room.release()
            os.close(descriptor)
            raise

    def wait(self) -> None:
        """Until all that was taken is on the disk. Raises OSError for what is not."""
        self._pool.shutdown(wait=True)
        self._raise()

    def _work(self, descriptor: int) -> None:
        try:
            # Of a file that is to be removed again nothing need be kept.
            if self._error is None:
                (self._flush or os.fsync)(descriptor)
        except OSError as error:
            self._error = error
        finally:
            try:
                os.close(descriptor)
            except OSError as error:  # a network file system tells here of what was not flushed
                self._error = self._error or error
            self._room.release()

    def _raise(self) -> None:
        if self._error:
            raise self._error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True)


def leave(_descriptor: int) -> None:
    """Does not flush: the system writes the file to the disk when it sees fit."""


def flush_files(folder: Path) -> None:
    """Wait until all files below a folder are on the disk. Raises OSError."""
    with Flusher() as flusher:
        for above, _, names in os.walk(folder):
            for name in names:
                flusher.take(os.open(f"{above}/{name}", os.O_RDONLY | os.O_NOFOLLOW))
        flusher.wait()


def finish(descriptor: int, file: FileEntry) -> None:
    """Give a file its time and permissions, never set-uid and the like."""
    os.utime(descriptor, ns=(file.mtime_ns, file.mtime_ns))
    os.fchmod(descriptor, file.mode & 0o777)
