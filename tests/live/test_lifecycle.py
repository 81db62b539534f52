"""A client gives back all that it took: threads, descriptors, chromadb's caches, its directory."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.errors import ChromaError

from tests.live.conftest import OpenClient
from tests.live.programs import add, directories, ids, lines, python, swept
from tests.store.helpers import descriptors, open_below, wait_until
from thoth_storage import CheckpointPolicy, Repository, StorageError, close_on_sigterm
from thoth_storage.errors import InvalidArgumentError, UnavailableError
from thoth_storage.testing import FaultyBackend


def shared() -> tuple[int, int]:
    """The clients that chromadb remembers, and the references to them."""
    return len(SharedSystemClient._identifier_to_system), sum(SharedSystemClient._identifier_to_refcount.values())


@contextmanager
def leaving_nothing(cache: Path) -> Iterator[None]:
    """After the block there is no more of anything than before it."""

    def held() -> tuple[int, int, int]:
        return descriptors(), threading.active_count(), sum(shared())

    wait_until(lambda: not open_below(cache))
    before = held()
    yield
    # Chroma lets go of its files a moment after it is closed.
    wait_until(lambda: not open_below(cache))
    wait_until(lambda: all(now <= then for now, then in zip(held(), before, strict=True)))
    assert swept(cache)


@pytest.mark.parametrize("openings", [40, pytest.param(100, marks=pytest.mark.soak)])
def test_many_openings_leave_nothing(connect: OpenClient, cache: Path, tmp_path: Path, openings: int) -> None:
    def cycle(number: int) -> None:
        more = {"policy": CheckpointPolicy(rows=10**6)} if number % 2 else {"mode": "r", "refresh": 60.0}
        with connect(**more) as client:
            if number % 2:
                add(client, f"row {number}")
            else:
                client.get_collection("notes", embedding_function=None).query(query_embeddings=[1.0, 1.0])

    for number in range(1, 5):  # what libraries open once and keep
        cycle(number)
    with leaving_nothing(cache):
        for number in range(5, openings + 5):
            cycle(number)
    assert not list(tmp_path.glob("store/*.new"))
    assert ids(connect()) == {f"row {number}" for number in range(1, openings + 5, 2)}


def test_threads_open_and_close_side_by_side(connect: OpenClient, cache: Path) -> None:
    with connect() as client:
        add(client, "1")

    def cycle(number: int) -> set[str]:
        with connect(mode="r", cache_limit=10**9 * (number % 2)) as replica:
            return ids(replica)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(cycle, range(24))) == [{"1"}] * 24
    assert len(directories(cache)) <= 4
    assert all((folder / "closed.json").exists() for folder in directories(cache))


def test_refreshes_and_restores_leave_nothing(connect: OpenClient, cache: Path) -> None:
    connect().close()  # what libraries open once and keep
    with leaving_nothing(cache), connect() as client:
        add(client, "1")
        client.checkpoint("first")
        for _ in range(5):
            client.restore("first")
        wait_until(lambda: len(directories(cache)) == 1)


def test_an_opening_that_chroma_refuses_leaves_nothing(connect: OpenClient, cache: Path) -> None:
    with connect() as client:
        add(client, "1")
    with leaving_nothing(cache):
        for _ in range(3):
            with pytest.raises((ValueError, ChromaError), match="Tenant"):
                connect(tenant="nobody")
    assert ids(connect()) == {"1"}


def test_close_is_repeatable_and_inside_with(connect: OpenClient, place: str) -> None:
    with connect() as client:
        add(client, "1")
        client.close()
        client.close()
    client.close()
    assert len(Repository.open(place).snapshots()) == 1
    for use in (client.list_collections, client.checkpoint, client.refresh, client.restore, client.snapshots):
        with pytest.raises(StorageError, match="the store is closed"):
            use()
    assert client.status().behind is None
    assert "closed" in repr(client)


def test_a_with_block_that_fails_stores_what_was_acknowledged(connect: OpenClient) -> None:
    def work() -> None:
        with connect() as client:
            add(client, "1")
            raise LookupError("of the caller")

    with pytest.raises(LookupError, match="of the caller"):
        work()
    assert ids(connect()) == {"1"}


@pytest.mark.parametrize(
    "ending",
    ["", "raise SystemExit(3)", "raise LookupError()", "threading.Thread(target=lambda: add(client, '2')).start()"],
)
def test_the_end_of_the_interpreter_stores_what_nobody_closed(
    connect: OpenClient, place: str, cache: Path, ending: str
) -> None:
    with python(f"client = opened()\nadd(client, '1')\n{ending}", place, cache / "other") as process:
        _, errors = process.communicate()
    assert process.returncode == {"raise SystemExit(3)": 3, "raise LookupError()": 1}.get(ending, 0), errors
    assert ids(connect()) >= {"1"}


OUTLIVING = """
client = opened()
add(client, "1")
begun = threading.Event()
def work():
    add(client, "2")
    begun.set()
    while True:
        try:
            client.get_collection("notes", embedding_function=None).count()
        except thoth_storage.StorageError as error:
            say(error.message)
            return
