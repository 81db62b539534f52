"""Which tests are for the night."""

from __future__ import annotations

import os

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Those that soak are left out unless ``THOTH_STORAGE_SOAK`` is set: they take longer than all the others."""
    if os.environ.get("THOTH_STORAGE_SOAK"):
        return
    soaking = [item for item in items if item.get_closest_marker("soak")]
    if soaking:
        config.hook.pytest_deselected(items=soaking)
        items[:] = [item for item in items if not item.get_closest_marker("soak")]
