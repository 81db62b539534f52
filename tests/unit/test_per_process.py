"""One instance a process or a thread, whatever forks and whoever comes first."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from thoth_storage.per_process import PerProcess


class Thing:
    """Weakly referable, and false: an instance must not be judged by its truth."""

    def __bool__(self) -> bool:
        return False


def shared(_: Thing) -> bool:
    return True


def unshared(_: Thing) -> bool:
    return False


def test_made_on_first_use_and_kept() -> None:
    made: list[Thing] = []

    def make() -> Thing:
        made.append(Thing())
        return made[-1]

    for rule in (shared, unshared):
        holder = PerProcess(make, rule)
        count = len(made)
        assert holder.get() is holder.get() is made[-1]
        assert len(made) == count + 1


def test_threads_that_come_together_get_one_if_it_is_shared() -> None:
    gate, made = threading.Barrier(12), []

    def make() -> Thing:
        time.sleep(0.05)  # so that the others come while it is made
        made.append(Thing())
        return made[-1]

    holder = PerProcess(make, shared)

    def come(_: int) -> Thing:
        gate.wait()
        return holder.get()

    with ThreadPoolExecutor(12) as pool:
        assert len({id(thing) for thing in pool.map(come, range(12))}) == len(made) == 1


def test_each_thread_gets_its_own_if_it_is_not() -> None:
    gate, holder = threading.Barrier(6), PerProcess(Thing, unshared)

    def come(_: int) -> tuple[Thing, bool]:
        first = holder.get()
        gate.wait()
        return first, first is holder.get()

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(come, range(6)))
    assert len({id(thing) for thing, _ in results}) == 6
    assert all(stays for _, stays in results)
    assert holder.get() not in [thing for thing, _ in results]


def test_the_instance_of_a_thread_ends_with_it() -> None:
    holder = PerProcess(Thing, unshared)
    with ThreadPoolExecutor(1) as pool:
        known = pool.submit(lambda: weakref.ref(holder.get())).result()
    gc.collect()
    assert known() is None


def test_what_making_raises_is_raised_and_the_next_call_tries_again() -> None:
    outcomes: list[Exception | Thing] = [ValueError("no credentials"), OSError("no network"), Thing()]

    def make() -> Thing:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    holder = PerProcess(make, shared)
    with pytest.raises(ValueError, match="no credentials"):
        holder.get()
    with pytest.raises(OSError, match="no network"):
        holder.get()
    assert isinstance(holder.get(), Thing)


@pytest.mark.parametrize("rule", [shared, unshared])
def test_what_is_cleared_is_let_go_and_made_anew(rule: object) -> None:
    assert callable(rule)
    holder = PerProcess(Thing, rule)
    known = weakref.ref(holder.get())
    holder.clear()
    holder.clear()
    gc.collect()
    assert known() is None
    assert isinstance(holder.get(), Thing)
