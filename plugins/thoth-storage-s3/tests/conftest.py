"""A live server. One that cannot start is a failure, never a skip."""

import itertools
from collections.abc import Iterator

import pytest

from tests.servers.s3 import S3Server

_names = itertools.count()


@pytest.fixture(scope="module")
def running() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture
def server(running: S3Server) -> S3Server:
    """As new, with a bucket called ``bucket``."""
    running.reset()
    running.create_bucket("bucket")
    return running


@pytest.fixture
def url(server: S3Server) -> str:
    return f"s3://bucket/store/{next(_names)}"
