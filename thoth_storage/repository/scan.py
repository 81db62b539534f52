"""The files of a directory, in order of path, and whether they stayed as they were while they were read."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from thoth_storage.errors import ConfigurationError, ConflictError, NotFoundError
from thoth_storage.repository.checks import is_hostile
from thoth_storage.repository.manifest import FolderEntry

__all__ = ["Found", "Source", "check_unchanged", "scan"]


@dataclass(frozen=True)
class Found:
    """A file as it was when the scan met it; times in nanoseconds."""

    path: str
    size: int
    mode: int
    mtime_ns: int
    ctime_ns: int
    inode: int


@dataclass(frozen=True)
class Source:
    """All that a snapshot of ``root`` holds."""

    root: Path
    files: tuple[Found, ...]
    folders: tuple[FolderEntry, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def scan(directory: str | os.PathLike[str]) -> Source:
    """Look at everything below ``directory``.

    Raises NotFoundError, ConfigurationError for a file in its place and for what a snapshot cannot hold: links,
    devices, sockets, names that are not UTF-8.
    """
    root = Path(directory)
    if not root.exists():
        raise NotFoundError(f"no such directory: {root}", hint="nothing was backed up")
    if not root.is_dir():
        raise ConfigurationError(f"{root} is a file, a directory is expected")
    files: list[Found] = []
    folders: list[FolderEntry] = []
    pending = [root]
    while pending:
        for entry in os.scandir(pending.pop()):
            path = Path(entry.path).relative_to(root).as_posix()
            status = entry.stat(follow_symlinks=False)
            mode = stat.S_IMODE(status.st_mode)
            if is_hostile(path):
                raise ConfigurationError(f"the name {entry.path!r} cannot be kept", hint="rename it")
            if stat.S_ISDIR(status.st_mode):
                folders.append(FolderEntry(path, mode))
                pending.append(Path(entry.path))
            elif stat.S_ISREG(status.st_mode):
                files.append(Found(path, status.st_size, mode, status.st_mtime_ns, status.st_ctime_ns, status.st_ino))
            else:
                raise ConfigurationError(
                    f"{entry.path} is a link or a special file, which a snapshot does not hold",
                    hint="back up the directory that it points to, or remove it",
                )
    return Source(
        root,
        tuple(sorted(files, key=lambda file: file.path)),
        tuple(sorted(folders, key=lambda folder: folder.path)),
    )


def check_unchanged(source: Source) -> None:
    """Scan again and compare. A directory that was written to meanwhile gives a snapshot of no moment at all, and for
    a live Chroma store most often a corrupt one. Raises ConflictError.
    """
    try:
        now = scan(source.root)
    except (NotFoundError, FileNotFoundError) as error:
        raise _changed(source.root, "something was removed") from error
    if now.files == source.files:
        return
    before = {file.path: file for file in source.files}
    after = {file.path: file for file in now.files}
    path = next(path for path in sorted({*before, *after}) if before.get(path) != after.get(path))
    raise _changed(source.root, path)


def _changed(root: Path, what: str) -> ConflictError:
    return ConflictError(
        f"{root} changed while it was read ({what}); no snapshot was made",
        hint="close what writes there first, or use VectorStore.backup, which holds its writers back",
    )
