"""The real clients against servers that are away: tried again for as long as told, and then told of."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from tests.servers.common import ObjectServer
from tests.servers.faults import FOREVER, READS, WRITES
from tests.unit.service import ALL, connect, refusal
from thoth_storage.errors import UnavailableError


@pytest.fixture(scope="module")
def closed() -> Iterator[str]:
    """An endpoint where nobody answers: bound, so that no other process gets it, and not listening."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize("verb", ALL)
def test_an_endpoint_where_nobody_listens(server: ObjectServer, closed: str, verb: str) -> None:
    backend, began = connect(server, endpoint_url=closed), time.monotonic()
    error = refusal(backend, verb, UnavailableError)
    assert time.monotonic() - began < 30, "the deadline is much shorter"
    assert closed.removeprefix("http://") in error.message
    assert error.hint == "check the network and the endpoint, then try again"


@pytest.mark.parametrize(("verb", "fault"), [*((verb, "503-before") for verb in ALL), ("put", "429-before")])
def test_a_service_that_stays_away(server: ObjectServer, verb: str, fault: str) -> None:
    # Long enough that a busy machine gets to a second try.
    backend, began = connect(server, deadline=1.5), time.monotonic()
    server.faults.add(fault, FOREVER, methods=READS | WRITES)
    refusal(backend, verb, UnavailableError)
    assert time.monotonic() - began < 30
    assert server.faults.fired >= 2, "it was tried again"


def test_a_service_that_comes_back(server: ObjectServer) -> None:
    backend = connect(server, deadline=60)
    server.faults.add("503-before", 2)
    backend.create("a", b"1")
    assert (backend.get("a"), server.faults.pending) == (b"1", 0)
