"""Checkpoints by hand and by policy, conflicts between two clients, and what is told of all that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.conftest import OpenClient
from tests.live.programs import add, ids, kept_name
from tests.store.helpers import wait_until
from thoth_storage import CheckpointPolicy, Repository
from thoth_storage.errors import ConflictError, InvalidArgumentError
from thoth_storage.store import background, pending
from thoth_storage.store.background import Repeater
from thoth_storage.store.client import LiveClient
from thoth_storage.testing import FaultyBackend


@pytest.fixture
def durability() -> str:
    """Nothing is logged here: what is tested is what checkpoints alone give."""
    return "checkpoint"


@pytest.fixture
def pair(connect: OpenClient, tmp_path: Path) -> tuple[LiveClient, LiveClient]:
    """Two that started from one checkpoint, as on two machines."""
    with connect() as start:
        add(start, "0")
    return connect(cache_dir=tmp_path / "one"), connect(cache_dir=tmp_path / "two")


def conflict(client: LiveClient) -> str:
    """The name under which the state of one that comes second is kept."""
    with pytest.raises(ConflictError, match="another process stored the snapshot") as told:
        client.checkpoint()
    return kept_name(told.value)


def test_a_checkpoint_is_what_others_open(connect: OpenClient, tmp_path: Path) -> None:
    client = connect()
    add(client, "1")
    stored = client.checkpoint("mine", tags=["nightly"])
    assert (stored.name, set(stored.tags)) == ("mine", {"checkpoint", "nightly", "bulk"})
    add(client, "2")
    assert ids(connect(cache_dir=tmp_path / "other")) == {"1"}
    assert [snapshot.id for snapshot in client.snapshots()] == [stored.id]
    with pytest.raises(InvalidArgumentError, match="not the string"):
        client.checkpoint(tags="nightly")


def test_of_two_clients_the_second_is_told_and_nothing_is_lost(
    pair: tuple[LiveClient, LiveClient], connect: OpenClient
) -> None:
    first, second = pair
    add(first, "1")
    add(second, "2")
    first.checkpoint()
    name = conflict(second)
    assert second.status().pending == 0
    assert ids(second) == {"0", "2"}
    again = connect()
    assert ids(again) == {"0", "1"}
    again.restore(name)
    assert ids(again) == {"0", "2"}


def test_a_refresh_after_a_conflict_goes_on_from_the_others_state(
    pair: tuple[LiveClient, LiveClient], connect: OpenClient
) -> None:
    first, second = pair
    add(first, "1")
    add(second, "2")
    first.checkpoint()
    with pytest.raises(ConflictError, match="no checkpoint has yet") as told:
        second.refresh()
    assert told.value.hint == "call checkpoint() first"
    conflict(second)
    assert second.status().behind == 1
    assert second.refresh() is True
    assert ids(second) == {"0", "1"}
    add(second, "2")
    second.close()
    assert ids(connect()) == {"0", "1", "2"}


@pytest.mark.parametrize("name", ["", "latest", "a\nb"])
def test_a_name_that_is_none_leaves_all_pending(connect: OpenClient, name: str) -> None:
    client = connect()
    add(client, "1")
    with pytest.raises(InvalidArgumentError):
        client.checkpoint(name)
    assert client.status().pending == 1
    client.close()
    assert ids(connect()) == {"1"}


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Waits until the policy was looked at from beginning to end: what it did not do then, it does not do."""
    looks: list[int] = []
    original = LiveClient._checkpoint_if_due

    def counted(client: LiveClient, policy: CheckpointPolicy) -> None:
        original(client, policy)
        looks.append(1)

    def wait() -> None:
        before = len(looks)
        wait_until(lambda: len(looks) >= before + 2)  # the first may have begun earlier

    monkeypatch.setattr(LiveClient, "_checkpoint_if_due", counted)
    return wait


