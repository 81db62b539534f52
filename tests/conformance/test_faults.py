"""FaultyBackend does to its caller what it was told to, as often as it was told to, and nothing else."""

import pickle
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from thoth_storage.backend import Backend
from thoth_storage.errors import CapacityError, InvalidArgumentError, PermissionError_, UnavailableError
from thoth_storage.memory import MemoryBackend
from thoth_storage.testing import BackendSuite, Fault, FaultyBackend, Injected
from thoth_storage.wrappers import RetryingBackend


@pytest.fixture
def store() -> MemoryBackend:
    return MemoryBackend(f"memory://faults-{uuid.uuid4().hex}/store")


@pytest.fixture
def faulty(store: MemoryBackend) -> FaultyBackend:
    return FaultyBackend(store)


def keys(backend: Backend) -> list[str]:
    return [info.key for info in backend.list()]


def test_before_does_nothing(store: MemoryBackend, faulty: FaultyBackend) -> None:
    store.put("key", b"old")
    faulty.add("before", count=6)
    calls: list[Callable[[], object]] = [
        lambda: faulty.put("key", b"new"),
        lambda: faulty.create("new", b"new"),
        lambda: faulty.delete("key"),
        lambda: faulty.get("key"),
        lambda: faulty.head("key"),
        lambda: list(faulty.list()),
    ]
    for call in calls:
        with pytest.raises(UnavailableError):
            call()
    assert [fault.verb for fault in faulty.injected] == ["put", "create", "delete", "get", "head", "list"]
    assert faulty.pending == 0
    assert (keys(faulty), faulty.get("key")) == (["key"], b"old")


def test_after_is_a_lost_reply(store: MemoryBackend, faulty: FaultyBackend) -> None:
    faulty.add("after", count=None)
    with pytest.raises(UnavailableError):
        faulty.put("a", b"1")
    with pytest.raises(UnavailableError):
        faulty.create("b", b"2")
    with pytest.raises(UnavailableError):
        faulty.delete("a")
    assert keys(store) == ["b"]


def test_torn_leaves_half(store: MemoryBackend, faulty: FaultyBackend) -> None:
    faulty.add("torn", count=None)
    with pytest.raises(UnavailableError):
        faulty.put("a", b"0123456789")
    with pytest.raises(UnavailableError):
        faulty.create("b", b"0123456789")
    assert (store.get("a"), store.get("b")) == (b"01234", b"01234")
    listed = faulty.list()
    assert next(listed).key == "a"
    with pytest.raises(UnavailableError):
        next(listed)
    with pytest.raises(UnavailableError):
        faulty.delete("a", "b")
    assert keys(store) == ["b"]


def test_reads_can_lie(store: MemoryBackend, faulty: FaultyBackend) -> None:
    store.put("key", b"0123456789")
    store.put("empty", b"")
    faulty.add("flip", key="key")
    faulty.add("truncate")
    faulty.add("flip")
    assert faulty.get("key") == b"0123446789"
    assert faulty.get("key") == b"01234"
    assert faulty.get("empty") == b""
    assert faulty.get("key") == b"0123456789"


def test_slow_takes_its_time_and_succeeds(faulty: FaultyBackend) -> None:
    faulty.add("slow", "put", seconds=0.05)
    began = time.monotonic()
    faulty.put("key", b"x")
    assert time.monotonic() - began >= 0.05
    assert faulty.get("key") == b"x"


def test_faults_are_picked_by_verb_and_key(faulty: FaultyBackend) -> None:
    faulty.add("before", "put", key="log/", error=CapacityError)
    faulty.add("before", ("get", "list"), key="/2", count=2, error=PermissionError_)
    faulty.put("packs/1", b"x")
    with pytest.raises(CapacityError) as caught:
        faulty.put("log/1", b"x")
    assert (caught.value.url, caught.value.key) == (faulty.url, "log/1")
    faulty.put("log/1", b"x")
    assert faulty.get("log/1") == b"x"
    with pytest.raises(PermissionError_):
        faulty.get("log/2")
    with pytest.raises(PermissionError_):
        faulty.list("log/2")
    faulty.list("log/")
    assert faulty.injected == [
        Injected("before", "put", ("log/1",)),
        Injected("before", "get", ("log/2",)),
        Injected("before", "list", ("log/2",)),
    ]


def test_every_third_call_whoever_makes_it(faulty: FaultyBackend) -> None:
    faulty.add("before", "put", every=3, count=None)

    def put(number: int) -> bool:
        try:
            faulty.put(f"{number}", b"x")
        except UnavailableError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(put, range(300))) == 200
    assert len(keys(faulty)) == 200
    faulty.clear()
    faulty.put("now", b"x")
    assert len(faulty.injected) == 100


def test_a_pickled_copy_has_the_same_faults(store: MemoryBackend) -> None:
    copy = pickle.loads(pickle.dumps(FaultyBackend(store, Fault("before", "get", count=2))))
    assert copy.pending == 2
    with pytest.raises(UnavailableError):
        copy.get("key")


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("never", {}),
        ("torn", {"verbs": "get"}),
        ("flip", {"verbs": "put"}),
        ("before", {"verbs": "post"}),
        ("slow", {"every": 0}),
    ],
)
def test_what_would_never_strike_is_refused(kind: str, how: dict[str, object]) -> None:
    with pytest.raises(InvalidArgumentError):
        Fault(kind, **how)  # type: ignore[arg-type]


class TestBehindRetries(BackendSuite):
    """A service that refuses each fifth request is a good one behind retries: nobody above can tell.

    Creates are left out. One that is in doubt is told from others by its content, and the suite makes some alike.
    """

    @pytest.fixture
    def backend(self, store: MemoryBackend) -> Backend:
        faulty = FaultyBackend(store, Fault("before", ("get", "put", "head", "list", "delete"), every=5, count=None))
        return RetryingBackend(faulty, first_pause=0.0005, longest_pause=0.001)
