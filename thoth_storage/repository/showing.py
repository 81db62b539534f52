"""All that is known of one snapshot: what is in it, and how it is stored, so that people see what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from thoth_storage.repository.checks import checked_blocks, checked_files
from thoth_storage.repository.index import Index
from thoth_storage.repository.labels import load_labels
from thoth_storage.repository.layout import SnapshotKey
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.moves import load_moves
from thoth_storage.repository.records import read_snapshot, to_snapshot, to_time
from thoth_storage.repository.reports import Snapshot
from thoth_storage.repository.vault import Vault

__all__ = ["Details", "FileDetails", "FolderDetails", "Storage", "show"]


@dataclass(frozen=True)
class FileDetails:
    """``mode`` the permission bits; ``mtime`` in UTC, None for a time that no calendar has."""

    path: str
    size: int
    mode: int
    mtime: datetime | None


@dataclass(frozen=True)
class FolderDetails:
    """One folder below the root."""

    path: str
    mode: int


@dataclass(frozen=True)
class Storage:
    """How a snapshot is stored: ``blocks`` different ones with ``plain`` bytes, of which ``deltas`` are stored as such;
    ``deepest`` is how many deltas stand on each other at most. To read all of it takes ``stored`` bytes of ``packs``
    packs: those of other snapshots too, where they share blocks."""

    blocks: int
    plain: int
    stored: int
    deltas: int
    deepest: int
    packs: int


@dataclass(frozen=True)
class Details:
    """``program`` is what made the snapshot; ``files`` and ``folders`` in order of path."""

    snapshot: Snapshot
    program: str
    files: tuple[FileDetails, ...]
    folders: tuple[FolderDetails, ...]
    storage: Storage


def show(vault: Vault, key: SnapshotKey, index: Index) -> Details:
    """Raises CorruptionError, FormatError, NotFoundError."""
    header, body = read_snapshot(vault, key)
    blocks = checked_blocks(body, url=vault.url, key=key.key, moves=load_moves(vault, index))
    checked_files(body, blocks, url=vault.url, key=key.key)
    return Details(
        snapshot=to_snapshot(header, load_labels(vault, index)),
        program=header.program,
        files=tuple(FileDetails(file.path, file.size, file.mode, _time(file.mtime_ns)) for file in body.files),
        folders=tuple(FolderDetails(folder.path, folder.mode) for folder in body.folders),
        storage=_storage(blocks),
    )


def _storage(blocks: list[Block]) -> Storage:
    # By place: what several deltas stand on is read once.
    frames = {link.place: link for block in blocks for link in block.chain}
    return Storage(
        blocks=len(blocks),
        plain=sum(block.plain for block in blocks),
        stored=sum(link.stored for link in frames.values()),
        deltas=sum(block.base is not None for block in blocks),
        deepest=max((block.depth for block in blocks), default=0),
        packs=len({link.pack for link in frames.values()}),
    )


def _time(nanoseconds: int) -> datetime | None:
    try:
        return to_time(nanoseconds // 1000)
    except OverflowError:
        return None
