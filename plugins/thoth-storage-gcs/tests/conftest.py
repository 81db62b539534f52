"""A live server. One that cannot start is a failure, never a skip."""

import itertools
from collections.abc import Iterator

import pytest

from tests.servers.gcs import GcsServer

_names = itertools.count()


@pytest.fixture(scope="module")
def running() -> Iterator[GcsServer]:
    with GcsServer() as server:
        yield server


@pytest.fixture
def server(running: GcsServer) -> GcsServer:
    """As new, with a bucket called ``bucket``."""
    running.reset()
    running.create_bucket("bucket")
    return running


@pytest.fixture
def url(server: GcsServer) -> str:
    return f"gs://bucket/store/{next(_names)}"
