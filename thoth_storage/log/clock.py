"""How much time passed here, also while the machine slept or was moved: what was seen of the log holds for so long."""

from __future__ import annotations

import time

__all__ = ["GRACE", "TRUST", "Moment", "now", "since"]

GRACE = 3600.0
"""Seconds that an entry is kept at least, and a mark beside a higher one, by the service's clock."""
TRUST = GRACE / 2
"""Seconds for which it is believed that what was seen has not been deleted; the rest is for clocks that differ."""

Moment = tuple[float, float]


def now() -> Moment:
    """Two clocks: one goes on while the machine sleeps, the other is right again after it was moved to another."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return (time.monotonic() if boot is None else time.clock_gettime(boot)), time.time()


def since(then: Moment) -> float:
    """Seconds. The clock that says more is believed: a jump ahead costs one look, a jump back nothing."""
    return max(after - before for after, before in zip(now(), then, strict=True))
