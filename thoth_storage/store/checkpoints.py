"""How a store that is in use makes checkpoints: captured while writers wait, stored while they go on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from thoth_storage.errors import ConflictError, CorruptionError, FormatError, PermissionError_, StorageError
from thoth_storage.repository import Snapshot
from thoth_storage.repository.held import HeldError
from thoth_storage.telemetry import operation

if TYPE_CHECKING:
    from thoth_storage.repository import Repository
    from thoth_storage.store.gate import Gate
    from thoth_storage.store.line import Line
    from thoth_storage.store.local_state import LocalState
    from thoth_storage.store.pending import Pending
    from thoth_storage.store.shared import Shared

__all__ = ["Checkpoints"]

_log = logging.getLogger(__name__)
_MANY = 10_000
"""Rows of others' that no checkpoint has, from which on a closing store makes one all the same: openings have to replay
them."""


class Checkpoints:
    """The part of a ``LiveStore`` that makes them."""

    url: str
    mode: str
    repository: Repository
    line: Line
    shared: Shared | None
    _state: LocalState
    _publishing: threading.RLock
    _wrote: bool

    @property
    def base(self) -> str | None:
        """The id of the checkpoint that this was opened upon or last stored as."""
        return self._state.base

    @property
    def pending(self) -> Pending:
        return self._state.pending

    @property
    def gate(self) -> Gate:
        return self._state.gate

    @property
    def position(self) -> int | None:
        """The last entry of the log that is in the local state."""
        return self.shared.replica.position if self.shared else None

    @property
    def is_durable(self) -> bool:
        """Whether what was written is safe without a checkpoint."""
        return self.shared is not None and self.shared.logs

    def check_open(self) -> None:
        """Raises StorageError after a close, and in a process that was forked since the opening."""
        self._state.local.check_open(self.url)

    def checkpoint(self, name: str | None, tags: Iterable[str]) -> Snapshot:
        """A snapshot of the state now. Raises ConflictError if this holds work that was not logged, and another process
        published since this was opened."""
        snapshot, rival = self._publish(name, tags)
        if rival:
            raise ConflictError(
                f"another process {rival} since this one was opened",
                url=self.url,
                hint=f"this state is kept as {snapshot.name!r}; refresh, then add what is missing",
            )
        return snapshot

    def backup(self, name: str, tags: Iterable[str]) -> tuple[Snapshot, str | None]:
        """A snapshot whatever others have published; also tells what it does not hold, if anything."""
        return self._publish(name, tags)

    def sync(self, tag: str) -> Snapshot | None:
        """A checkpoint if anything was written."""
        with self._publishing:
            self.check_open()
            return self.checkpoint(None, [tag]) if self.pending else None

    def _publish_last(self) -> None:
        now = self.pending.now
        if self.mode == "r" or now is None or not (self._wrote or now.rows >= _MANY):
            return
        try:
            self.sync("close")
        except StorageError as error:
            if not self.is_durable:
                raise
            _log.warning("%s: no checkpoint at the end, openings replay the log: %s", self.url, error)

    def _publish(self, name: str | None, tags: Iterable[str]) -> tuple[Snapshot, str | None]:
        """Capture with the writers held back, upload without. What was written meanwhile stays pending."""
        with self._publishing, self.gate.hurrying(), operation("checkpoint", self.url) as under_way:
            self.check_open()
            if self.mode == "r":
                raise PermissionError_("this store is opened read-only", url=self.url, hint='open it with mode="rw"')
            if self.shared and self.is_durable:
                # A checkpoint hides older ones from openings and from rules of retention: it is to have all that they
                # have. Where the log cannot be read on, what is here is worth the more.
                with suppress(CorruptionError, FormatError):
                    self.shared.follow()
            labels = tuple(tags)
            try:
                snapshot, rival = self._store(name, labels)
            except HeldError:
                self._state.forget_stored()
                snapshot, rival = self._store(name, labels)
            if not rival:
                self._state.base, self._state.has_more = snapshot.id, False
            self._state.strayed = rival is not None
            under_way.set(
                snapshot=snapshot.id, position=snapshot.position, bytes=snapshot.added, pause=self._state.pause
            )
            return snapshot, rival

    def _store(self, name: str | None, tags: tuple[str, ...]) -> tuple[Snapshot, str | None]:
        position = 0

        def look() -> None:
            nonlocal position
            position = self.position or 0
            if self.shared and self.shared.replica.broken:
                raise self.shared.replica.broken

        with self._state.captured(look) as captured:
            if self.shared:
                return self.shared.publish(captured, position, name, tags)
            snapshot, rival = self.line.publish(captured, name, tags, self.base)
            return snapshot, rival and f"stored the snapshot {rival[:12]}"
