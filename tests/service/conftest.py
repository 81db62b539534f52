"""One service for all tests that leave it as they found it, or add what others do not look for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service.helpers import Hosted, hosted


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    folder = tmp_path_factory.mktemp("service")
    with hosted(folder / "store", folder / "cache") as started:
        yield started
