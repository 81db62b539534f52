"""What can be told of a store from its URL, without a Chroma and without a download."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from thoth_storage.errors import StorageError
from thoth_storage.log import Entry, Log, list_all
from thoth_storage.repository import Repository
from thoth_storage.store.line import Line
from thoth_storage.store.log_opening import open_log
from thoth_storage.store.operations import Creation, Deletion, Modification, Rows, State, Told, decode

__all__ = ["EntrySummary", "StoreOverview", "entries_behind", "look_at", "read_log", "summarize"]


@dataclass(frozen=True)
class StoreOverview:
    """``checkpoint`` is the id of the newest one that openings see, ``position`` the last entry of the log that it
    covers; ``first`` and ``last`` are those that are kept, ``log_bytes`` what they take; ``replay`` is how many of them
    an opening has to apply; ``missing`` are the numbers of entries that are not there, though later ones are, and that
    no checkpoint stands for."""

    url: str
    snapshots: int
    checkpoint: str | None
    checkpoint_time: datetime | None
    position: int | None
    first: int | None
    last: int
    replay: int
    log_bytes: int
    truncated: int
    missing: tuple[int, ...]


@dataclass(frozen=True)
class EntrySummary:
    """One entry as people see it; ``time`` by its writer's clock, ``problem`` why it cannot be read."""

    sequence: int
    time: datetime | None
    writer: str
    size: int
    operations: tuple[str, ...]
    problem: str | None = None


def look_at(repository: Repository) -> StoreOverview:
    """Raises what listing the URL raises."""
    extent = list_all(repository.backend)
    kept = [each for each in extent.entries if each.sequence > extent.truncated]
    last = max(extent.last, 0)
    checkpoints = list(Line(repository).visible())
    newest = next((each for each in checkpoints if each.position is not None or not last), None)
    position = newest.position if newest else None
    there = {each.sequence for each in kept}
    # A store that was copied to another place has checkpoints, and a log that begins behind them: no entry is missing.
    oldest = min(there, default=last)
    begins = oldest if any((each.position or 0) >= oldest - 1 for each in checkpoints) else extent.truncated + 1
    return StoreOverview(
        url=repository.url,
        snapshots=len(repository.snapshots()),
        checkpoint=newest.id if newest else None,
        checkpoint_time=newest.time if newest else None,
        position=position,
        first=min(there, default=None),
        last=last,
        replay=max(last - (position or 0), 0),
        log_bytes=sum(each.size for each in kept),
        truncated=extent.truncated,
        missing=tuple(number for number in range(begins, last) if number not in there)[:1000],
    )


def entries_behind(log: Log, after: int) -> Iterator[EntrySummary]:
    """The entries that are there behind ``after``, in order; those that are damaged too."""
    for each in list_all(log.backend).entries:
        if each.sequence <= after:
            continue
        try:
            entry = log.read(each.sequence)
            if entry is not None:
                yield summarize(entry, log)
        except StorageError as error:
            yield EntrySummary(each.sequence, each.time, "", each.size, (), str(error))


def summarize(entry: Entry, log: Log) -> EntrySummary:
    """Raises CorruptionError, FormatError."""
    told = decode(entry.payload, url=log.url, sequence=entry.sequence)
    words = tuple(_words(each) for each in told)
    return EntrySummary(entry.sequence, entry.time, entry.writer, entry.size, words)


def read_log(repository: Repository) -> Log:
    """The log of a store. Raises CapabilityError where there can be none."""
    log = open_log(repository)
    if log is None:
        Log(repository.backend, "").check_writable()
        raise AssertionError("a backend that takes a log has one")
    return log


def _words(told: Told) -> str:
    kind, arguments = told.operation.kind, told.arguments
    where = f" in {told.operation.collection!r}" if told.operation.collection else ""
    if isinstance(arguments, Rows):
        return f"{kind} {len(arguments.ids)} rows{where}"
    if isinstance(arguments, Deletion):
        what = f"{len(arguments.ids)} rows" if arguments.ids is not None else "rows"
        chosen = " by filter" if arguments.where or arguments.where_document else ""
        return f"delete {what}{chosen}{where}"
    if isinstance(arguments, State):
        return f"the state is snapshot {arguments.snapshot[:12]}"
    if isinstance(arguments, Creation):
        return f"create collection {told.operation.collection!r}"
    if isinstance(arguments, Modification):
        return f"modify collection{where}" + (f", now {arguments.name!r}" if arguments.name else "")
    names = {"delete_database": told.operation.database, "create_database": told.operation.database}
    name = names.get(kind) or told.operation.collection or told.operation.tenant
    return f"{kind.replace('_', ' ')} {name!r}" if name else kind
