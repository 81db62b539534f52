"""What ``/metrics`` tells beside the service's own requests: store, checkpoints and drills, storage, process."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from thoth_storage import telemetry
from thoth_storage.service.history import History
from thoth_storage.service.metrics_text import counter, gauge, histogram
from thoth_storage.service.readiness import Seen

if TYPE_CHECKING:
    from thoth_storage.store.drill import DrillRecord

__all__ = ["of_backend", "of_history", "of_process", "of_store"]

_BEGAN = time.time()


def of_store(ready: bool, seen: Seen | None) -> Iterator[str]:
    yield from gauge("thoth_store_ready", "1 where this instance may be sent requests.", int(ready))
    if seen is None:
        return
    status = seen.status
    for name, about, value in (
        ("documents", "Documents of the collection.", seen.documents),
        ("position", "The last entry of the log that is in the newest checkpoint or applied here.", status.position),
        ("behind", "Entries of the log that are not applied here yet.", status.behind),
        ("pending_rows", "Rows that no checkpoint has yet.", status.pending),
        ("pending_bytes", "Bytes of them, roughly.", status.pending_bytes),
        ("local_bytes", "Bytes of the local files.", status.local_bytes),
        ("checkpoint_pause_seconds", "For how long the last checkpoint held writers back.", status.pause),
    ):
        yield from gauge(f"thoth_store_{name}", about, value)


def of_history(history: History | None) -> Iterator[str]:
    if history is None:
        return
    newest = history.snapshots[0].time.timestamp() if history.snapshots else None
    drills = history.drills
    last, proven = (drills.last, drills.proven) if drills else (None, None)
    for name, about, value in (
        ("snapshots", "Snapshots at the URL.", len(history.snapshots)),
        ("snapshot_bytes", "Bytes of all snapshots, each counted whole.", history.size),
        ("snapshot_stored_bytes", "Bytes that were stored for them.", history.added),
        ("checkpoint_timestamp_seconds", "When the newest checkpoint was taken.", newest),
        ("drill_timestamp_seconds", "When the last restore drill ended.", _when(last)),
        ("drill_ok", "1 where the last restore drill found all well.", int(last.ok) if last else None),
        ("proven_timestamp_seconds", "When a drill last proved that this restores.", _when(proven)),
    ):
        yield from gauge(f"thoth_store_{name}", about, value)


def _when(drill: DrillRecord | None) -> float | None:
    return drill.time.timestamp() if drill else None


def of_backend() -> Iterator[str]:
    """Requests to the storage, each try counted, since this process began."""
    seen = telemetry.snapshot()
    rows = [({"scheme": each.scheme, "verb": each.verb}, each) for each in seen.requests]
    name = "thoth_backend"
    yield from counter(
        f"{name}_requests_total",
        "Requests to the storage, each try counted.",
        ((labels, each.meter.requests) for labels, each in rows),
    )
    yield from counter(
        f"{name}_retries_total", "Tries after one that failed.", ((labels, each.meter.retries) for labels, each in rows)
    )
    yield from counter(
        f"{name}_errors_total",
        "Tries that failed, by the error.",
        (({**labels, "error": kind}, count) for labels, each in rows for kind, count in each.meter.failures.items()),
    )
    yield from counter(
        f"{name}_sent_bytes_total",
        "Bytes of objects that were sent.",
        ((labels, each.sent) for labels, each in rows if each.sent),
    )
    yield from counter(
        f"{name}_received_bytes_total",
        "Bytes of objects that were received.",
        ((labels, each.received) for labels, each in rows if each.received),
    )
    yield from histogram(
        f"{name}_request_seconds",
        "Seconds of each try.",
        seen.bounds,
        ((labels, each.meter.buckets, each.meter.seconds) for labels, each in rows),
    )
    yield from histogram(
        "thoth_operation_seconds",
        "Seconds of backups, hydrations, appends and other operations.",
        seen.bounds,
        (({"operation": each.name}, each.meter.buckets, each.meter.seconds) for each in seen.operations),
    )


def of_process() -> Iterator[str]:
    """Under the names that Prometheus's own clients give them."""
    times = os.times()
    yield from counter(
        "process_cpu_seconds_total", "Seconds of CPU, user and system.", [({}, times.user + times.system)]
    )
    yield from gauge("process_start_time_seconds", "When this process began.", _BEGAN)
    try:
        pages = int(Path("/proc/self/statm").read_bytes().split()[1])
    except OSError:
        return  # no Linux
    yield from gauge("process_resident_memory_bytes", "Memory in use.", pages * os.sysconf("SC_PAGE_SIZE"))
