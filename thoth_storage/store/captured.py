"""What a capture gives: a directory that stays as it is, for a backup. And what each way of capturing looks at."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from thoth_storage.errors import StorageError

__all__ = ["DATABASE", "Captured", "Look", "deleted", "drop", "files", "write_all"]

DATABASE = "chroma.sqlite3"
_TICK = 20_000_000
"""Nanoseconds in which a second change may leave all times of a file as they are: see ``repository.scan``."""


@dataclass(frozen=True)
class Captured:
    """``path`` is the directory, ``pause`` the seconds for which writers waited, where that is known. ``previous`` has
    the blocks that were there before, ``held`` the names of those that are not there since the repository has them.
    ``contents``: what is inside, see ``contents``."""

    path: Path
    pause: float | None = None
    previous: Path | None = None
    held: Mapping[str, Mapping[int, bytes]] | None = None
    contents: bytes = b""


class Look(NamedTuple):
    """A file as it was just before it was read, and when that was."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    at: int

    @classmethod
    def at_open(cls, descriptor: int) -> Look:
        now = os.fstat(descriptor)
        return cls(now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino, time.time_ns())

    def is_of(self, now: os.stat_result) -> bool:
        """Whether the file cannot have changed since."""
        settled = max(self.mtime_ns, self.ctime_ns) + _TICK < self.at
        return settled and self[:4] == (now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino)


def files(root: Path, leave_out: Collection[str] = ()) -> dict[str, os.stat_result]:
    """The files below ``root`` in the order of their paths; ``leave_out`` are names of folders."""
    return dict(sorted(_walk(root, "", leave_out)))


def _walk(root: Path, above: str, leave_out: Collection[str]) -> Iterator[tuple[str, os.stat_result]]:
    with suppress(FileNotFoundError), os.scandir(root / above) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # a journal that went; what comes behind it is still there
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode) and entry.name not in leave_out:
                    yield from _walk(root, f"{above}{entry.name}/", leave_out)
                elif stat.S_ISREG(status.st_mode):
                    yield above + entry.name, status


def deleted(root: Path, database: Path) -> set[str]:
    """The folders below ``root`` of collections that are no more: Chroma leaves them where they are.

    ``database`` is a copy of Chroma's, or its own while its writers wait: as a file that nobody changes it is read
    without a lock, and no journal is looked at, which another SQLite in this process would else take for a crash's.
    Raises StorageError where it cannot be read.
    """
    uri = f"{database.absolute().as_uri()}?immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            known = {row[0] for row in connection.execute("SELECT id FROM segments")}
    except sqlite3.Error as error:
        raise StorageError(f"{database.name} cannot be read for a capture: {error}", hint="try again") from error
    return {each.name for each in root.iterdir() if _is_id(each.name) and each.name not in known}


def drop(root: Path, paths: Collection[str]) -> None:
    """Delete files below ``root``, and the folders that they leave empty."""
    for path in paths:
        (root / path).unlink(missing_ok=True)
    above = {folder for path in paths for folder in Path(path).parents[:-1]}
    for folder in sorted(above, reverse=True):
        with suppress(OSError):  # something is in it
            (root / folder).rmdir()


def write_all(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def _is_id(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
