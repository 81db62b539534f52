"""Google Cloud Storage keeps the contract: gcsfs against a server that speaks the service's protocol, strictly."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.servers.gcs import GcsServer
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
    pass


class TestRepliesThatTurnIntoErrors(Live, Replies):
    """The work is done, and the service says 503."""

    fault = "503"


class TestBatchDelete(Live, Deletes):
    """gcsfs sends batches to Google's own endpoint only; the server can look like it."""

    @pytest.fixture
    def storage_options(self, server: GcsServer) -> dict[str, Any]:
        return server.options(batch_delete=True)
