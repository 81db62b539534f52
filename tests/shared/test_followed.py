"""Those who have a store open go on whatever others do: forget snapshots, truncate the log, fail to look."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.live.programs import add, ids, kept_name
from tests.shared.shop import Shop
from thoth_storage import Repository
from thoth_storage.errors import ConflictError, NotFoundError, UnavailableError
from thoth_storage.log import Tail, truncate


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    with made.open_hours():
        yield made


def forget(shop: Shop, *names: str) -> None:
    with Repository.open(shop.url) as repository:
        repository.forget(names)


def test_one_who_slept_while_a_state_was_set_and_its_snapshot_forgotten(shop: Shop) -> None:
    """The checkpoint that came behind has all of it."""
    first = shop.open()
    add(first, "a")
    first.checkpoint("old")
    add(first, "b")
    reader, writer = shop.open(mode="r"), shop.open()
    first.restore("old")
    add(first, "c")
    first.checkpoint("new")
    forget(shop, "old")
    assert reader.refresh()
    assert ids(reader) == {"a", "c"}
    add(writer, "d")
    assert ids(writer) == {"a", "c", "d"}


@pytest.mark.parametrize("by_time", [False, True])
def test_one_who_slept_through_a_truncation_goes_back(shop: Shop, by_time: bool) -> None:
    """To restore is to decide about all that others wrote, so it needs none of it."""
    sleeper, first = shop.open(), shop.open()
    add(first, "a")
    first.checkpoint("old")
    kept = datetime.now(UTC)
    add(first, "b")
    first.checkpoint()
    assert shop.truncate() == 2
    sleeper.restore(None, at=kept) if by_time else sleeper.restore("old")
    assert ids(sleeper) == {"a"}
    assert first.refresh()
    assert ids(first) == {"a"}


def test_truncated_in_the_midst_of_unlogged_work(shop: Shop) -> None:
    """It lost, and is kept under the name that the error tells."""
    first = shop.open()
    add(first, "a")
    bulk = shop.open(durability="checkpoint")
    add(bulk, "mine")
    add(first, "b")
    first.checkpoint()
    assert shop.truncate() == 3
    with pytest.raises(ConflictError) as lost:
        bulk.checkpoint("work")
    assert kept_name(lost.value) == "work"
    assert [each.name for each in bulk.snapshots()] == ["work", None]
    assert bulk.refresh()
    assert ids(bulk) == {"a", "b"}
    bulk.restore("work")
    assert ids(bulk) == {"a", "mine"}
    bulk.checkpoint()
    assert first.refresh()
    assert ids(first) == {"a", "mine"}


def test_unlogged_work_that_goes_back_after_a_truncation(shop: Shop) -> None:
    first = shop.open()
    add(first, "a")
    first.checkpoint("old")
    bulk = shop.open(durability="checkpoint")
    add(first, "b")
    first.checkpoint("new")
    forget(shop, "new")
    first.checkpoint("newer")
    with Repository.open(shop.url) as repository:
        repository.forget(["old"])
    assert shop.truncate() == 3
    bulk.restore("newer")
    add(bulk, "c")
    bulk.checkpoint()
    assert first.refresh()
    assert ids(first) == {"a", "b", "c"}


def test_a_checkpoint_is_not_older_than_what_it_follows(shop: Shop) -> None:
    """Else it could be all that a rule of retention keeps, and nothing goes on from it."""
    first, slow = shop.open(), shop.open()
    add(first, "a")
    slow.refresh()
    add(first, "b")
    first.checkpoint("good")
    assert shop.truncate() == 3
    assert slow.checkpoint("last").position == 3
    forget(shop, "good")
    assert ids(shop.open()) == {"a", "b"}


class Announced:
    """A lock that tells when somebody comes to it."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.asked = threading.Event()

    def __enter__(self) -> None:
        self.asked.set()
        self._inner.acquire()

    def __exit__(self, *_: object) -> None:
        self._inner.release()


def test_a_look_that_saw_the_end_does_not_look_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another round of requests would show what was written after it was asked for, which it need not."""
    writer = shop.open()
    add(writer, "a")
    reader = shop.open(mode="r", refresh=0)
    collection = reader.get_collection("notes", embedding_function=None)
    collection.count()
    read, found = Tail.read, list[int]()

    def counted(tail: Tail) -> Any:
        entries = read(tail)
        found.append(len(entries))
        return entries

    monkeypatch.setattr(Tail, "read", counted)
    add(writer, "b", "c")
    assert collection.count() == 3
    assert collection.count() == 3
    assert found in ([1, 0], [2, 0])


def test_a_look_that_failed_is_nobody_elses(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two readers wait for one look: where it fails, the other looks for itself, and shows nothing that is old."""
    writer = shop.open()
    add(writer, "a")
    reader = shop.open(mode="r", refresh=0)
    shared, gate = reader.live.shared, reader.live.gate
    assert shared
    collection = reader.get_collection("notes", embedding_function=None)
    add(writer, "b")
    counts: list[int] = []
    second = threading.Thread(target=lambda: counts.append(collection.count()))

    def fails(_: Tail) -> Any:
        raise UnavailableError("not now")

    lock = gate.writers
    gate.writers = announced = Announced(lock)  # type: ignore[assignment]
    with lock:
        second.start()
        assert announced.asked.wait(30)
        with monkeypatch.context() as patched:
            patched.setattr(Tail, "read", fails)
            with pytest.raises(UnavailableError):
                shared.look_now()
    second.join()
    assert counts == [2]


