"""Which snapshots to keep: the last few, and the newest of each hour, day, week or month, as people want their past.

Pure: it decides, and deletes nothing. All in UTC, so that the machine's time zone does not decide what is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from thoth_storage.errors import InvalidArgumentError
from thoth_storage.repository.reports import Snapshot

__all__ = ["Decision", "Policy", "decide"]

_PERIODS: dict[str, Callable[[datetime], object]] = {
    "hourly": lambda time: (time.date(), time.hour),
    "daily": lambda time: time.date(),
    "weekly": lambda time: time.isocalendar()[:2],
    "monthly": lambda time: (time.year, time.month),
}
"""What tells a period from all others, of a time in UTC. Weeks are those of ISO 8601 with their own years: the last
days of December may lie in the first week of the next."""


@dataclass(frozen=True)
class Policy:
    """How many to keep of each kind. A period counts only if it has a snapshot, and its newest is kept; a snapshot with
    any of ``tags`` is always kept, and so are those whose ids are ``needed``. What nothing keeps is forgotten.

    Raises InvalidArgumentError for what is no number, or a negative one, and for a policy that would keep nothing.
    """

    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    tags: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        counts = {name: getattr(self, name) for name in ("last", *_PERIODS)}
        for name, count in counts.items():
            if not isinstance(count, int) or isinstance(count, bool) or count < 0:
                raise InvalidArgumentError(f"keep_{name} is {count!r:.80}, a number from 0 on is expected")
        if not any(counts.values()) and not self.tags:
            raise InvalidArgumentError("this policy keeps no snapshot", hint="give at least one keep_...")


@dataclass(frozen=True)
class Decision:
    """``reasons`` tell what keeps a snapshot (``last``, ``daily``, ``tag prod``, ``name prod-good``, ``needed``);
    without any it goes."""

    snapshot: Snapshot
    reasons: tuple[str, ...]

    @property
    def keep(self) -> bool:
        return bool(self.reasons)


def decide(ordered: Sequence[Snapshot], policy: Policy) -> list[Decision]:
    """A decision for each snapshot, in their order: newest first, as the repository lists them. Which period one is of
    tells its time; which is newest, the order. So where one machine's clock is years ahead, what it made ages all the
    same. What a name was moved to is kept: somebody relies on it."""
    reasons: dict[str, list[str]] = {snapshot.id: [] for snapshot in ordered}
    for snapshot in ordered[: policy.last]:
        reasons[snapshot.id].append("last")
    for name, period in _PERIODS.items():
        for snapshot in _newest_of_each(ordered, period, getattr(policy, name)):
            reasons[snapshot.id].append(name)
    for snapshot in ordered:
        reasons[snapshot.id].extend(f"tag {tag}" for tag in snapshot.tags if tag in policy.tags)
        reasons[snapshot.id].extend(f"name {name}" for name in snapshot.names)
        if snapshot.id in policy.needed:
            reasons[snapshot.id].append("needed")
    return [Decision(snapshot, tuple(reasons[snapshot.id])) for snapshot in ordered]


def _newest_of_each(
    ordered: Sequence[Snapshot], period: Callable[[datetime], object], count: int
) -> Iterable[Snapshot]:
    newest: dict[object, Snapshot] = {}
    for snapshot in ordered:
        newest.setdefault(period(snapshot.time.astimezone(UTC)), snapshot)
    return list(newest.values())[:count]