threading.Thread(target=work).start()
begun.wait()
"""


def test_a_thread_that_outlives_the_main_thread_finds_the_store_closed(
    connect: OpenClient, place: str, cache: Path
) -> None:
    """And what it had written by then is at the URL."""
    with python(OUTLIVING, place, cache / "other") as process:
        said, errors = process.communicate(timeout=30)
    assert (said, process.returncode) == ("the store is closed\n", 0), errors
    assert ids(connect()) == {"1", "2"}


SERVICE = """
thoth_storage.close_on_sigterm()
client = opened(policy=CheckpointPolicy(seconds=1000))
add(client, "1")
say("open")
{at_work}
"""


def terminated(process: subprocess.Popen[str]) -> int:
    """How it ends on SIGTERM."""
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=20)


@pytest.mark.parametrize("at_work", ["sys.stdin.read()", "time.sleep(1000)", "threading.Event().wait()"])
def test_sigterm_stores_and_ends_as_the_signal_does(connect: OpenClient, place: str, cache: Path, at_work: str) -> None:
    with python(SERVICE.format(at_work=at_work), place, cache / "other") as process:
        lines(process, "open")
        assert terminated(process) == -signal.SIGTERM
    assert ids(connect()) == {"1"}


BUSY = """
number = 1
while True:
    number += 1
    add(client, f"row {number}")
    client.get_collection("notes", embedding_function=None).query(query_embeddings=[[1.0, 1.0]])
    if number == 5:
        say("busy")
"""


@pytest.mark.parametrize("attempt", range(5))
def test_sigterm_amid_writes_and_queries_of_the_main_thread(
    connect: OpenClient, place: str, cache: Path, attempt: int
) -> None:
    """A signal's handler runs on the main thread, which may be inside Chroma, or hold a lock that closing needs."""
    with python(SERVICE.format(at_work=BUSY), place, cache / "other") as process:
        lines(process, "open", "busy")
        assert terminated(process) == -signal.SIGTERM
    assert ids(connect()) >= {"1", *(f"row {number}" for number in range(2, 6))}


HANGING = """
from thoth_storage.testing import FaultyBackend
from thoth_storage import Repository
thoth_storage.close_on_sigterm(deadline=1)
backend = FaultyBackend(Repository.open(sys.argv[1], create=True).backend)
backend.add("slow", "put", key="packs/", count=None, seconds=1000)
client = PersistentClient(backend, cache_dir=sys.argv[2])
add(client, "1")
say("open")
sys.stdin.read()
"""


def test_sigterm_ends_at_its_deadline_and_loses_no_more_than_a_checkpoint(
    connect: OpenClient, place: str, cache: Path
) -> None:
    with python(HANGING, place, cache / "other") as process:
        lines(process, "open")
        assert terminated(process) == -signal.SIGTERM
    client = connect()
    assert ids(client) == {"1"}
    assert client.snapshots() == []


def test_a_deadline_is_above_nothing() -> None:
    with pytest.raises(InvalidArgumentError, match="deadline"):
        close_on_sigterm(deadline=0)


def test_sigterm_goes_on_to_the_handler_that_was_there(connect: OpenClient, place: str, cache: Path) -> None:
    program = """
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
thoth_storage.close_on_sigterm()
client = opened()
add(client, "1")
say("open")
time.sleep(1000)
"""
    with python(program, place, cache / "other") as process:
        lines(process, "open")
        assert terminated(process) == 7
    assert ids(connect()) == {"1"}


def test_close_waits_for_readers(connect: OpenClient, cache: Path) -> None:
    client = connect()
    add(client, "1")
    with ThreadPoolExecutor(1) as pool:
        with client.live.gate.reading():
            closing = pool.submit(client.close)
            wait_until(lambda: client.live._state.local.closed)
            assert directories(cache)
            assert not closing.done()
        closing.result(timeout=20)
    assert swept(cache)


@pytest.mark.parametrize("durability", ["checkpoint"])
@pytest.mark.parametrize(("verb", "key"), [("put", "packs/"), ("create", "snapshots/"), ("list", "")])
def test_a_close_that_fails_stays_open_and_goes_on(
    connect: OpenClient, place: str, verb: str, key: str, cache: Path
) -> None:
    backend = FaultyBackend(Repository.open(place, create=True).backend)
    others = set(threading.enumerate())
    client = connect(backend, policy=CheckpointPolicy(rows=2))
    add(client, "1")
    backend.add("before", verb, key=key, count=None)
    for _ in range(2):
        with pytest.raises(UnavailableError):
            client.close()
    assert ids(client) == {"1"}
    [checkpoints] = [thread for thread in set(threading.enumerate()) - others if thread.name == "thoth-checkpoint"]
    backend.clear()
    add(client, "2")  # the policy's second row: stored without anybody asking
    wait_until(lambda: client.status().checkpoint)
    assert len(Repository.open(place).snapshots()) == 1
    client.close()
    assert not checkpoints.is_alive()
    assert swept(cache)
    assert ids(connect()) == {"1", "2"}


def test_a_killed_process_leaves_a_directory_that_is_swept_and_never_used(
    connect: OpenClient, place: str, cache: Path
) -> None:
    with connect(cache_limit=10**9) as client:
        add(client, "1")
    [warm] = directories(cache)
    with python("client = opened()\nadd(client, '2')\nsay('open')\nsys.stdin.read()", place, cache) as process:
        lines(process, "open")
        assert directories(cache) == {warm}
        process.send_signal(signal.SIGKILL)
        process.wait()
    again = connect(cache_limit=10**9)
    assert warm not in directories(cache)
    assert ids(again) == {"1", "2"}  # what was acknowledged is in the log
