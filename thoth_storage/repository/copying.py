"""Copies snapshots to another repository, oldest first: they keep their ids, times, names and tags.

Only blocks that the target lacks are moved, each of them verified. A snapshot is committed when all that it needs is
stored, so a copy that is cut short leaves whole snapshots, and doing it again goes on from there.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from thoth_storage.errors import ConfigurationError, CorruptionError, FormatError, NotFoundError, StorageError
from thoth_storage.repository.finding import find
from thoth_storage.repository.index import Index
from thoth_storage.repository.label_copying import copy_labels
from thoth_storage.repository.labels import Labels, load_labels
from thoth_storage.repository.layout import SnapshotKey
from thoth_storage.repository.meanwhile import is_listed
from thoth_storage.repository.records import list_keys, read_header
from thoth_storage.repository.reports import ProgressCallback
from thoth_storage.repository.snapshot_copy import Mover
from thoth_storage.repository.summaries import read_headers, update_catalogue
from thoth_storage.repository.vault import Vault

__all__ = ["CopyReport", "copy_snapshots"]


@dataclass(frozen=True)
class CopyReport:
    """``snapshots``: the ids of those that were copied, oldest first; ``skipped`` those that were there already.
    ``blocks`` were stored. ``read`` bytes came from the source's packs, ``stored`` went into those of the target;
    ``seconds`` of wall time."""

    snapshots: tuple[str, ...]
    skipped: tuple[str, ...]
    blocks: int
    read: int
    stored: int
    seconds: float


def copy_snapshots(
    source: Vault,
    target: Vault,
    wanted: list[str] | None,
    progress: ProgressCallback | None,
    kind: type[Mover] = Mover,
) -> CopyReport:
    """Copy all snapshots, or those that are ``wanted``; ``kind`` is what moves their blocks.

    Raises ConfigurationError where both are one repository, NotFoundError, CorruptionError for damage in the source
    (what was copied before stays) or, when all else is copied, for a snapshot in the target that cannot be read;
    ConflictError.
    """
    began = time.perf_counter()
    if source.settings.id == target.settings.id or source.url == target.url:
        raise ConfigurationError(
            "source and target of the copy are the same repository", url=target.url, hint="name another target"
        )
    index = Index(source)
    labels = load_labels(source, index)
    keys = list_keys(source.backend)
    chosen = keys if wanted is None else _find_all(source, keys, wanted, labels, index)
    there = list_keys(target.backend)
    names = {key.key for key in there}
    skipped = [key for key in reversed(chosen) if key.key in names]
    mover = kind(source, target, labels, keys, there, progress)
    mover.tell()
    try:
        for key in reversed(chosen):
            if key.key in names:
                continue
            try:
                is_new = mover.copy(key)
            except NotFoundError:
                if wanted is not None or is_listed(source, key):
                    raise
                continue  # forgotten since the listing
            if not is_new:
                skipped.append(key)
    except StorageError:
        with suppress(StorageError):
            _finish(source, target, labels, mover.copied, skipped)
        raise
    _finish(source, target, labels, mover.copied, skipped)
    mover.tell()
    _check_skipped(target, skipped)
    return CopyReport(
        snapshots=tuple(key.id for key in mover.copied),
        skipped=tuple(key.id for key in skipped),
        blocks=mover.blocks,
        read=mover.read,
        stored=mover.stored,
        seconds=time.perf_counter() - began,
    )


def _find_all(
    vault: Vault, keys: list[SnapshotKey], wanted: list[str], labels: Labels, index: Index
) -> list[SnapshotKey]:
    """Those that are meant, each once, newest first."""
    headers = cache(lambda: read_headers(vault, keys, index))
    found = {find(vault.url, keys, each, labels, headers) for each in wanted}
    return [key for key in keys if key in found]


def _finish(
    source: Vault, target: Vault, labels: Labels, copied: list[SnapshotKey], skipped: list[SnapshotKey]
) -> None:
    copy_labels(source, target, labels, copied, skipped)
    if copied:
        update_catalogue(target, list_keys(target.backend), Index(target))


def _check_skipped(target: Vault, skipped: list[SnapshotKey]) -> None:
    """A snapshot that cannot be read is no copy, and must not pass for one. Raises CorruptionError, FormatError."""
    if not skipped:
        return
    readable = {header.id for header in read_headers(target, skipped, Index(target))}
    for key in skipped:
        if key.id in readable:
            continue
        try:
            read_header(target, key)
        except NotFoundError:
            continue  # forgotten meanwhile
        except (CorruptionError, FormatError) as error:
            error.hint = error.hint or "repair the target, then copy again"
            raise
