from __future__ import annotations

from typing import Any


class PruneReport: ...


def prune(*a: Any) -> PruneReport:
    raise NotImplementedError


from datetime import timedelta

GRACE = timedelta(hours=24)
UNUSED = 0.5
