"""Which way a live directory is captured: by a staging copy on a disk; in place where files are memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from thoth_storage.errors import StorageError
from thoth_storage.repository import Repository
from thoth_storage.repository.held import stored_names
from thoth_storage.store.budget import fits, memory_left
from thoth_storage.store.capture import Staging
from thoth_storage.store.captured import DATABASE, Captured
from thoth_storage.store.contents import encoded_contents
from thoth_storage.store.inplace import InPlace
from thoth_storage.store.local import Local

__all__ = ["Capture"]

_Writers = Callable[[], AbstractContextManager[object]]


class Capture:
    """Captures of one local directory, one at a time."""

    def __init__(self, repository: Repository, local: Local) -> None:
        self._repository = repository
        self._local = local
        cache, vault = local.cache, repository.vault
        self.pause: float | None = None
        """Seconds for which the last capture held writers back."""
        self._staging = Staging(cache.path, cache.folder)
        self._in_place = InPlace(cache.path, cache.folder, vault.cipher.name, vault.settings.block_size)

    @contextmanager
    def captured(self, writers: _Writers, base: str | None) -> Iterator[Captured]:
        """What a backup reads. ``base``: the checkpoint that the repository has of this directory."""
        size = self._local.size()
        room = size + size // 8
        if fits(self._local.cache.folder, room):
            captured = self._staging.capture(writers)
            self.pause = captured.pause
            yield captured
            self._staging.stored()
        elif (left := memory_left()) is None or left > room:
            self._look_up(base)
            captured = self._in_place.capture(writers)
            self.pause = captured.pause
            yield captured
            self._in_place.keep()
        else:
            # There may be no room for what changed: writers wait for the upload too.
            with writers():
                began = time.perf_counter()
                live = self._local.cache.path
                yield Captured(live, contents=encoded_contents(live / DATABASE))
                self.pause = time.perf_counter() - began

    def forget(self) -> None:
        """What the repository was believed to have, it has not."""
        self._in_place.stored = {}

    def remove(self) -> None:
        """Delete what captures left."""
        self._staging.remove()
        self._in_place.remove()

    def _look_up(self, base: str | None) -> None:
        """What the repository has, where no capture of this process has told."""
        if self._in_place.stored is None and base:
            with suppress(StorageError):  # then all is copied, and stored where it is not there
                self._in_place.stored = stored_names(self._repository.vault, base)
