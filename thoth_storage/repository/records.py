"""The snapshot objects: listed and read, the header alone or with the manifest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from thoth_storage.backend import Backend
from thoth_storage.errors import CorruptionError
from thoth_storage.repository import sealed
from thoth_storage.repository.checks import checked_blocks
from thoth_storage.repository.labels import NO_LABELS, Labels
from thoth_storage.repository.layout import SNAPSHOTS, SnapshotKey, parse_snapshot_key
from thoth_storage.repository.manifest import MAGIC, Block, Body, Header, version_of
from thoth_storage.repository.moves import Moves
from thoth_storage.repository.reports import Problem, Snapshot
from thoth_storage.repository.vault import Vault

__all__ = [
    "list_keys",
    "read_blocks",
    "read_header",
    "read_snapshot",
    "stray_objects",
    "to_microseconds",
    "to_snapshot",
    "to_time",
]

_FIRST_READ = 4096
"""Bytes of the first request for a header: it is nearly always shorter."""
_FIRST_READ_WITH_BODY = 64 * 1024
"""Where the body is wanted too: that of a store of some 300 MB comes along, and saves a request."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


def read_header(vault: Vault, key: SnapshotKey) -> Header:
    """What one snapshot tells of itself, by a short range request. Raises CorruptionError, FormatError."""
    return _read_header(vault, key)[0]


def read_snapshot(vault: Vault, key: SnapshotKey) -> tuple[Header, Body]:
    """A snapshot with its manifest. Raises CorruptionError, FormatError, NotFoundError."""
    header, prologue, first = _read_header(vault, key, _FIRST_READ_WITH_BODY)
    start = sealed.PROLOGUE_SIZE + prologue.header_length
    end = start + prologue.body_length
    stored = first[start:end]
    if len(stored) < prologue.body_length:
        stored += vault.backend.get(key.key, start + len(stored), end)
    body = sealed.open_body(stored, prologue, Body, url=vault.url, key=key.key, cipher=vault.cipher)
    if header.files != len(body.files) or header.size != sum(file.size for file in body.files):
        raise CorruptionError("the header tells of other files than the body holds", url=vault.url, key=key.key)
    if prologue.version < version_of(body):
        raise CorruptionError("the manifest has deltas, which its version does not know", url=vault.url, key=key.key)
    return header, body


def read_blocks(vault: Vault, key: SnapshotKey, moves: Moves) -> tuple[Body, list[Block]]:
    """A manifest with its blocks, where they are now. Raises CorruptionError, FormatError, NotFoundError."""
    _, body = read_snapshot(vault, key)
    return body, checked_blocks(body, url=vault.url, key=key.key, moves=moves)


def _read_header(vault: Vault, key: SnapshotKey, length: int = _FIRST_READ) -> tuple[Header, sealed.Prologue, bytes]:
    """The header, and the object's first bytes: ``length`` of them, or as many as the header needs."""
    first = vault.backend.get(key.key, 0, length)
    prologue = sealed.parse_prologue(first, MAGIC, url=vault.url, key=key.key, cipher=vault.cipher)
    end = sealed.PROLOGUE_SIZE + prologue.header_length
    if len(first) < end:
        first += vault.backend.get(key.key, len(first), end)
    stored = first[sealed.PROLOGUE_SIZE : end]
    header = sealed.open_header(stored, prologue, Header, url=vault.url, key=key.key, cipher=vault.cipher)
    if header.id != key.id or header.time != to_microseconds(key.time):
        raise CorruptionError("the object holds another snapshot than its name says", url=vault.url, key=key.key)
    return header, prologue, first


def to_time(microseconds: int) -> datetime:
    """UTC, exact: a float would round."""
    return _EPOCH + timedelta(microseconds=microseconds)


def to_microseconds(time: datetime) -> int:
    """The reverse of ``to_time``, before 1970 too."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def to_snapshot(header: Header, labels: Labels = NO_LABELS) -> Snapshot:
    """A header as people see it, with what was said of it later."""
    return Snapshot(
        id=header.id,
        time=to_time(header.moment),
        name=header.name,
        tags=labels.tags(header.id, header.tags),
        files=header.files,
        size=header.size,
        added=header.added,
        parent=header.parent,
        position=header.position,
        names=labels.names(header.id),
    )
