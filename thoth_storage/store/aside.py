"""The state at some entry of the log, made in a directory of its own beside the one in use: for going back to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import chromadb

from thoth_storage.errors import ConflictError
from thoth_storage.log import Log
from thoth_storage.store.applying import Applier
from thoth_storage.store.gate import Gate
from thoth_storage.store.handles import Handles
from thoth_storage.store.history import Point
from thoth_storage.store.hydration import Hydrator
from thoth_storage.store.quiet import quiet_settings
from thoth_storage.store.replica import BULK, Replica
from thoth_storage.store.start import Start

__all__ = ["state_at"]


class _Aside:
    """What the replica stands on that is nobody's but its own."""

    def __init__(self) -> None:
        self.gate = Gate()

    def replace(self, snapshot: str | None) -> None:
        raise ConflictError("the log changed while it was read", hint="try again")

    def past(self) -> AbstractContextManager[None]:
        return nullcontext()

    def start(self) -> Start:
        raise ConflictError("the log was truncated while it was read", hint="try again")

    def start_behind(self, position: int) -> Start | None:
        return None

    def check_room(self, more: int) -> None:
        """It has been looked whether the checkpoint fits, and it goes soon."""

    def wrote(self, rows: int, size: int) -> None:
        """Nobody counts it."""


@contextmanager
def state_at(point: Point, log: Log, hydrator: Hydrator, reuse: Path | None) -> Iterator[Path]:
    """A closed Chroma directory with all entries up to ``point`` and none behind it, for as long as the block lasts."""
    cache = hydrator.hydrate(point.snapshot, reuse=reuse)
    try:
        client: Any = chromadb.PersistentClient(str(cache.path), settings=quiet_settings())
        try:
            replica = Replica(log, point.position, _Aside(), Applier(client._server, Handles()))  # noqa: SLF001 - as hooks
            while replica.position < point.sequence:
                wanted = [each for each in replica.tail.read() if each.sequence <= point.sequence]
                replica.take(wanted, BULK)
        finally:
            client.close()
        yield cache.path
    finally:
        cache.remove()
