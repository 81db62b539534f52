"""A bucket, named by the environment as an emulator is: old code passes no endpoint."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.gcs import GcsServer
from tests.store.helpers import SETTINGS


@pytest.fixture(scope="session")
def running() -> Iterator[GcsServer]:
    with GcsServer() as server:
        yield server


@pytest.fixture(autouse=True)
def server(running: GcsServer, monkeypatch: pytest.MonkeyPatch) -> GcsServer:
    """As new, with a bucket called ``bucket``."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", running.endpoint)
    running.reset()
    running.create_bucket("bucket")
    return running
