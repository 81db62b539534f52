"""All that a plugin has to test is whether it keeps the contract: one fixture."""

import pytest

import thoth_storage as ts
from thoth_storage.testing import BackendSuite


class TestShare(BackendSuite):
    @pytest.fixture
    def storage_options(self, tmp_path):
        return {"path": str(tmp_path)}

    @pytest.fixture
    def url(self, tmp_path):
        (tmp_path / "nas").mkdir()
        return "share://nas/chroma"


def test_a_share_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ts.errors.NotFoundError):
        ts.open_backend("share://nas/chroma", path=str(tmp_path)).list()
