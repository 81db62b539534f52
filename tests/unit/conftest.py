"""Fixtures of the unit tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import tenacity
import tenacity.nap

from tests.unit.fake_fs import UnitFileSystem
from tests.unit.helpers import FakeTime


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    """Retries sleep and look at the clock without the wall's time passing."""
    fake = FakeTime()
    monkeypatch.setattr(tenacity, "time", fake)
    monkeypatch.setattr(tenacity.nap, "time", fake)
    return fake


@pytest.fixture(autouse=True)
def fresh_unitfs() -> Iterator[None]:
    """No test sees the instances or the faults of another."""
    UnitFileSystem.made.clear()
    yield
    UnitFileSystem.fail = None
