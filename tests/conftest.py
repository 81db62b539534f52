"""Which tests are for the night, and which for where a browser is."""

from __future__ import annotations

import os

import pytest

_WANTED = {"soak": "THOTH_STORAGE_SOAK", "chromium": "THOTH_STORAGE_CHROMIUM"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Left out unless their variable is set: tests that soak take longer than all others, and not every machine has
    Chromium. Where they are wanted they fail without it."""
    unwanted = [marker for marker, variable in _WANTED.items() if not os.environ.get(variable)]
    left_out = [item for item in items if any(item.get_closest_marker(marker) for marker in unwanted)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
