"""Liveness and readiness of a process that has a store open: cheap, and never mixed up with each other.

A process that is alive is left alone, be the storage away for an hour; one that is not ready gets no requests. Whoever
restarts what is merely not ready turns an outage of the storage into one of everything.
"""

from __future__ import annotations

import time
from typing import Any, Protocol

from thoth_storage.health.report import Outcome, Report, fail, ok
from thoth_storage.health.running import run

__all__ = ["HasStatus", "live", "ready"]


class HasStatus(Protocol):
    """What ``PersistentClient`` gives, among others."""

    def status(self) -> Any:
        """A ``StoreStatus``."""
        ...


def live() -> Report:
    """Whether this process runs at all: no request is sent, no lock taken, nothing waited for."""
    return Report(None, run({"process": lambda _: ok("it answers")}, None, 1.0), 0.0)


def ready(client: HasStatus | None, *, max_behind: int = 1000, deadline: float = 2.0) -> Report:
    """Whether a process may be sent requests: its store is open, the storage answers, and at most ``max_behind``
    entries of the log are not applied here yet. ``client`` is None while there is none. One request to the URL, and no
    more than ``deadline`` seconds."""
    began = time.perf_counter()

    def look(store: HasStatus | None) -> Outcome:
        if store is None:
            return fail("the store is not open yet")
        status = store.status()
        if status.behind is None:
            return fail("the storage does not answer", "see thoth-storage health")
        told = f"{status.behind} entries of the log are not applied here; {max_behind} may be"
        return ok(told) if status.behind <= max_behind else fail(told, "wait; it follows")

    checks = run({"store": look}, client, deadline)
    url = getattr(getattr(client, "live", None), "url", None)
    return Report(url, checks, time.perf_counter() - began)
