"""Finding the snapshot that people mean: by ``latest``, an id or its beginning, a name, a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from thoth_storage.errors import ConfigurationError, InvalidArgumentError, NotFoundError
from thoth_storage.repository.labels import Labels
from thoth_storage.repository.layout import SnapshotKey
from thoth_storage.repository.manifest import Header
from thoth_storage.repository.records import to_microseconds, to_time

__all__ = ["check_name", "find", "find_at", "to_utc"]

_SHORTEST_PREFIX = 4
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


def find(
    url: str, keys: list[SnapshotKey], wanted: str, labels: Labels, headers: Callable[[], list[Header]]
) -> SnapshotKey:
    """The snapshot that ``wanted`` means: ``latest``, an id, a name (what it was given to last), a unique beginning of
    an id. ``keys`` newest first; ``headers`` reads all headers and is called only for a name.

    Raises NotFoundError, or ConfigurationError for a beginning that several ids share.
    """
    if not wanted:
        raise InvalidArgumentError("a snapshot is named by its id, its name or 'latest', not by an empty string")
    if not keys:
        raise NotFoundError("the repository has no snapshot yet", url=url, hint="make one with backup")
    if wanted == "latest":
        return keys[0]
    exact = [key for key in keys if key.id == wanted.lower()]
    if exact:
        return exact[0]
    named = _named(keys, wanted, labels, headers)
    if named:
        return named
    begun = [key for key in keys if len(wanted) >= _SHORTEST_PREFIX and key.id.startswith(wanted.lower())]
    if len(begun) > 1:
        raise ConfigurationError(
            f"{wanted!r} begins the ids of {len(begun)} snapshots: {', '.join(key.id[:12] for key in begun[:5])}",
            url=url,
            hint="give more of the id",
        )
    if not begun:
        raise NotFoundError(
            f"no snapshot has the id or name {wanted!r}", url=url, hint="'thoth-storage snapshots' lists them"
        )
    return begun[0]


def find_at(
    url: str, keys: list[SnapshotKey], at: datetime, headers: Callable[[Sequence[SnapshotKey]], list[Header]]
) -> SnapshotKey:
    """The newest snapshot that was not taken later than ``at`` (UTC where it has no zone). ``headers`` reads those of
    some keys. Raises NotFoundError."""
    moment = to_utc(at)
    # A snapshot is never taken after the time in its key, so only for those that seem too late is there more to know.
    taken = {header.id: header.moment for header in headers([key for key in keys if key.time > moment])}
    for key in keys:
        if key.time <= moment or taken.get(key.id, to_microseconds(key.time)) <= to_microseconds(moment):
            return key
    oldest = min(taken.values(), default=None)
    raise NotFoundError(
        f"no snapshot is as old as {moment.isoformat()}"
        + (f"; the oldest is of {to_time(oldest).isoformat()}" if oldest is not None else ": there is none"),
        url=url,
        hint="'thoth-storage snapshots' lists them",
    )


def to_utc(at: datetime) -> datetime:
    """A time without a zone is UTC, whatever the machine's: all times of a repository are."""
    if not isinstance(at, datetime):
        raise InvalidArgumentError(f"a time is a datetime, not the {type(at).__name__} {at!r:.80}")
    if at.tzinfo is None:
        return at.replace(tzinfo=UTC)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        # Within a day of the first or the last moment that there is.
        return _LAST if at.year > 1 else _FIRST


def check_name(name: str) -> str:
    """A name or tag that can be told from ``latest`` and be typed. Raises InvalidArgumentError."""
    if not isinstance(name, str):
        raise InvalidArgumentError(f"a name or tag is a string, not the {type(name).__name__} {name!r:.80}")
    if not 0 < len(name) <= 200 or not name.isprintable() or name != name.strip():
        raise InvalidArgumentError(f"{name!r:.80} is no name: 1 to 200 printable characters are")
    if name == "latest":
        raise InvalidArgumentError("'latest' always means the newest snapshot and cannot be a name")
    return name


def _named(
    keys: list[SnapshotKey], name: str, labels: Labels, headers: Callable[[], list[Header]]
) -> SnapshotKey | None:
    by_id = {key.id: key for key in keys}
    born = max((header for header in headers() if header.name == name), key=lambda h: (h.time, h.id), default=None)
    event = labels.given(name)
    if event and event.snapshot in by_id and (born is None or event.time > born.time):
        return by_id[event.snapshot]
    return by_id.get(born.id) if born else None