def test_readers_share_a_look(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those who came before it began."""
    writer = shop.open()
    add(writer, "a")
    reader = shop.open(mode="r", refresh=0)
    shared, gate = reader.live.shared, reader.live.gate
    assert shared
    collection = reader.get_collection("notes", embedding_function=None)
    add(writer, "b")
    looks: list[int] = []
    real = Tail.read

    def noted(tail: Tail) -> Any:
        looks.append(tail.position)
        return real(tail)

    monkeypatch.setattr(Tail, "read", noted)
    counts: list[int] = []
    lock, threads = gate.writers, []
    with lock:
        for _ in range(4):
            gate.writers = announced = Announced(lock)  # type: ignore[assignment]
            threads.append(threading.Thread(target=lambda: counts.append(collection.count())))
            threads[-1].start()
            assert announced.asked.wait(30)
    for each in threads:
        each.join()
    assert counts == [2, 2, 2, 2]
    assert looks == [2], "one look, which saw that nothing more is"


def test_unlogged_work_that_lost_in_a_kill_holds_no_entries_back(shop: Shop) -> None:
    """Killed between its snapshot and the entry that was to make it count; another entry took that place."""
    first = shop.open()
    add(first, "a")
    bulk = shop.open(durability="checkpoint")
    add(bulk, "mine")
    assert bulk.live.shared
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Tail, "append", interrupted)
        with pytest.raises(KeyboardInterrupt):
            bulk.checkpoint()
    shop.kill(bulk)
    assert ids(shop.open()) == {"a"}, "it does not count, whether its place is taken or not"
    add(first, "b")
    first.checkpoint()
    assert shop.truncate() == 3
    assert ids(shop.open()) == {"a", "b"}
    add(first, "c")
    first.checkpoint("last")
    forget(shop, *[each.id for each in first.snapshots() if each.position == 3 and "bulk" not in each.tags])
    assert shop.truncate() == 4
    assert ids(shop.open()) == {"a", "b", "c"}


def interrupted(_tail: Tail, _payload: bytes) -> Any:
    raise KeyboardInterrupt


def test_a_time_between_what_is_kept(shop: Shop) -> None:
    """A checkpoint of an earlier entry than the log reaches back to says nothing of the times behind it."""
    first = shop.open()
    add(first, "a")
    first.checkpoint("early")
    add(first, "b")
    between = datetime.now(UTC)
    first.checkpoint("late")
    then = datetime.now(UTC)
    early = next(each for each in first.snapshots() if each.name == "early")
    truncate(shop.backend, 3, datetime.now(UTC) + timedelta(hours=1))  # as if "early" had been stored by a slow one
    add(first, "c")
    with pytest.raises(NotFoundError, match="no checkpoint and no log reach back"):
        first.restore(at=between)
    assert first.restore(at=then).name == "late"
    assert ids(first) == {"a", "b"}
    assert first.restore("early").id == early.id
    assert ids(first) == {"a"}


def test_what_others_logged_is_no_work_of_one_who_logs_nothing(shop: Shop) -> None:
    """It follows them again and again, publishes nothing of its own, and leaves no directory that says it is less."""
    first = shop.open()
    add(first, "a")
    first.checkpoint()
    add(first, "b")
    bulk = shop.open(durability="checkpoint")
    for name in ("c", "d"):
        add(first, name)
        assert bulk.refresh()
    assert ids(bulk) == {"a", "b", "c", "d"}
    assert bulk.status().pending == 0
    last = shop.last
    cache = shop.close(bulk)
    assert shop.last == last
    assert ids(shop.open(cache)) == {"a", "b", "c", "d"}
    again = shop.open(durability="checkpoint")
    add(again, "e")
    with pytest.raises(ConflictError, match="writes that no checkpoint has"):
        again.refresh()
    again.checkpoint()
    first.refresh()
    assert ids(first) == {"a", "b", "c", "d", "e"}


def test_one_who_logs_nothing_goes_back_and_closes(shop: Shop) -> None:
    """That is work of its own, though it wrote nothing."""
    first = shop.open()
    add(first, "a")
    first.checkpoint("old")
    add(first, "b")
    bulk = shop.open(durability="checkpoint")
    bulk.restore("old")
    shop.close(bulk)
    assert first.refresh()
    assert ids(first) == {"a"}
