"""How a live store is doing, for people, health checks and metrics."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["StoreStatus"]


@dataclass(frozen=True)
class StoreStatus:
    """``checkpoint`` is the id of the snapshot that the local state was opened upon or last stored as; ``position`` the
    number of the last entry of the write log that was applied, None where there is no log; ``behind`` how many entries
    (without a log, checkpoints) others have stored since, None where that cannot be known; ``pending`` rows were
    written since the last checkpoint, ``pending_bytes`` roughly; ``local_bytes`` are the files of the local directory,
    ``pause`` the seconds for which the last checkpoint held writers back; ``last_error`` is what the last attempt in
    the background failed with."""

    url: str
    mode: str
    checkpoint: str | None
    position: int | None
    behind: int | None
    local_path: str
    local_bytes: int
    pending: int
    pending_bytes: int
    pause: float | None
    last_error: str | None