class Clock:
    """Goes on when it is told to."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (background, pending):
        monkeypatch.setattr(module, "time", clock)
    return clock


def test_a_policy_of_rows(connect: OpenClient, place: str, look: Callable[[], None]) -> None:
    client = connect(policy=CheckpointPolicy(rows=3))
    add(client, "1", "2")
    look()
    assert client.snapshots() == []
    assert client.status().pending == 2
    add(client, "3")
    wait_until(lambda: client.status().checkpoint)
    [stored] = Repository.open(place).snapshots()
    assert stored.tags == ("policy", "bulk")
    assert client.status().pending == 0
    look()
    assert len(client.snapshots()) == 1  # nothing was written since


def test_a_policy_of_bytes(connect: OpenClient, look: Callable[[], None]) -> None:
    client = connect(policy=CheckpointPolicy(bytes=10_000))
    collection = add(client, "1")
    look()
    assert client.snapshots() == []
    assert 0 < client.status().pending_bytes < 10_000
    collection.add(ids=["2"], documents=["x" * 10_000], embeddings=[[1.0, 1.0]])
    wait_until(lambda: client.status().checkpoint)
    assert client.status().pending_bytes == 0


def test_a_policy_of_seconds_counts_from_the_first_write(
    connect: OpenClient, look: Callable[[], None], clock: Clock
) -> None:
    client = connect(policy=CheckpointPolicy(seconds=60))
    clock.now += 1000
    look()
    assert client.snapshots() == []
    add(client, "1")
    clock.now += 40
    add(client, "2")
    clock.now += 19
    look()
    assert client.snapshots() == []
    clock.now += 1
    wait_until(lambda: client.status().checkpoint)
    look()
    assert len(client.snapshots()) == 1


def test_a_policy_of_deletions(connect: OpenClient) -> None:
    client = connect(policy=CheckpointPolicy(seconds=0.5))
    collection = add(client, "1", "2")
    wait_until(lambda: client.status().checkpoint)
    before = client.status().checkpoint
    collection.delete(ids=["1"])
    wait_until(lambda: client.status().checkpoint != before)
    client.delete_collection("notes")
    before = client.status().checkpoint
    wait_until(lambda: client.status().checkpoint != before)


@pytest.mark.parametrize("name", ["seconds", "rows", "bytes"])
def test_a_policy_of_nothing(name: str) -> None:
    for value in (0, -1, float("nan")):
        with pytest.raises(InvalidArgumentError, match=f"{name} of a checkpoint policy"):
            CheckpointPolicy(**{name: value})  # type: ignore[arg-type]


def test_a_policy_that_fails_is_told_and_tried_again(connect: OpenClient, place: str) -> None:
    backend = FaultyBackend(Repository.open(place, create=True).backend)
    client = connect(backend, policy=CheckpointPolicy(rows=1))
    backend.add("before", "create", count=2)
    add(client, "1")
    wait_until(lambda: client.status().last_error)
    assert "UnavailableError: injected fault" in str(client.status().last_error)
    wait_until(lambda: client.status().checkpoint)
    wait_until(lambda: client.status().last_error is None)
    assert backend.pending == 0
    assert client.status().pending == 0
    assert len(client.snapshots()) == 1


def test_no_failure_ends_what_is_repeated() -> None:
    told: list[str] = []
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        raise OSError(24, "Too many open files")

    repeater = Repeater("checkpoint", work, 0.01, told.append)
    wait_until(lambda: len(calls) >= 3)
    assert repeater._thread.is_alive()
    repeater.stop()
    assert not repeater._thread.is_alive()
    assert set(told) == {"OSError: [Errno 24] Too many open files"}


def test_a_policy_in_conflict_is_told(pair: tuple[LiveClient, LiveClient], connect: OpenClient, tmp_path: Path) -> None:
    first, _ = pair
    third = connect(cache_dir=tmp_path / "three", policy=CheckpointPolicy(rows=1))
    add(first, "1")
    first.checkpoint()
    add(third, "3")
    wait_until(lambda: third.status().last_error)
    assert "ConflictError: another process stored" in str(third.status().last_error)
    [kept] = [snapshot for snapshot in third.snapshots() if "conflict" in snapshot.tags]
    assert set(kept.tags) == {"policy", "conflict"}
    third.refresh()
    assert ids(third) == {"0", "1"}


def test_status(pair: tuple[LiveClient, LiveClient], place: str, tmp_path: Path) -> None:
    first, second = pair
    before = second.status()
    assert (before.url, before.mode, before.position, before.last_error) == (place, "rw", 1, None)
    assert (before.behind, before.pending, before.pending_bytes, before.pause) == (0, 0, 0, None)
    assert before.checkpoint == second.snapshots()[0].id
    assert Path(before.local_path).is_relative_to(tmp_path / "two")
    assert before.local_bytes == sum(
        file.stat().st_size for file in Path(before.local_path).rglob("*") if file.is_file()
    )
    add(first, "1")
    first.checkpoint()
    add(first, "2")
    latest = first.checkpoint()
    assert second.status().behind == 2
    assert first.status().behind == 0
    assert first.status().checkpoint == latest.id
    pause = first.status().pause
    assert pause is not None
    assert 0 < pause < 60
    add(second, "3", "4")
    assert second.status().pending == 2
    assert second.status().pending_bytes == len("text 3text 4") + 2 * 2 * 4


def test_status_tells_what_it_cannot_ask(connect: OpenClient, place: str) -> None:
    backend = FaultyBackend(Repository.open(place, create=True).backend)
    client = connect(backend)
    add(client, "1")
    backend.add("before", "list", count=None)
    status = client.status()
    assert status.behind is None
    assert "UnavailableError" in str(status.last_error)
    assert status.pending == 1
    backend.clear()
    assert client.status().last_error is None


def test_repr(connect: OpenClient, place: str) -> None:
    client = connect()
    assert repr(client) == f"thoth_storage.PersistentClient('{place}', mode='rw', checkpoint=none)"
    add(client, "1")
    stored = client.checkpoint()
    assert repr(client) == f"thoth_storage.PersistentClient('{place}', mode='rw', checkpoint={stored.id[:12]})"
    client.close()
    assert repr(client) == f"thoth_storage.PersistentClient('{place}', closed)"
