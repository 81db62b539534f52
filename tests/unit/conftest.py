"""Fixtures of the unit tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import tenacity
import tenacity.nap

from tests.unit.fake_fs import UnitFileSystem
from tests.unit.helpers import FakeTime
from thoth_storage.wrappers import retrying

if TYPE_CHECKING:
    from tests.servers.common import ObjectServer


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    """Retries sleep and look at the clock without the wall's time passing."""
    fake = FakeTime()
    monkeypatch.setattr(tenacity, "time", fake)
    monkeypatch.setattr(tenacity.nap, "time", fake)
    monkeypatch.setattr(retrying, "time", fake)
    return fake


@pytest.fixture(autouse=True)
def fresh_unitfs() -> Iterator[None]:
    """No test sees the instances or the faults of another."""
    UnitFileSystem.made.clear()
    yield
    UnitFileSystem.fail = None


@pytest.fixture(scope="module", params=["gs", "s3"])
def running(request: pytest.FixtureRequest) -> Iterator[ObjectServer]:
    """Imported here: moto takes a second, which most of these tests need not wait for."""
    made: ObjectServer
    if request.param == "gs":
        from tests.servers.gcs import GcsServer

        made = GcsServer()
    else:
        from tests.servers.s3 import S3Server

        made = S3Server()
    with made as server:
        yield server


@pytest.fixture
def server(running: ObjectServer) -> ObjectServer:
    """As new, with a bucket called ``bucket``."""
    running.reset()
    running.create_bucket("bucket")
    return running
