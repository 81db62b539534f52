"""A store in memory, the clients that tests have of it, and an hour that passes at once."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from thoth_storage import PersistentClient, Repository
from thoth_storage.log import clock, list_all, truncate
from thoth_storage.memory import MemoryBackend
from thoth_storage.store import endings, retention
from thoth_storage.store.client import LiveClient
from thoth_storage.store.retention import truncate_log

__all__ = ["Shop", "contents", "new_url"]

EVERYTHING = ["documents", "metadatas", "embeddings"]


def new_url() -> str:
    return f"memory://shared-{uuid.uuid4().hex}/store"


def contents(client: Any) -> dict[str, Any]:
    """Every collection by its name: its metadata, and its rows by their ids."""
    found: dict[str, Any] = {}
    for each in client.list_collections():
        if not each.count():  # a refused first write leaves bare Chroma without an index to ask for vectors
            assert each.get()["ids"] == []
            found[each.name] = (tuple(sorted((each.metadata or {}).items())), {})
            continue
        told = each.get(include=EVERYTHING)
        columns = (told["ids"], told["embeddings"], told["documents"], told["metadatas"])
        rows = {
            name: (tuple(np.asarray(vector).tolist()), document, tuple(sorted((metadata or {}).items())))
            for name, vector, document, metadata in zip(*columns, strict=True)
        }
        assert each.count() == len(rows)
        found[each.name] = (tuple(sorted((each.metadata or {}).items())), rows)
    return found


class Shop:
    """One store, and who has it open. Each client has a cache directory of its own."""

    def __init__(self, folder: Path) -> None:
        self.url = new_url()
        self._folder = folder
        self._made = 0
        self._ahead = 0.0
        self._clients: dict[LiveClient, Path] = {}

    @contextmanager
    def open_hours(self) -> Iterator[None]:
        """For as long as it lasts, the clock by which processes know how long they slept is ours."""
        real = clock.now

        def ahead() -> clock.Moment:
            return real()[0] + self._ahead, real()[1] + self._ahead

        with ExitStack() as stack:
            stack.enter_context(mock.patch.object(clock, "now", ahead))
            stack.enter_context(mock.patch.object(retention, "GRACE", -1.0))
            try:
                yield
            finally:
                for each in list(self._clients):
                    self.kill(each)
                self.forget_objects()

    @property
    def backend(self) -> MemoryBackend:
        return MemoryBackend(self.url)

    def open(self, cache: Path | None = None, **more: Any) -> LiveClient:
        self._made += 1
        cache = cache or self._folder / f"cache-{self._made}"
        client = PersistentClient(self.url, cache_dir=cache, **more)
        self._clients[client] = cache
        return client

    def kill(self, client: LiveClient) -> None:
        """As the end of its machine: nothing of it goes on, nothing is stored, its disk is gone."""
        for each in client._repeaters:
            each.stop()
        super(LiveClient, client).close()
        client._closed = client.live._state.local.closed = True
        endings._open.discard(client)
        client.live._state.local.cache.remove()
        shutil.rmtree(self._clients.pop(client), ignore_errors=True)

    def close(self, client: LiveClient) -> Path:
        """In good order; gives the cache directory."""
        client.close()
        return self._clients.pop(client)

    @property
    def last(self) -> int:
        """The number of the last entry."""
        return list_all(self.backend).last

    def an_hour_passes(self) -> None:
        self._ahead += 2 * clock.GRACE

    def truncate(self, part: float = 1.0) -> int:
        """An hour passes without a write, and then the log is truncated as far as it may be, or to a part of that;
        gives up to where."""
        self.an_hour_passes()
        with Repository.open(self.url) as repository:
            if part == 1:
                truncate_log(repository)
            else:
                through = int(truncate_log(repository, dry_run=True).through * part)
                truncate(self.backend, through, datetime.now(UTC) + timedelta(hours=1))
        return list_all(self.backend).truncated

    def forget_objects(self) -> None:
        """A listing in memory goes through all stores of this process."""
        root = self.url.removeprefix("memory://")
        for name in [name for name in MemoryBackend._objects if name.startswith(root)]:
            del MemoryBackend._objects[name]
