"""Clients that are closed when the test ends, in an environment that configures nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.store.helpers import SETTINGS
from thoth_storage import PersistentClient, StorageError
from thoth_storage.store.client import LiveClient

OpenClient = Callable[..., LiveClient]


@pytest.fixture(autouse=True)
def _nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def place(tmp_path: Path) -> str:
    """A fresh place on the disk, which other processes see too."""
    return f"file://{tmp_path}/store"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def durability() -> str:
    """What stores are opened with, unless a test says otherwise. Files of tests have their own."""
    return "log"


@pytest.fixture
def connect(place: str, cache: Path, durability: str) -> Iterator[OpenClient]:
    """Opens a client, at ``place`` unless told otherwise, that keeps nothing for later unless told otherwise."""
    clients: list[LiveClient] = []

    def open_it(where: Any = None, **more: Any) -> LiveClient:
        more = {"cache_dir": cache, "cache_limit": 0, "durability": durability, **more}
        clients.append(PersistentClient(place if where is None else where, **more))
        return clients[-1]

    yield open_it
    for client in clients:
        with suppress(StorageError):
            client.close()
