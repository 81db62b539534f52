"""Failures that show between processes only, and threads that get into each other's way."""

import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from thoth_storage.backend import Capabilities
from thoth_storage.errors import AlreadyExistsError

from .base import Liar

CLAIM = Capabilities(atomic_create=True)


class HangsAfterAFork(Liar):
    """As gcsfs and s3fs do in a child that has inherited their event loop, but not its thread."""

    caught_by = ("test_use_after_a_fork",)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        if os.getpid() != PARENT:
            time.sleep(3600)
        return super().get(key, start, end)


PARENT = os.getpid()


class SaysThatOtherProcessesSeeIt(Liar):
    caught_by = ("test_use_in_a_spawned_process", "test_use_after_a_fork", "test_one_of_many_processes_creates")
    capabilities = CLAIM


class LocksOutThreadsOnly(Liar):
    """Decides with a lock of its own process; the objects are where other processes have them, too."""

    caught_by = ("test_one_of_many_processes_creates",)
    capabilities = CLAIM
    _threads = threading.Lock()

    def _file(self, key: str) -> Path:
        return Path(tempfile.gettempdir()) / f"liar-{self._root.replace('/', '-')}{key.replace('/', '-')}"

    def create(self, key: str, data: bytes) -> None:
        with self._threads:
            if self._file(key).exists():
                raise AlreadyExistsError("it is there", url=self.url, key=key)
            time.sleep(0.01)
            self._file(key).write_bytes(data)


class MixesUpItsThreads(Liar):
    """Keeps the key of the call that is under way where all threads see it."""

    caught_by = ("test_threads_work_side_by_side",)
    current = ""

    def put(self, key: str, data: bytes) -> None:
        self.current = key
        time.sleep(0.0001)
        super().put(self.current, data)

    def create(self, key: str, data: bytes) -> None:
        self.current = key
        time.sleep(0.0001)
        super().create(self.current, data)


class IsMadeTwice(Liar):
    """Makes what it needs on first use, and does not expect two first uses."""

    caught_by = ("test_threads_work_side_by_side",)

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.client: Any = None

    def create(self, key: str, data: bytes) -> None:
        if self.client is None:
            time.sleep(0.001)
            mine = self.client = object()
            time.sleep(0.001)
            assert self.client is mine
        super().create(key, data)
