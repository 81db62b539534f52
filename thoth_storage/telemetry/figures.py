"""What this process did at all stores together: the one place where requests of every backend are counted.

``snapshot`` is for whoever shows it: the service's ``/metrics``, a program's own metrics. Names of stores and keys are
not in it, so the number of rows stays small whatever is opened.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from thoth_storage.telemetry.meters import BOUNDS, Meter, Meters

__all__ = ["OPERATIONS", "OperationFigures", "RequestFigures", "Snapshot", "meters_of", "snapshot"]

OPERATIONS = Meters()
"""Backups, restores and so on, by name."""
_BY_SCHEME: dict[str, Meters] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class RequestFigures:
    """One verb at one kind of backend. ``meter.requests`` are tries, each one that was repeated too; ``sent`` and
    ``received`` are bytes of payload."""

    scheme: str
    verb: str
    meter: Meter

    @property
    def sent(self) -> int:
        return self.meter.bytes if self.verb in ("put", "create") else 0

    @property
    def received(self) -> int:
        return self.meter.bytes if self.verb == "get" else 0


@dataclass(frozen=True)
class OperationFigures:
    """One kind of operation, such as ``backup``: how many are over, and how."""

    name: str
    meter: Meter


@dataclass(frozen=True)
class Snapshot:
    """All that was counted since this process began, in order of names. ``bounds``: the upper bounds, in seconds, of
    all but the last of each meter's ``buckets``, which are not cumulative."""

    requests: tuple[RequestFigures, ...]
    operations: tuple[OperationFigures, ...]
    bounds: tuple[float, ...] = BOUNDS


def meters_of(scheme: str) -> Meters:
    """Where the requests of all backends of a scheme are counted."""
    found = _BY_SCHEME.get(scheme)
    if found is None:
        with _lock:
            found = _BY_SCHEME.setdefault(scheme, Meters())
    return found


def snapshot() -> Snapshot:
    """What was counted so far, to be shown; a copy that stands still. Cheap: some dozens of small rows."""
    requests = [
        RequestFigures(scheme, verb, meter)
        for scheme, meters in sorted(_BY_SCHEME.items())
        for verb, meter in sorted(meters.read().items())
    ]
    operations = [OperationFigures(name, meter) for name, meter in sorted(OPERATIONS.read().items())]
    return Snapshot(tuple(requests), tuple(operations))
