"""The snapshot objects: listed, read, found by what people call them, and created as the commit of a backup."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from thoth_storage.backend import Backend
from thoth_storage.errors import ConfigurationError, CorruptionError, FormatError, InvalidArgumentError, NotFoundError
from thoth_storage.repository import sealed
from thoth_storage.repository.layout import SNAPSHOTS, SnapshotKey, parse_snapshot_key
from thoth_storage.repository.manifest import MAGIC, Body, Header
from thoth_storage.repository.reports import Problem, Snapshot

__all__ = [
    "check_name",
    "find",
    "list_keys",
    "read_header",
    "read_headers",
    "read_snapshot",
    "stray_objects",
    "to_microseconds",
    "to_snapshot",
    "to_time",
]

_log = logging.getLogger(__name__)
_FIRST_READ = 4096
"""Bytes of the first request for a header: it is nearly always shorter."""
_FIRST_READ_WITH_BODY = 64 * 1024
"""Where the body is wanted too: that of a store of some 300 MB comes along, and saves a request."""
_REQUESTS = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHORTEST_PREFIX = 4


def list_keys(backend: Backend) -> list[SnapshotKey]:
    """The keys of all snapshots, newest first: one listing, no reads."""
    keys = []
    for info in backend.list(SNAPSHOTS):
        try:
            keys.append(parse_snapshot_key(info.key, backend.url))
        except CorruptionError:
            continue
    return sorted(keys, key=lambda key: (key.time, key.id), reverse=True)


def stray_objects(backend: Backend) -> list[Problem]:
    """What lies among the snapshots and is none: ``list_keys`` passes it over, verification names it."""
    strays = []
    for info in backend.list(SNAPSHOTS):
        try:
            parse_snapshot_key(info.key, backend.url)
        except CorruptionError as error:
            strays.append(Problem(info.key, error.message))
    return strays


def read_header(backend: Backend, key: SnapshotKey) -> Snapshot:
    """What one snapshot tells of itself, by a short range request. Raises CorruptionError, FormatError."""
    return to_snapshot(_read_header(backend, key)[0])


def read_headers(backend: Backend, keys: Sequence[SnapshotKey]) -> list[Snapshot]:
    """The same for many, several at once. One that is damaged is left out and told in the log, and verification
    names it: it must not hide the others. One that was forgotten meanwhile is left out too."""

    def read(key: SnapshotKey) -> Snapshot | None:
        try:
            return read_header(backend, key)
        except NotFoundError:
            return None
        except (CorruptionError, FormatError) as error:
            _log.warning("left out a snapshot that cannot be read: %s", error)
            return None

    with ThreadPoolExecutor(_REQUESTS, thread_name_prefix="thoth-headers") as pool:
        return [snapshot for snapshot in pool.map(read, keys) if snapshot]


def read_snapshot(backend: Backend, key: SnapshotKey) -> tuple[Snapshot, Body]:
    """A snapshot with its manifest. Raises CorruptionError, FormatError, NotFoundError."""
    header, prologue, first = _read_header(backend, key, _FIRST_READ_WITH_BODY)
    start = sealed.PROLOGUE_SIZE + prologue.header_length
    end = start + prologue.body_length
    stored = first[start:end]
    if len(stored) < prologue.body_length:
        stored += backend.get(key.key, start + len(stored), end)
    body = sealed.open_body(stored, prologue, Body, url=backend.url, key=key.key)
    if header.files != len(body.files) or header.size != sum(file.size for file in body.files):
        raise CorruptionError("the header tells of other files than the body holds", url=backend.url, key=key.key)
    return to_snapshot(header), body


def _read_header(
    backend: Backend, key: SnapshotKey, length: int = _FIRST_READ
) -> tuple[Header, sealed.Prologue, bytes]:
    """The header, and the object's first bytes: ``length`` of them, or as many as the header needs."""
    first = backend.get(key.key, 0, length)
    prologue = sealed.parse_prologue(first, MAGIC, url=backend.url, key=key.key)
    end = sealed.PROLOGUE_SIZE + prologue.header_length
    if len(first) < end:
        first += backend.get(key.key, len(first), end)
    stored = first[sealed.PROLOGUE_SIZE : end]
    header = sealed.open_header(stored, prologue, Header, url=backend.url, key=key.key)
    if header.id != key.id or header.time != to_microseconds(key.time):
        raise CorruptionError("the object holds another snapshot than its name says", url=backend.url, key=key.key)
    return header, prologue, first


def to_time(microseconds: int) -> datetime:
    """UTC, exact: a float would round."""
    return _EPOCH + timedelta(microseconds=microseconds)


def to_microseconds(time: datetime) -> int:
    """The reverse of ``to_time``, before 1970 too."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def to_snapshot(header: Header) -> Snapshot:
    """A header as people see it."""
    return Snapshot(
        id=header.id,
        time=to_time(header.time),
        name=header.name,
        tags=header.tags,
        files=header.files,
        size=header.size,
        added=header.added,
        parent=header.parent,
        position=header.position,
    )


def find(backend: Backend, keys: list[SnapshotKey], wanted: str) -> SnapshotKey:
    """The snapshot that ``wanted`` means: ``latest``, an id, a name (its newest bearer), a unique beginning of an id.

    ``keys`` newest first. Raises NotFoundError, or ConfigurationError for a beginning that several ids share.
    """
    if not wanted:
        raise InvalidArgumentError("a snapshot is named by its id, its name or 'latest', not by an empty string")
    if not keys:
        raise NotFoundError("the repository has no snapshot yet", url=backend.url, hint="make one with backup")
    if wanted == "latest":
        return keys[0]
    exact = [key for key in keys if key.id == wanted.lower()]
    if exact:
        return exact[0]
    named = {snapshot.id for snapshot in read_headers(backend, keys) if snapshot.name == wanted}
    if named:
        return next(key for key in keys if key.id in named)
    begun = [key for key in keys if len(wanted) >= _SHORTEST_PREFIX and key.id.startswith(wanted.lower())]
    if len(begun) > 1:
        raise ConfigurationError(
            f"{wanted!r} begins the ids of {len(begun)} snapshots: {', '.join(key.id[:12] for key in begun[:5])}",
            url=backend.url,
            hint="give more of the id",
        )
    if not begun:
        raise NotFoundError(
            f"no snapshot has the id or name {wanted!r}", url=backend.url, hint="'thoth-storage snapshots' lists them"
        )
    return begun[0]


def check_name(name: str) -> str:
    """A name or tag that can be told from ``latest`` and be typed. Raises InvalidArgumentError."""
    if not 0 < len(name) <= 200 or not name.isprintable() or name != name.strip():
        raise InvalidArgumentError(f"{name!r:.80} is no name: 1 to 200 printable characters are")
    if name == "latest":
        raise InvalidArgumentError("'latest' always means the newest snapshot and cannot be a name")
    return name
