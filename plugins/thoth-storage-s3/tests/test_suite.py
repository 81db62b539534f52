"""S3 keeps the contract: s3fs against moto behind a lock, since moto alone would let two creators win."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.servers.s3 import S3Server
from thoth_storage import Backend
from thoth_storage.testing import BackendSuite

_names = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with S3Server() as server:
        server.create_bucket("bucket")
        yield server


class TestS3(BackendSuite):
    # moto takes some 300 requests a second.
    rounds, process_rounds, overwrites = 10, 20, 20
    examples, steps, shrink = 15, 20, False

    @pytest.fixture(autouse=True)
    def _server(self, server: S3Server) -> None:
        self.server = server

    @pytest.fixture
    def url(self) -> str:
        return f"s3://bucket/store/{next(_names)}"

    @pytest.fixture
    def storage_options(self, server: S3Server) -> dict[str, Any]:
        return server.options()

    @contextmanager
    def lose_reply(self, backend: Backend) -> Iterator[Backend]:
        self.server.faults.add("drop")
        yield backend
        self.server.faults.clear()
