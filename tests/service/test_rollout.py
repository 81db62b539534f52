"""Two revisions at once, as during a rollout, and what is left of their writes when one is killed and one stopped."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.servers.gcs import GcsServer
from tests.service.helpers import Service, call, service
from tests.service.writers import Writers
from tests.store.helpers import wait_until
from thoth_storage import Repository
from thoth_storage.store.overview import look_at

URL = "gs://bucket/store"


@pytest.fixture
def server() -> Iterator[GcsServer]:
    with GcsServer() as server:
        server.create_bucket("bucket")
        yield server


class Rollout:
    """Services on one URL, each with a cache of its own, as instances of a platform are."""

    def __init__(self, server: GcsServer, folder: Path, stack: ExitStack) -> None:
        self._options = [f"-o{name}={value}" for name, value in server.options().items()]
        self._folder = folder
        self._stack = stack
        self._number = 0

    def begin(self, *, ready: bool = True) -> Service:
        self._number += 1
        folder = self._folder / f"instance{self._number}"
        return self._stack.enter_context(service(folder, URL, *self._options, ready=ready))


def documents(running: Service, ids: set[str]) -> dict[str, str]:
    """What the service has of these, by id."""
    asked = sorted(ids)
    found: dict[str, str] = {}
    for start in range(0, len(asked), 500):
        told = call(running.address, "get_documents", ids=asked[start : start + 500], limit=1000)
        assert not told.error, told.text
        found |= {each["id"]: each["document"] for each in told.data["documents"]}
    return found


def check(running: Service, writers: Writers) -> None:
    """All that was acknowledged is there, found by search too, and nothing is there twice."""
    acknowledged = writers.all
    assert documents(running, acknowledged) == {each: f"document {each}" for each in acknowledged}
    for each in random.Random(1).sample(sorted(acknowledged), 5):
        [best] = call(running.address, "search", query=f"document {each}", n_results=1).data["results"]
        assert best["id"] == each
    total = call(running.address, "status").data["documents"]
    assert len(acknowledged) <= total <= len(acknowledged) + writers.unanswered


def test_no_acknowledged_write_is_lost(server: GcsServer, tmp_path: Path) -> None:
    with ExitStack() as stack:
        rollout = Rollout(server, tmp_path, stack)
        old, new = rollout.begin(ready=False), rollout.begin(ready=False)
        old.wait_until_ready()
        new.wait_until_ready()
        writers = Writers([old.address, new.address], ["a", "b"], batch=3)
        wait_until(lambda: all(len(each) >= 60 for each in writers.acknowledged.values()))
        old.process.kill()
        before = len(writers.acknowledged[new.address])
        wait_until(lambda: len(writers.acknowledged[new.address]) >= before + 30)
        began = time.monotonic()
        assert new.terminate() == 0
        assert time.monotonic() - began < 8
        writers.join()
        assert all("this instance is being stopped" in each for each in writers.refused)
        with Repository.open(URL, storage_options=server.options()) as repository:
            seen = look_at(repository)
        assert seen.checkpoint
        assert (seen.replay, seen.missing) == (0, ())
        check(rollout.begin(), writers)


@pytest.mark.soak
def test_many_rollouts(server: GcsServer, tmp_path: Path) -> None:
    """Each revision is replaced while both write, killed or stopped as chance has it."""
    chance = random.Random(7)
    kept: set[str] = set()
    with ExitStack() as stack:
        rollout = Rollout(server, tmp_path, stack)
        running = rollout.begin()
        for number in range(20):
            following = rollout.begin()
            batch = chance.choice([1, 5, 50])
            writers = Writers([running.address, following.address], [f"{number}{name}" for name in "abc"], batch)
            time.sleep(chance.uniform(0.5, 3))
            if chance.random() < 0.5:
                running.process.kill()
            else:
                assert running.terminate() == 0
            writers.join()
            kept |= writers.all
            assert documents(following, kept).keys() == kept
            running = following
