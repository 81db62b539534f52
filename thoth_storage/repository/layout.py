"""Where things are below a repository's URL, and the numbers that the format fixes. Told in full in docs/format.md."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from thoth_storage.errors import CorruptionError

__all__ = [
    "BLOCK_SIZE",
    "FORMAT_VERSION",
    "INDEX",
    "KEYS",
    "PACKS",
    "PACK_SIZE",
    "REPOSITORY_KEY",
    "SNAPSHOTS",
    "IndexKey",
    "SnapshotKey",
    "new_id",
    "new_index_key",
    "new_snapshot_key",
    "pack_key",
    "parse_index_key",
    "parse_snapshot_key",
]

FORMAT_VERSION = 2
"""The newest format that this code reads. Each object is written with the lowest version that can hold it, so that
older programs read what they can."""

BLOCK_SIZE = 256 * 1024
"""Bytes in a block of a new repository. Recorded there, so that this default may change. Smaller blocks find more
equal ones but make a longer manifest: 256 KiB keeps that of a 10 GiB store under 2 MiB."""

PACK_SIZE = 16 * 1024 * 1024
"""Bytes at which a pack is closed: few enough requests, and a handful of packs in flight still fit in memory."""

REPOSITORY_KEY = "repository.json"
PACKS = "packs/"
KEYS = "keys/"
INDEX = "index/"
SNAPSHOTS = "snapshots/"

_SNAPSHOT = re.compile(rf"{SNAPSHOTS}([0-9]{{8}}T[0-9]{{12}}Z)-([0-9a-f]{{32}})")
_INDEX = re.compile(rf"{INDEX}([a-z]+)-([0-9]{{8}}T[0-9]{{12}}Z)-([0-9a-f]{{32}})")
_TIME = "%Y%m%dT%H%M%S%fZ"
_LAST = datetime.max.replace(tzinfo=UTC)


class SnapshotKey(NamedTuple):
    """A snapshot's object key with what it tells: listings alone are enough to sort and to find by id."""

    key: str
    time: datetime
    id: str


class IndexKey(NamedTuple):
    """The same of an object below ``index/``; ``kind`` says what it holds."""

    key: str
    time: datetime
    id: str
    kind: str


def new_id() -> str:
    """A random name of 128 bits: no two writers ever meet on one, so nothing old is overwritten."""
    return os.urandom(16).hex()


def pack_key(pack_id: str) -> str:
    """Packs are spread over 256 folders, which keeps those of a local disk short."""
    return f"{PACKS}{pack_id[:2]}/{pack_id}"


def new_snapshot_key(now: datetime, newest: datetime | None) -> SnapshotKey:
    """A key behind that of the newest snapshot, even where this machine's clock is behind: order is what
    "latest" means. ``now`` in UTC; microseconds are kept. Raises CorruptionError where no time is left behind it."""
    time = _behind(now, newest)
    snapshot_id = new_id()
    return SnapshotKey(f"{SNAPSHOTS}{time.strftime(_TIME)}-{snapshot_id}", time, snapshot_id)


def new_index_key(kind: str, now: datetime, newest: datetime | None = None) -> IndexKey:
    """The same for an object of the index."""
    time = _behind(now, newest)
    index_id = new_id()
    return IndexKey(f"{INDEX}{kind}-{time.strftime(_TIME)}-{index_id}", time, index_id, kind)


def parse_snapshot_key(key: str, url: str) -> SnapshotKey:
    """Raises CorruptionError for a name that this format does not have."""
    match = _SNAPSHOT.fullmatch(key)
    time = _to_time(match[1]) if match else None
    if match and time:
        return SnapshotKey(key, time, match[2])
    raise CorruptionError("not the name of a snapshot", url=url, key=key, hint="move this object out of the repository")


def parse_index_key(key: str, url: str) -> IndexKey:
    """Raises CorruptionError for a name that this format does not have. Any kind is taken: a newer program may know
    more of them."""
    match = _INDEX.fullmatch(key)
    time = _to_time(match[2]) if match else None
    if match and time:
        return IndexKey(key, time, match[3], match[1])
    raise CorruptionError("not the name of an index object", url=url, key=key, hint="move it out of the repository")


def _behind(now: datetime, newest: datetime | None) -> datetime:
    if newest == _LAST:
        raise CorruptionError(
            "the newest snapshot claims the last moment of time, so none can follow", hint="remove that object"
        )
    return now if newest is None or now > newest else newest + timedelta(microseconds=1)


def _to_time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
