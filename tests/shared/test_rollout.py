"""Two revisions of a service overlap: the old one is told to end while it still answers writes, the new one writes
already. What either acknowledged is there, once."""

from __future__ import annotations

import itertools
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.live.conftest import OpenClient
from tests.live.programs import lines, python, swept
from tests.servers.gcs import GcsServer
from tests.shared.logged import read_writes
from thoth_storage.registry import open_backend

SERVICE = """
import itertools, json
from thoth_storage import StorageError, close_on_sigterm
options = json.loads(os.environ["OPTIONS"])
client = opened(refresh=0, cache_limit=0, storage_options=options)
notes = client.get_or_create_collection("notes", embedding_function=None)
close_on_sigterm()
told = threading.Lock()
def serve(thread):
    for number in itertools.count():
        name = f"{os.getpid()} {thread} {number}"
        with told:
            say(f"begun {name}")
        try:
            notes.add(ids=[name], documents=[f"text {name}"], embeddings=[[1.0, float(number)]])
        except StorageError as error:
            with told:
                say(f"refused {name}")
            return
        except BaseException as error:
            with told:
                say(f"wrong: {error!r}")
            return
        with told:
            say(f"done {name}")
        time.sleep(0.005)
threads = [threading.Thread(target=serve, args=[number], daemon=True) for number in range(THREADS)]
say("ready")
sys.stdin.readline()
for each in threads:
    each.start()
while True:
    time.sleep(0.05)
"""
THREADS = 4


class Service:
    """A revision, and what it said so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read)

    def go(self) -> None:
        assert self.process.stdin
        print("go", file=self.process.stdin, flush=True)
        self._reader.start()

    def acknowledged(self) -> list[str]:
        return self._names("done")

    def _names(self, word: str) -> list[str]:
        return [each.removeprefix(f"{word} ") for each in list(self.said) if each.startswith(f"{word} ")]

    def unanswered(self) -> set[str]:
        """Begun, and neither acknowledged nor refused: the process ended first."""
        return set(self._names("begun")) - set(self.acknowledged()) - set(self._names("refused"))

    def wait_for(self, writes: int) -> None:
        deadline = time.monotonic() + 60
        while len(self.acknowledged()) < writes:
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def end(self) -> float:
        """SIGTERM; how long it took to end."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == -signal.SIGTERM
        took = time.monotonic() - began
        self._reader.join()
        assert not [each for each in self.said if each.startswith("wrong")]
        return took

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line.strip())


@contextmanager
def revisions(url: str, folder: Path, count: int) -> Iterator[list[Service]]:
    """So many, open and ready: imports are done."""
    with ExitStack() as stack:
        program = SERVICE.replace("THREADS", str(THREADS))
        processes = [stack.enter_context(python(program, url, folder / f"cache-{each}")) for each in range(count)]
        for each in processes:
            lines(each, "ready")
        yield [Service(each) for each in processes]


def check_all_there(url: str, services: list[Service], connect: OpenClient, **options: Any) -> None:
    acknowledged = [name for each in services for name in each.acknowledged()]
    perhaps = set().union(*(each.unanswered() for each in services))
    logged = [each.write.ids[0] for each in read_writes(open_backend(url, **options)) if each.write]
    assert len(logged) == len(set(logged))
    assert set(acknowledged) <= set(logged) <= set(acknowledged) | perhaps
    assert len(set(logged) - set(acknowledged)) <= THREADS * len(services)
    found = connect(url, mode="r", storage_options=options).get_collection("notes", embedding_function=None).get()
    assert set(found["ids"]) == set(logged)
    assert found["documents"] == [f"text {each}" for each in found["ids"]]


@pytest.fixture(params=["file", "gs"])
def where(request: pytest.FixtureRequest, place: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Any]]:
    """With a service that is 20 ms away there are always writes in flight."""
    if request.param == "file":
        monkeypatch.setenv("OPTIONS", "{}")
        yield place, {}
        return
    with GcsServer() as server:
        server.create_bucket("bucket")
        server.latency = 0.02
        options = server.options()
        monkeypatch.setenv("OPTIONS", str(options).replace("'", '"'))
        yield "gs://bucket/store", options
        server.latency = 0


def test_the_old_one_ends_while_the_new_one_writes(
    where: tuple[str, dict[str, Any]], connect: OpenClient, tmp_path: Path
) -> None:
    url, options = where
    with revisions(url, tmp_path, 2) as (old, new):
        old.go()
        old.wait_for(6)
        new.go()
        new.wait_for(4)
        assert old.end() < 10
        served = len(new.acknowledged())
        new.wait_for(served + 4)
        assert new.end() < 10
        check_all_there(url, [old, new], connect, **options)
    assert all(swept(tmp_path / f"cache-{each}") for each in range(2))


@pytest.mark.soak
def test_revision_after_revision(where: tuple[str, dict[str, Any]], connect: OpenClient, tmp_path: Path) -> None:
    url, options = where
    with revisions(url, tmp_path, 4) as services:
        for before, after in itertools.pairwise(services):
            if before is services[0]:
                before.go()
            before.wait_for(12)
            after.go()
            after.wait_for(6)
            before.end()
        services[-1].wait_for(20)
        services[-1].end()
        check_all_there(url, services, connect, **options)
