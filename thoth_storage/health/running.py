"""Checks side by side, each on a thread that nobody has to wait for: what hangs is told, and the rest answers."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from thoth_storage.errors import StorageError
from thoth_storage.health.report import FAIL, WARN, Check, NotLookedError, Outcome

__all__ = ["run"]

S = TypeVar("S")


def run(checks: Mapping[str, Callable[[S], Outcome]], scene: S, deadline: float) -> tuple[Check, ...]:
    """All checks, in their order, within ``deadline`` seconds."""
    done: queue.SimpleQueue[Check] = queue.SimpleQueue()
    began = time.monotonic()

    def attempt(name: str, check: Callable[[S], Outcome]) -> None:
        done.put(_attempt(name, check, scene))

    for name, check in checks.items():
        threading.Thread(target=attempt, args=(name, check), name=f"thoth-health-{name}", daemon=True).start()
    found: dict[str, Check] = {}
    while len(found) < len(checks):
        try:
            each = done.get(timeout=max(began + deadline - time.monotonic(), 0.0))
        except queue.Empty:
            break
        found[each.name] = each
    return tuple(found.get(name) or _late(name, deadline) for name in checks)


def _attempt(name: str, check: Callable[[S], Outcome], scene: S) -> Check:
    began = time.perf_counter()
    try:
        outcome = check(scene)
    except NotLookedError as error:
        outcome = Outcome(WARN, error.message)
    except StorageError as error:
        outcome = Outcome(FAIL, error.message, error.hint)
    except Exception as error:
        # A fault of ours or of a plugin: one check less, and all others answer.
        outcome = Outcome(FAIL, f"{type(error).__name__}: {error}", "report this")
    return Check(name, *outcome, seconds=time.perf_counter() - began)


def _late(name: str, deadline: float) -> Check:
    message = f"no answer within {deadline:g} s"
    return Check(name, FAIL, message, "see what it waits for (network, service, disk), or allow more time", deadline)
