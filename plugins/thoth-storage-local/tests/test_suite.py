"""The local disk keeps the contract."""

from pathlib import Path

import pytest

from thoth_storage.testing import BackendSuite


class TestLocal(BackendSuite):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return (tmp_path / "st\u00f6re with space").as_uri()
