"""S3 keeps the contract: s3fs against moto behind a lock, since moto alone would let two creators win."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.servers.s3 import S3Server
from thoth_storage import Backend
from thoth_storage.testing import BackendSuite
from thoth_storage.testing.suite_replies import Replies


class Live:
    server: S3Server
    fault = "drop"

    @pytest.fixture(autouse=True)
    def _server(self, server: S3Server) -> None:
        self.server = server

    @pytest.fixture
    def storage_options(self, server: S3Server) -> dict[str, Any]:
        return server.options()

    @contextmanager
    def lose_reply(self, backend: Backend) -> Iterator[Backend]:
        self.server.faults.add(self.fault)
        yield backend
        self.server.faults.clear()


class TestS3(Live, BackendSuite):
    # moto takes some 100 to 300 requests a second. So pages are small (below); batches of a thousand deletions are for
    # test_service.
    many, deleted, rounds, process_rounds, overwrites = 130, 130, 6, 8, 10
    examples, steps, shrink = 10, 20, False

    @pytest.fixture(autouse=True)
    def _small_pages(self, _server: None) -> None:
        self.server.page = 50

    def test_many_objects_over_pages(self, backend: Backend, second: Backend) -> None:
        super().test_many_objects_over_pages(backend, second)
        assert self.server.stats.operations["list"] >= 3 + 3 + 1, "a listing had no more than one page"


class TestRepliesThatTurnIntoErrors(Live, Replies):
    """The work is done, and the service says 503."""

    fault = "503"
