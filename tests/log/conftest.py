"""Stores in memory live as long as the process, and a listing of one goes through all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from thoth_storage.memory import MemoryBackend


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    yield
    for name in [name for name in MemoryBackend._objects if name.startswith("log-")]:
        del MemoryBackend._objects[name]
