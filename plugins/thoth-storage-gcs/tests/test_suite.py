"""Google Cloud Storage keeps the contract: gcsfs against a server that speaks the service's protocol, strictly."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.servers.gcs import GcsServer
from thoth_storage import Backend
from thoth_storage.testing import BackendSuite

_names = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[GcsServer]:
    with GcsServer() as server:
        server.create_bucket("bucket")
        yield server


class TestGcs(BackendSuite):
    @pytest.fixture(autouse=True)
    def _server(self, server: GcsServer) -> None:
        self.server = server

    @pytest.fixture
    def url(self) -> str:
        return f"gs://bucket/store/{next(_names)}"

    @pytest.fixture
    def storage_options(self, server: GcsServer) -> dict[str, Any]:
        return server.options()

    @contextmanager
    def lose_reply(self, backend: Backend) -> Iterator[Backend]:
        self.server.faults.add("drop")
        yield backend
        self.server.faults.clear()
