"""Stores that are closed when the test ends, in an environment that configures nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.store.helpers import SETTINGS
from thoth_storage import StorageError, VectorStore

OpenStore = Callable[..., VectorStore]

_numbers = itertools.count()


@pytest.fixture(autouse=True)
def _nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def url() -> str:
    """A fresh place in memory."""
    return f"memory://tests/store-{next(_numbers)}"


@pytest.fixture
def durability() -> str:
    """What stores are opened with, unless a test says otherwise. Files of tests have their own."""
    return "log"


@pytest.fixture
def open_store(url: str, tmp_path: Path, durability: str) -> Iterator[OpenStore]:
    """Opens a store, at ``url`` unless told otherwise, with an embedder that needs no model."""
    stores: list[VectorStore] = []

    def open_it(
        place: Any = None, collection_name: str = "tests", embedder: Any = "lexical", **more: Any
    ) -> VectorStore:
        # Nothing is kept for later, so that a test sees what a store leaves behind.
        more = {"cache_dir": tmp_path / "cache", "cache_limit": 0, "durability": durability, **more}
        stores.append(VectorStore(url if place is None else place, collection_name, embedder, **more))
        return stores[-1]

    yield open_it
    for store in stores:
        with suppress(StorageError):
            store.close()


@pytest.fixture
def store(open_store: OpenStore) -> VectorStore:
    return open_store()
