"""Checks of the service that stores: whether it answers, to whom, and what its clock says."""

from __future__ import annotations

import time

from thoth_storage.access import identity_of, permission_of
from thoth_storage.errors import CapacityError, PermissionError_
from thoth_storage.health.report import Outcome, fail, ok, warn
from thoth_storage.health.scene import Scene
from thoth_storage.repository.layout import REPOSITORY_KEY

__all__ = ["backend", "clock", "credentials"]

_SKEW, _SIGNED = 60.0, 600.0
"""Seconds. Signed requests are refused from some 900 on."""


def backend(scene: Scene) -> Outcome:
    """A real round trip: a listing and a read; a write, a read and a delete where that is wanted and allowed."""
    found = scene.backend()
    began = time.perf_counter()
    infos = list(found.list(REPOSITORY_KEY))
    listed = time.perf_counter() - began
    told = f"list {_ms(listed)}"
    if infos:
        began = time.perf_counter()
        found.get(REPOSITORY_KEY)
        told += f", get {_ms(time.perf_counter() - began)}"
    if not scene.write:
        return ok(f"{told}; nothing was written, as was asked")
    try:
        probe = scene.probe()
    except PermissionError_ as error:
        needed = permission_of(found, "create")
        return warn(
            f"{told}; it cannot be written: {error.message}",
            f"grant {needed or 'writing'}, or say --read-only where nothing is to be written",
        )
    except CapacityError as error:
        return fail(f"{told}; it cannot be written: {error.message}", error.hint)
    assert probe is not None
    told += f", small write {_ms(probe.put)}, read {_ms(probe.get)}"
    if probe.left:
        needed = permission_of(found, "delete") or "deleting"
        return warn(f"{told}; {probe.key} could not be deleted: {probe.left.message}", f"grant {needed}, and delete it")
    return ok(told)


def credentials(scene: Scene) -> Outcome:
    """Which identity is used, without its secret."""
    found = identity_of(scene.backend())
    return ok(found) if found else ok("the backend does not tell, or asks nobody")


def clock(scene: Scene) -> Outcome:
    """Ages are reckoned by the store's clock alone, but signed requests are refused where this one is far off."""
    try:
        probe = scene.probe()
    except PermissionError_:
        probe = None
    if probe is None:
        return ok("not compared: that takes a write")
    if probe.skew is None:
        return ok("the service does not tell when an object was stored")
    off = abs(probe.skew)
    side = "ahead of" if probe.skew > 0 else "behind"
    # Some services tell whole seconds.
    same = off < 1
    told = "the same as the store's" if same else f"the store's clock is {off:.0f} s {side} this machine's"
    hint = "set this machine's clock (NTP)"
    if off <= _SKEW:
        return ok(told if same else f"{told}; {_SKEW:.0f} s do no harm")
    return warn(told, hint) if off <= _SIGNED else fail(told, hint)


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"
