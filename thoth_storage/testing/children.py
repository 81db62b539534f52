"""What the suite does in other processes. A module of its own, because a spawned child imports what it runs."""

from __future__ import annotations

import multiprocessing
import traceback
import warnings
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from typing import Any, Literal

from thoth_storage.backend import Backend
from thoth_storage.errors import AlreadyExistsError
from thoth_storage.testing.suite_base import keys_of

__all__ = ["look_and_leave", "race", "run"]


def run(
    how: Literal["spawn", "fork"], work: Callable[..., Any], arguments: Sequence[tuple[Any, ...]], patience: float
) -> list[Any]:
    """Call ``work`` in a process for each of ``arguments``, all at once, and give their results.

    The first argument that ``work`` gets is a barrier that all of them share. A child that fails, dies or does not come
    back within ``patience`` seconds is an AssertionError, and none is left behind.
    """
    context: Any = multiprocessing.get_context(how)
    barrier = context.Barrier(len(arguments), timeout=patience)
    children, ends, fine = [], [], False
    try:
        for each in arguments:
            ours, theirs = context.Pipe(duplex=False)
            child = context.Process(target=_child, args=(theirs, work, barrier, *each), daemon=True)
            with warnings.catch_warnings():
                # Python 3.12 warns of forking beside threads. That it works all the same is what is tested.
                warnings.simplefilter("ignore", DeprecationWarning)
                child.start()
            theirs.close()
            children.append(child)
            ends.append(ours)
        results = [_result(end, patience) for end in ends]
        fine = True
        return results
    finally:
        for child in children:
            child.join(patience if fine else 0)
            child.kill()
            child.join()
            child.close()
        for end in ends:
            end.close()


def race(barrier: Any, backend: Backend, keys: Sequence[str], data: bytes) -> list[bool]:
    """Create every key, beginning each time at the same moment as the other processes; which did we win?"""
    won = []
    for key in keys:
        barrier.wait()
        try:
            backend.create(key, data)
        except AlreadyExistsError:
            won.append(False)
        else:
            won.append(True)
    return won


def look_and_leave(_barrier: Any, backend: Backend, key: str) -> tuple[bytes, list[str]]:
    """Read an object of the parent, and leave another one for it."""
    data = backend.get(key)
    backend.create("from-child", data * 2)
    return data, keys_of(backend)


def _child(end: Connection, work: Callable[..., Any], *arguments: Any) -> None:
    try:
        result = True, work(*arguments)
    except BaseException:
        # The parent shows it: a child's own stderr is lost under pytest.
        result = False, traceback.format_exc()
    end.send(result)
    end.close()


def _result(end: Connection, patience: float) -> Any:
    assert wait_for([end], patience), f"a child process did not come back within {patience} seconds"
    try:
        fine, value = end.recv()
    except EOFError:
        raise AssertionError("a child process died") from None
    assert fine, f"in a child process:\n{value}"
    return value
