"""What the verbs of a repository tell when they are done, and on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

__all__ = ["Problem", "Progress", "ProgressCallback", "RestoreReport", "Snapshot", "VerifyReport", "timed"]


@dataclass(frozen=True)
class Snapshot:
    """An immutable, consistent image of a directory.

    ``time`` in UTC, by the clock of the machine that made it; ``size`` is the bytes of all files, ``added`` those that
    this backup had to store; ``parent`` is the id of the snapshot that was newest before; ``position`` that of the
    write log, for a checkpoint.
    ``name`` is what it was called when it was made, ``names`` those that were given to it later and mean it now.
    """

    id: str
    time: datetime
    name: str | None
    tags: tuple[str, ...]
    files: int
    size: int
    added: int
    parent: str | None = None
    position: int | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class RestoreReport:
    """What a restore wrote, or with ``dry_run`` would write: ``files`` in number, ``bytes`` in files, ``seconds`` of
    wall time. ``reused`` of those bytes were in the old target already; ``read`` bytes came (would come) from the
    backend, by ``requests`` range requests. ``paths``: the files, for a dry run only.
    """

    snapshot: str
    target: str
    files: int
    bytes: int
    seconds: float
    reused: int = 0
    read: int = 0
    requests: int = 0
    dry_run: bool = False
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """One thing that verification found: the object, what is wrong with it, and the ids of the snapshots it touches."""

    key: str
    message: str
    snapshots: tuple[str, ...] = ()


@dataclass(frozen=True)
class VerifyReport:
    """``problems`` is empty if all is well. ``blocks`` and ``bytes`` (plain) were read and checked; ``part`` tells
    which those are: ``all`` that snapshots need, ``none``, or the third of thirty parts, ``3/30``."""

    snapshots: int
    packs: int
    blocks: int
    bytes: int
    seconds: float
    problems: list[Problem] = field(default_factory=list)
    part: str = "all"

    @property
    def ok(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long piece of work is. ``done`` and ``total`` in bytes of files; ``files_done`` and ``files_total`` in
    number; ``stored`` in bytes sent to the backend; ``seconds`` since the begin. A call at least at the begin and at
    the end."""

    action: str
    done: int
    total: int
    files_done: int = 0
    files_total: int = 0
    stored: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Bytes a second so far; 0 where no time has passed."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def remaining(self) -> float | None:
        """Seconds that the rest takes at this rate; None while nothing is known of it."""
        if self.done >= self.total:
            return 0.0
        return (self.total - self.done) / self.rate if self.rate else None


ProgressCallback = Callable[[Progress], None]


def timed(progress: ProgressCallback | None) -> ProgressCallback | None:
    """The same callback, told the seconds since now with each call: the work itself need not look at a clock."""
    if progress is None:
        return None
    began = time.monotonic()
    return lambda each: progress(replace(each, seconds=time.monotonic() - began))
