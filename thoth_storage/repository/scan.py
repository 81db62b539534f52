"""The files of a directory, in order of path, and whether they stayed as they were while they were read."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from thoth_storage.errors import ConfigurationError, ConflictError, NotFoundError, PermissionError_, StorageError
from thoth_storage.repository.checks import is_hostile
from thoth_storage.repository.manifest import FolderEntry

__all__ = ["Found", "Source", "check_unchanged", "read", "scan", "settle"]

_TICK = 20_000_000
"""Nanoseconds. Linux before 6.13 stamps files at 100 to 1,000 Hz; later ones do better."""

_LATEST = 2**63 - 1
"""Nanoseconds from 1970 that a snapshot can hold: to the year 2262, and back to 1677. What some file systems say beyond
that becomes the nearest."""

_REPLACED = {errno.ELOOP, errno.ENXIO, errno.ESPIPE, errno.EISDIR}
"""What opening or reading tells where a link, a socket, a pipe or a folder took a file's place."""


class Found(msgspec.Struct, frozen=True):
    """A file as it was when the scan met it; times in nanoseconds."""

    path: str
    size: int
    mode: int
    mtime_ns: int
    ctime_ns: int
    inode: int


@dataclass(frozen=True)
class Source:
    """All that a snapshot of ``root`` holds; ``mode`` are the permission bits of that directory itself; ``held`` the
    names of blocks that are stored already and not there, by path and number."""

    root: Path
    mode: int
    files: tuple[Found, ...]
    folders: tuple[FolderEntry, ...]
    held: Mapping[str, Mapping[int, bytes]] = field(default_factory=dict, compare=False)

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def scan(directory: str | os.PathLike[str]) -> Source:
    """Look at everything below ``directory``.

    Raises NotFoundError, ConfigurationError for a file in its place and for what a snapshot cannot hold: links,
    devices, sockets, names that are not UTF-8.
    """
    root = Path(directory)
    files: list[Found] = []
    folders: list[FolderEntry] = []
    try:
        if not root.exists():
            raise NotFoundError(f"no such directory: {root}", hint="nothing was backed up")
        if not root.is_dir():
            raise ConfigurationError(f"{root} is a file, a directory is expected")
        mode = stat.S_IMODE(root.stat().st_mode)
        pending = [""]
        while pending:
            _look(root, pending.pop(), files, folders, pending)
    except OSError as error:
        raise _unreadable(root, error) from error
    return Source(
        root,
        mode,
        tuple(sorted(files, key=lambda file: file.path)),
        tuple(sorted(folders, key=lambda folder: folder.path)),
    )


def _look(root: Path, above: str, files: list[Found], folders: list[FolderEntry], pending: list[str]) -> None:
    """Note what is in one folder; ``above`` is its path below the root, with a slash behind it. Plain strings: of a
    hundred thousand files, a path object each takes longer than looking at the files."""
    with os.scandir(root / above) as entries:
        for entry in entries:
            path = above + entry.name
            status = entry.stat(follow_symlinks=False)
            mode = stat.S_IMODE(status.st_mode)
            if is_hostile(path):
                raise ConfigurationError(f"the name {entry.path!r} cannot be kept", hint="rename it")
            if stat.S_ISDIR(status.st_mode):
                folders.append(FolderEntry(path, mode))
                pending.append(f"{path}/")
            elif stat.S_ISREG(status.st_mode):
                mtime = min(max(status.st_mtime_ns, -_LATEST - 1), _LATEST)
                files.append(Found(path, status.st_size, mode, mtime, status.st_ctime_ns, status.st_ino))
            else:
                raise ConfigurationError(
                    f"{entry.path} is a link or a special file, which a snapshot does not hold",
                    hint="back up the directory that it points to, or remove it",
                )


def settle(source: Source) -> None:
    """Wait, some milliseconds at most, until the newest change is a tick of the kernel's clock old.

    Within one tick a second change leaves all times as they are, and ``check_unchanged`` would not see it.
    """
    newest = max((file.ctime_ns for file in source.files), default=0)
    wait = newest + _TICK - time.time_ns()
    if 0 < wait <= _TICK:
        time.sleep(wait / 1e9)


def read(source: Source, file: Found, start: int, length: int) -> bytes:
    """A part of a file. Raises ConflictError if it is not there as the scan met it; never follows a link, nor waits
    for the other end of a pipe, that took its place meanwhile."""
    path = source.root / file.path
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            data = os.pread(descriptor, length, start)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unreadable(path, error, source.root) from error
    if len(data) != length:
        raise _changed(source.root, f"{file.path} became shorter")
    return data


def _unreadable(path: Path, error: OSError, root: Path | None = None) -> StorageError:
    """What a failure to read below the source means."""
    if isinstance(error, PermissionError):
        return PermissionError_(f"{path} cannot be read ({error})", hint="back up as a user that may read all of it")
    if isinstance(error, FileNotFoundError | NotADirectoryError) or error.errno in _REPLACED:
        return _changed(root or path, str(error))
    return StorageError(f"{path} cannot be read ({error})", hint="no snapshot was made")


def check_unchanged(source: Source) -> None:
    """Scan again and compare. A directory that was written to meanwhile gives a snapshot of no moment at all, and for
    a live Chroma store most often a corrupt one. Raises ConflictError.
    """
    try:
        now = scan(source.root)
    except (NotFoundError, ConfigurationError) as error:
        # It is gone, or something is there that the first scan would have refused.
        raise _changed(source.root, error.message) from error
    if now == source:
        return
    before: set[Found | FolderEntry] = {*source.files, *source.folders}
    after: set[Found | FolderEntry] = {*now.files, *now.folders}
    if before != after:
        raise _changed(source.root, min(each.path for each in before ^ after))
    if now.mode != source.mode:
        raise _changed(source.root, "its permissions")


def _changed(root: Path, what: str) -> ConflictError:
    return ConflictError(
        f"{root} changed while it was read ({what}); no snapshot was made",
        hint="close what writes there first, or use VectorStore.backup, which holds its writers back",
    )
