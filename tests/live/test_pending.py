"""What is pending is what is not at the URL: also while it is on its way there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from tests.live.conftest import OpenClient
from tests.live.programs import add
from tests.store.helpers import wait_until
from thoth_storage import CheckpointPolicy, Repository
from thoth_storage.errors import StorageError, UnavailableError
from thoth_storage.store.client import LiveClient
from thoth_storage.wrappers.base import WrappedBackend


class Waits(WrappedBackend):
    """Uploads wait until they may end, or fail."""

    begun: threading.Event
    may_end: threading.Event
    failure: StorageError | None = None

    def put(self, key: str, data: bytes) -> None:
        if key.startswith("packs/"):
            self.begun.set()
            assert self.may_end.wait(20)
            if self.failure:
                raise self.failure
        self.inner.put(key, data)


@pytest.fixture
def backend(place: str) -> Waits:
    backend = Waits(Repository.open(place, create=True).backend)
    backend.begun, backend.may_end = threading.Event(), threading.Event()
    return backend


@contextmanager
def uploading(client: LiveClient, backend: Waits) -> Iterator[Future[Any]]:
    """A checkpoint that has captured all and stored nothing yet."""
    with ThreadPoolExecutor(1) as pool:
        try:
            running = pool.submit(client.checkpoint)
            assert backend.begun.wait(20)
            yield running
        finally:
            backend.may_end.set()


def told(client: LiveClient) -> tuple[int, int]:
    return client.status().pending, client.status().pending_bytes


def test_rows_are_pending_until_the_checkpoint_is_there(connect: OpenClient, backend: Waits) -> None:
    client = connect(backend)
    add(client, "1", "2")
    before = told(client)
    with uploading(client, backend) as running:
        assert told(client) == before == (2, len("text 1text 2") + 2 * 2 * 4)
        add(client, "3")
        assert told(client) == (3, before[1] * 3 // 2)
        backend.may_end.set()
        running.result(20)
        assert told(client) == (1, before[1] // 2)
    client.checkpoint()
    assert told(client) == (0, 0)


def test_rows_of_a_checkpoint_that_fails_stay_pending(connect: OpenClient, backend: Waits) -> None:
    client = connect(backend)
    add(client, "1", "2")
    backend.failure = UnavailableError("no more today")
    with uploading(client, backend) as running:
        add(client, "3")
        backend.may_end.set()
        with pytest.raises(UnavailableError):
            running.result(20)
        assert client.status().pending == 3
    backend.failure = None
    client.checkpoint()
    assert client.status().pending == 0


def test_a_policy_makes_no_second_checkpoint_of_what_is_under_way(connect: OpenClient, backend: Waits) -> None:
    client = connect(backend, policy=CheckpointPolicy(rows=1))
    add(client, "1")
    assert backend.begun.wait(20)
    assert client.status().pending == 1
    backend.may_end.set()
    wait_until(lambda: not client.status().pending)
    assert len(client.snapshots()) == 1
    client.close()
    assert len(connect(mode="r").snapshots()) == 1
