"""The mark of a local directory that was closed in order: what it holds, and how its files looked then.

Files that look otherwise (somebody wrote to them, a disk lost some) are not what the mark is of, and are not used.
"""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path

import msgspec

__all__ = ["CHROMA", "is_marked", "mark", "marked_as", "unmark"]

CHROMA = "chroma"
"""Where Chroma's files are, in the folder of a cache directory."""
_MARK = "closed.json"


class _Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    snapshot: str
    chromadb: str
    files: dict[str, tuple[int, int]]
    """Size and time of the last change in nanoseconds, by path."""


def is_marked(folder: Path) -> bool:
    return (folder / _MARK).is_file()


def mark(folder: Path, snapshot: str) -> None:
    """Say that Chroma's files in ``folder`` are closed and hold ``snapshot``. Whole or not at all."""
    unnamed = folder / f"{_MARK}.new"
    unnamed.write_bytes(msgspec.json.encode(_Mark(snapshot, metadata.version("chromadb"), _looks(folder / CHROMA))))
    unnamed.rename(folder / _MARK)


def unmark(folder: Path) -> None:
    """Take the mark away, so that who is killed from here on leaves none. Raises OSError."""
    (folder / _MARK).unlink(missing_ok=True)


def marked_as(folder: Path) -> str | None:
    """The snapshot that the files hold; None where they are not what the mark tells of. Raises OSError."""
    try:
        told = msgspec.json.decode((folder / _MARK).read_bytes(), type=_Mark)
    except (FileNotFoundError, msgspec.DecodeError):
        return None  # another process took it away since it was looked at
    same = told.chromadb == metadata.version("chromadb") and told.files == _looks(folder / CHROMA)
    return told.snapshot if same else None


def _looks(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for above, _, names in os.walk(folder):
        for name in names:
            path = Path(above, name)
            status = path.stat()
            found[path.relative_to(folder).as_posix()] = (status.st_size, status.st_mtime_ns)
    return found
