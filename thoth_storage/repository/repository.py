"""A repository: all snapshots and packs below one URL, and the verbs that people use on them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from thoth_storage.backend import Backend
from thoth_storage.errors import (
    CapabilityError,
    ConfigurationError,
    CorruptionError,
    FormatError,
    InvalidArgumentError,
    NotFoundError,
)
from thoth_storage.registry import open_backend
from thoth_storage.repository import sealed, snapshots
from thoth_storage.repository.backup import store_files
from thoth_storage.repository.checks import checked_blocks
from thoth_storage.repository.layout import PACKS, REPOSITORY_KEY, SNAPSHOTS, SnapshotKey, new_snapshot_key, pack_key
from thoth_storage.repository.manifest import MAGIC, Block, Header
from thoth_storage.repository.packs import PackWriter
from thoth_storage.repository.reports import Problem, ProgressCallback, RestoreReport, Snapshot, VerifyReport
from thoth_storage.repository.restore import restore_body
from thoth_storage.repository.scan import check_unchanged, scan, settle
from thoth_storage.repository.settings import Settings, create_settings, new_settings, read_settings
from thoth_storage.repository.verify import verify

__all__ = ["Repository"]

_KNOWN_SNAPSHOTS = 16
"""How many of the newest manifests are read to find blocks that are stored already. The newest alone has nearly all;
the others help after a restore to an older state, or where several directories share a repository."""
_MANIFESTS_AT_ONCE = 4


class Repository:
    """Snapshots of directories below one URL. Safe to share between threads; any number of writers may work at once.

    Use ``Repository.open``. Also a context manager, which closes the backend.
    """

    def __init__(self, backend: Backend, settings: Settings) -> None:
        self.backend = backend
        self._settings = settings

    @classmethod
    def open(
        cls,
        url: Any,
        *,
        create: bool = False,
        encryption_key: str | bytes | None = None,
        storage_options: dict[str, Any] | None = None,
    ) -> Repository:
        """Open the repository at ``url`` (a URL, a path or a Backend); with ``create`` make it if it is not there.

        There is no encryption yet, so an ``encryption_key`` is refused with CapabilityError: nothing that was meant to
        be encrypted may be stored in the clear. Raises NotFoundError where there is no repository (an unreachable or
        forbidden bucket is never taken for that), FormatError for one of a newer version, CorruptionError, and what
        opening a backend raises.
        """
        if encryption_key is not None:
            raise CapabilityError(
                "this version cannot encrypt", hint="leave the encryption key out, or encrypt the bucket"
            )
        backend = url if isinstance(url, Backend) else open_backend(url, **(storage_options or {}))
        try:
            return cls(backend, read_settings(backend))
        except NotFoundError as error:
            if not create:
                raise NotFoundError(
                    "there is no repository", url=backend.url, hint="check the URL, or create one with the first backup"
                ) from error
        return cls(backend, create_settings(backend, new_settings()))

    @property
    def url(self) -> str:
        """Where the repository is, without secrets."""
        return self.backend.url

    @property
    def id(self) -> str:
        """The random name that it was given when it was created."""
        return self._settings.id

    def backup(
        self,
        directory: str | os.PathLike[str],
        name: str | None = None,
        tags: Iterable[str] = (),
        progress: ProgressCallback | None = None,
        *,
        position: int | None = None,
    ) -> Snapshot:
        """Make a snapshot of a directory that nobody writes to; only what is not stored yet is uploaded.

        It is visible, whole, from the moment this commits it, and not at all before. Raises ConflictError if the
        directory changed meanwhile, NotFoundError, ConfigurationError, InvalidArgumentError for a bad name or tag.
        """
        if name is not None:
            snapshots.check_name(name)
        labels = tuple(dict.fromkeys(snapshots.check_name(tag) for tag in _not_text(tags)))
        source = scan(directory)
        settle(source)
        keys = snapshots.list_keys(self.backend)
        known = self._known_blocks(keys[:_KNOWN_SNAPSHOTS])
        with PackWriter(self.backend) as writer:
            body = store_files(source, known, writer, self._settings.block_size, progress)
            check_unchanged(source)
        newest = snapshots.list_keys(self.backend)[:1]
        key = new_snapshot_key(datetime.now(UTC), newest[0].time if newest else None)
        header = Header(
            id=key.id,
            time=snapshots.to_microseconds(key.time),
            name=name,
            tags=labels,
            files=len(source.files),
            size=source.size,
            added=writer.stored,
            parent=keys[0].id if keys else None,
            program=f"thoth-storage {metadata.version('thoth-storage')}",
            position=position,
        )
        self.backend.create(key.key, sealed.seal(MAGIC, header, body))
        return snapshots.to_snapshot(header)

    def snapshots(self) -> list[Snapshot]:
        """All snapshots, newest first. One that is damaged is left out with a warning; ``verify`` names it."""
        return snapshots.read_headers(self.backend, snapshots.list_keys(self.backend))

    def get(self, wanted: str) -> Snapshot:
        """A snapshot by ``"latest"``, id, name (the newest that bears it) or unique beginning of an id."""
        return snapshots.read_header(
            self.backend, snapshots.find(self.backend, snapshots.list_keys(self.backend), wanted)
        )

    def restore(
        self,
        wanted: str,
        target: str | os.PathLike[str],
        include: str | Sequence[str] | None = None,
        overwrite: bool = False,
        progress: ProgressCallback | None = None,
    ) -> RestoreReport:
        """Write a snapshot to ``target``, every block verified; all or nothing.

        ``include``: patterns of paths (``*.sqlite3``) or folders. With ``overwrite`` a target that exists is replaced
        as a whole, after the new one is complete. Raises NotFoundError, AlreadyExistsError, CorruptionError,
        CapacityError.
        """
        self._refuse_own_folder(target)
        key = snapshots.find(self.backend, snapshots.list_keys(self.backend), wanted)
        snapshot, body = snapshots.read_snapshot(self.backend, key)
        return restore_body(
            self.backend, key.key, snapshot.id, body, target, include=include, overwrite=overwrite, progress=progress
        )

    def verify(self, read_data: bool = True, progress: ProgressCallback | None = None) -> VerifyReport:
        """Check every snapshot and pack; with ``read_data`` every stored byte. Damage is reported, not raised."""
        keys = snapshots.list_keys(self.backend)
        problems = snapshots.stray_objects(self.backend)
        damage = self._damage_of_settings()
        if damage:
            # No snapshot can be reached by who opens the repository next.
            problems.insert(0, Problem(REPOSITORY_KEY, damage, tuple(sorted(key.id for key in keys))))
        return verify(self.backend, keys, read_data=read_data, progress=progress, problems=problems)

    def close(self) -> None:
        """Give back the backend's connections."""
        self.backend.close()

    def _refuse_own_folder(self, target: str | os.PathLike[str]) -> None:
        scheme, _, location = self.url.partition("://")
        own, path = Path(unquote(location)).resolve(), Path(target).expanduser().resolve()
        objects = [own / REPOSITORY_KEY, own / PACKS, own / SNAPSHOTS]
        if scheme == "file" and (path in (own, *own.parents) or any(o in (path, *path.parents) for o in objects)):
            raise ConfigurationError(f"the target {path} is the folder of the repository itself", url=self.url)

    def _damage_of_settings(self) -> str | None:
        try:
            found = read_settings(self.backend)
        except (CorruptionError, FormatError, NotFoundError) as error:
            return error.message
        return None if found == self._settings else "the settings are not those that the repository was opened with"

    def _known_blocks(self, keys: list[SnapshotKey]) -> dict[bytes, Block]:
        if not keys:
            return {}
        known: dict[bytes, Block] = {}
        # A pack that was lost or cut off must not be built on: all its blocks are stored anew.
        lost = set()
        sizes = {info.key: info.size for info in self.backend.list(PACKS)}
        for blocks in self._read_blocks(keys):
            for block in blocks:
                known.setdefault(block.digest, block)
                if block.offset + block.stored > sizes.get(pack_key(block.pack), 0):
                    lost.add(block.pack)
        return {digest: block for digest, block in known.items() if block.pack not in lost}

    def _read_blocks(self, keys: list[SnapshotKey]) -> Iterator[list[Block]]:
        def read(key: SnapshotKey) -> list[Block]:
            try:
                _, body = snapshots.read_snapshot(self.backend, key)
                return checked_blocks(body, url=self.url, key=key.key)
            except (CorruptionError, FormatError, NotFoundError):
                # A damaged or forgotten old snapshot must not keep new ones from being made: blocks are stored anew.
                return []

        # A few at once, not all: the manifests of a large store are large.
        with ThreadPoolExecutor(_MANIFESTS_AT_ONCE, thread_name_prefix="thoth-manifests") as pool:
            for first in range(0, len(keys), _MANIFESTS_AT_ONCE):
                yield from pool.map(read, keys[first : first + _MANIFESTS_AT_ONCE])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Repository({self.url!r})"


def _not_text(tags: Iterable[str]) -> Iterable[str]:
    if isinstance(tags, str):
        raise InvalidArgumentError(f"tags are a list of strings, not the string {tags!r:.80}")
    return tags
