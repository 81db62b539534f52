"""A repository: all snapshots and packs below one URL, and the verbs that people use on them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from thoth_storage import config
from thoth_storage.backend import Backend
from thoth_storage.errors import InvalidArgumentError
from thoth_storage.registry import open_backend
from thoth_storage.repository.finding import check_name, find_at
from thoth_storage.repository.index import Index
from thoth_storage.repository.key_verbs import KeyVerbs
from thoth_storage.repository.labelling import Labelling
from thoth_storage.repository.labels import load_labels
from thoth_storage.repository.layout import SnapshotKey
from thoth_storage.repository.meanwhile import with_moves
from thoth_storage.repository.moves import Moves
from thoth_storage.repository.opening import open_vault
from thoth_storage.repository.records import list_keys, read_header, read_snapshot, to_snapshot
from thoth_storage.repository.reports import ProgressCallback, RestoreReport, Snapshot, timed
from thoth_storage.repository.summaries import read_headers, summarize
from thoth_storage.repository.upkeep import Upkeep
from thoth_storage.telemetry import operation

if TYPE_CHECKING:
    from thoth_storage.repository.held import Held
    from thoth_storage.repository.selecting import Include

__all__ = ["Repository"]


class Repository(Upkeep, Labelling, KeyVerbs):
    """Snapshots of directories below one URL. Safe to share between threads; any number of writers may work at once.

    Use ``Repository.open``. Also a context manager, which closes the backend. What a verb needs is imported when it is
    called: a short command is not to pay for the others.
    """

    @classmethod
    def open(
        cls,
        url: Any,
        *,
        create: bool = False,
        encryption_key: object = None,
        storage_options: dict[str, Any] | None = None,
    ) -> Repository:
        """Open the repository at ``url`` (a URL, a path or a Backend); with ``create`` make it if it is not there.

        ``encryption_key``: a password, 32 random bytes (or ``base64:`` and those), a reference such as
        ``file:///run/secrets/key``, or a ``KeyService``; None for what is configured for ``url``. A repository is
        encrypted from its creation on or not at all.

        Raises NotFoundError where there is no repository (an unreachable or forbidden bucket is never taken for that),
        EncryptionKeyError for a key that is missing, wrong or superfluous, FormatError for a newer version,
        CorruptionError, and what opening a backend raises.
        """
        backend = url if isinstance(url, Backend) else open_backend(url, **(storage_options or {}))
        # By the URL as it was given: a backend's own may be written otherwise, and no key would be found for it.
        key = config.encryption_key(url) if encryption_key is None else encryption_key
        at_once = {name: config.get(name, url) for name in ("uploads", "downloads")}
        return cls(replace(open_vault(backend, key, create=create), **at_once))

    def backup(
        self,
        directory: str | os.PathLike[str],
        name: str | None = None,
        tags: Iterable[str] = (),
        progress: ProgressCallback | None = None,
        *,
        position: int | None = None,
        staging: str | os.PathLike[str] | None = None,
        deltas: bool = True,
        held: Held | None = None,
        contents: bytes = b"",
    ) -> Snapshot:
        """Make a snapshot of a directory that nobody writes to; only what is not stored yet is uploaded, as a delta
        against what was at its place before where that is much smaller.

        It is visible, whole, from the moment this commits it, and not at all before. ``staging``: a directory that
        still holds what the newest snapshot was made of; deltas then need not read the old bytes from the repository.
        ``held``: by path and number, the names of blocks that are stored already, at whose places the directory is not
        read; ConflictError if one of them is not stored any more. ``contents``: what the caller says of what is in the
        files, kept with the snapshot for ``contents_of``.

        Raises ConflictError if the directory changed meanwhile, NotFoundError, ConfigurationError,
        InvalidArgumentError for a bad name or tag.
        """
        from thoth_storage.repository.backup import Request, back_up

        if name is not None:
            check_name(name)
        labels = tuple(dict.fromkeys(check_name(tag) for tag in _not_text(tags)))
        request = Request(directory, name, labels, position, staging, deltas, held, contents)
        with operation("backup", self.url) as under_way:
            snapshot = to_snapshot(back_up(self.vault, request, timed(progress)))
            under_way.set(snapshot=snapshot.id, files=snapshot.files, size=snapshot.size, bytes=snapshot.added)
        return snapshot

    def snapshots(self) -> list[Snapshot]:
        """All snapshots, newest first. One that is damaged is left out with a warning; ``verify`` names it."""
        index = Index(self.vault)
        return summarize(self.vault, list_keys(self.backend), index, load_labels(self.vault, index))

    def get(self, wanted: str) -> Snapshot:
        """A snapshot by ``"latest"``, id, name (what it was given to last) or unique beginning of an id."""
        index = Index(self.vault)
        return to_snapshot(read_header(self.vault, self._find(wanted, index)), load_labels(self.vault, index))

    def contents_of(self, wanted: str) -> bytes:
        """What the maker of a snapshot said of what is in its files; nothing where he said nothing."""
        return read_snapshot(self.vault, self._find(wanted, Index(self.vault)))[1].contents

    def restore(
        self,
        wanted: str | None,
        target: str | os.PathLike[str],
        include: Include = None,
        overwrite: bool = False,
        progress: ProgressCallback | None = None,
        *,
        at: datetime | None = None,
        dry_run: bool = False,
        reuse: str | os.PathLike[str] | None = None,
        durable: bool = True,
    ) -> RestoreReport:
        """Write a snapshot to ``target``, every block verified; all or nothing. The old or the new is there at every
        moment, where the system can exchange two folders (Linux) and the target is no mount point.

        ``wanted`` as in ``get``; or None, and ``at`` a time (UTC where it has no zone): then the newest that was not
        taken later. With ``overwrite`` a target that exists is replaced as a whole, after the new one is complete; what
        both have in common is not fetched again. ``include``: paths of files or folders, or patterns (``*.sqlite3``):
        only these are restored, and with ``overwrite`` only these replaced, one by one; all else in the target stays.
        ``dry_run`` makes all checks, tells what would be written and read, and writes nothing. ``reuse``: a directory
        that may have some of the same blocks at the same places; those are taken from there, checked as all others.
        With ``durable`` all is on the disk when this returns; without, a loss of power soon after may leave it damaged.

        Raises NotFoundError, also for a pattern that matches nothing, AlreadyExistsError, ConfigurationError for what
        cannot be a target, PermissionError_, CorruptionError, CapacityError.
        """
        from thoth_storage.repository.restore import Wanted, restore_snapshot
        from thoth_storage.repository.targets import refuse_own, resolve

        path = resolve(target)
        refuse_own(path, self.url)
        if not isinstance(wanted, str | None):
            raise InvalidArgumentError(f"a snapshot is named by text, not by {wanted!r:.80}")
        if at is not None and wanted not in (None, "latest"):
            raise InvalidArgumentError(f"both a snapshot ({wanted!r:.80}) and a time were given", hint="give one")
        index = Index(self.vault)
        key = self._find_at(at, index) if at else self._find(wanted or "latest", index)
        old = resolve(reuse) if reuse is not None else None
        what = Wanted(path, include, overwrite, dry_run, old, durable)

        def act(moves: Moves) -> RestoreReport:
            return restore_snapshot(self.vault, key, moves, what, timed(progress))

        with operation("restore", self.url, snapshot=key.id, dry_run=dry_run) as under_way:
            report = with_moves(self.vault, key, index, act)
            under_way.set(files=report.files, size=report.bytes, bytes=report.read)
        return report

    def close(self) -> None:
        """Give back the backend's connections."""
        self.backend.close()

    def _find_at(self, at: datetime, index: Index) -> SnapshotKey:
        return find_at(self.url, list_keys(self.backend), at, lambda keys: read_headers(self.vault, keys, index))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _not_text(tags: Iterable[str]) -> Iterable[str]:
    if isinstance(tags, str):
        raise InvalidArgumentError(f"tags are a list of strings, not the string {tags!r:.80}")
    return tags
