"""Makes a snapshot of a directory: scan, store what is new, commit; begun anew where a prune gets ahead."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from thoth_storage.errors import ConflictError
from thoth_storage.repository.held import Held
from thoth_storage.repository.index import Index, program
from thoth_storage.repository.known import load_known
from thoth_storage.repository.layout import SnapshotKey, new_snapshot_key
from thoth_storage.repository.manifest import MAGIC, Header, version_of
from thoth_storage.repository.marks import OvertakenError, commit
from thoth_storage.repository.packs import PackWriter
from thoth_storage.repository.partials import Notes
from thoth_storage.repository.records import list_keys, to_microseconds
from thoth_storage.repository.reports import ProgressCallback
from thoth_storage.repository.scan import Source, check_unchanged, scan, settle
from thoth_storage.repository.storing import store_files
from thoth_storage.repository.summaries import update_catalogue
from thoth_storage.repository.vault import Vault

__all__ = ["Request", "back_up"]

_ATTEMPTS = 3
_LONG = 60.0
"""Seconds after which a backup looks for prunes before its commit too, not only behind it."""


class Request:
    """What a backup was asked for: a directory and what to call its snapshot. ``staging`` is a directory with the bytes
    of the newest snapshot, if there is one; ``deltas`` whether blocks may be stored as deltas; ``held`` what of the
    directory is known and not there; ``contents`` what its maker says of the files."""

    def __init__(
        self,
        directory: str | os.PathLike[str],
        name: str | None,
        tags: tuple[str, ...],
        position: int | None,
        staging: str | os.PathLike[str] | None,
        deltas: bool,
        held: Held | None = None,
        contents: bytes = b"",
    ) -> None:
        self.directory = directory
        self.name = name
        self.tags = tags
        self.position = position
        self.staging = staging
        self.deltas = deltas
        self.held: Held = held or {}
        self.contents = contents


def back_up(vault: Vault, request: Request, progress: ProgressCallback | None) -> Header:
    """Make a snapshot and give its header. Raises ConflictError if the directory changed meanwhile."""
    source = replace(scan(request.directory), held=request.held)
    settle(source)
    for _ in range(_ATTEMPTS):
        try:
            return _attempt(vault, source, request, progress)
        except OvertakenError as error:
            overtaken = error
    raise ConflictError(
        f"{_ATTEMPTS} attempts were overtaken by prunes", url=vault.url, hint="let one prune end, then try again"
    ) from overtaken


def _next_key(vault: Vault) -> tuple[SnapshotKey, datetime]:
    """A key behind all that is there: what is made last is listed first, and has its name, whatever clocks say. And
    what this machine's clock says."""
    newest = [key.time for key in list_keys(vault.backend)[:1]]
    index = Index(vault).newest
    now = datetime.now(UTC)
    return new_snapshot_key(now, max([*newest, *([index] if index else [])], default=None)), now


def _attempt(vault: Vault, source: Source, request: Request, progress: ProgressCallback | None) -> Header:
    began = time.monotonic()
    index = Index(vault)
    keys = list_keys(vault.backend)
    known = load_known(vault, keys, index, source if request.deltas else None)
    notes = Notes(vault)
    with PackWriter(vault) as writer:
        body, relied = store_files(source, known, writer, vault, notes, request.staging, progress)
        check_unchanged(source)
    body = msgspec.structs.replace(body, contents=request.contents)
    key, now = _next_key(vault)
    header = _header(key, now, source, request, writer.stored, keys[0].id if keys else None)
    record = vault.seal(MAGIC, header, body, version=version_of(body))
    commit(vault, key, record, relied, known.heeded, late=time.monotonic() - began > _LONG)
    notes.remove()
    update_catalogue(vault, [key, *keys], index)
    return header


def _header(
    key: SnapshotKey, now: datetime, source: Source, request: Request, stored: int, parent: str | None
) -> Header:
    return Header(
        id=key.id,
        time=to_microseconds(key.time),
        name=request.name,
        tags=request.tags,
        files=len(source.files),
        size=source.size,
        added=stored,
        parent=parent,
        program=program(),
        position=request.position,
        # One machine whose clock is years ahead must not move the times of all that others make from then on.
        taken=None if now == key.time else to_microseconds(now),
    )
