"""Fixtures of the unit tests."""

from __future__ import annotations

import pytest
import tenacity
import tenacity.nap

from tests.unit.helpers import FakeTime


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    """Retries sleep and look at the clock without the wall's time passing."""
    fake = FakeTime()
    monkeypatch.setattr(tenacity, "time", fake)
    monkeypatch.setattr(tenacity.nap, "time", fake)
    return fake
