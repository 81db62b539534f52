"""Google Cloud Storage keeps the contract: gcsfs against a server that speaks the service's protocol, strictly."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.servers.gcs import GcsServer, listing
from thoth_storage import Backend
from thoth_storage.testing import BackendSuite
from thoth_storage.testing.suite_deletes import Deletes
from thoth_storage.testing.suite_replies import Replies


class Live:
    server: GcsServer
    fault = "drop"

    @pytest.fixture(autouse=True)
    def _server(self, server: GcsServer) -> None:
        self.server = server

    @pytest.fixture
    def storage_options(self, server: GcsServer) -> dict[str, Any]:
        return server.options()

    @contextmanager
    def lose_reply(self, backend: Backend) -> Iterator[Backend]:
        self.server.faults.add(self.fault)
        yield backend
        self.server.faults.clear()


class TestGcs(Live, BackendSuite):
    # With small pages (below). Batches of deletions are of 100.
    many, deleted, rounds, process_rounds, overwrites = 250, 250, 12, 15, 20
    examples, steps = 15, 25

    @pytest.fixture(autouse=True)
    def _small_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(listing, "MAX_PAGE", 100)

    def test_many_objects_over_pages(self, backend: Backend, second: Backend) -> None:
        super().test_many_objects_over_pages(backend, second)
        assert self.server.stats.operations["list"] >= 3 + 3 + 1, "a listing had no more than one page"


class TestRepliesThatTurnIntoErrors(Live, Replies):
    """The work is done, and the service says 503."""

    fault = "503"


class TestBatchDelete(Live, Deletes):
    """gcsfs sends batches to Google's own endpoint only; the server can look like it."""

    deleted = 250

    @pytest.fixture
    def storage_options(self, server: GcsServer) -> dict[str, Any]:
        return server.options(batch_delete=True)
