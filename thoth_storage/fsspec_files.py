"""Objects as files in folders, on any fsspec file system that has real ones (SFTP, SMB, a mounted share).

What an object store gives, such a system does not: a file under construction is seen, a folder stays when its last
file goes, and moving a file onto a folder puts it inside.
"""

from __future__ import annotations

import errno
import uuid
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from thoth_storage.errors import ConflictError
from thoth_storage.keys import TEMPORARY_PREFIX

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

__all__ = ["create", "find", "read", "replace"]

_PIECE = 8 * 2**20


def read(fs: AbstractFileSystem, path: str, start: int, end: int | None) -> bytes:
    """``[start, end)`` of one version of the file: the one that was opened.

    In pieces, because Python reserves as much memory as a read asks for, however little there is.
    """
    with fs.open(path, "rb") as file:
        file.seek(start)
        pieces, missing = [], None if end is None else end - start
        while missing is None or missing > 0:
            piece = file.read(_PIECE if missing is None else min(_PIECE, missing))
            if not piece:
                break
            pieces.append(piece)
            missing = None if missing is None else missing - len(piece)
    return b"".join(pieces)


def replace(fs: AbstractFileSystem, path: str, data: bytes) -> None:
    """Store by renaming a finished temporary, so that a reader sees the old file or the new one."""
    folder = path.rpartition("/")[0]
    temporary = f"{folder}/{TEMPORARY_PREFIX}{uuid.uuid4().hex}"
    _make_folder(fs, folder)
    try:
        fs.pipe_file(temporary, data)
        if fs.isdir(path):
            _remove_empty(fs, path)
        fs.mv(temporary, path)
    except BaseException:
        with suppress(Exception):
            fs.rm_file(temporary)
        raise


def create(fs: AbstractFileSystem, path: str, data: bytes) -> None:
    """Store a whole file if there is none, else FileExistsError. Of two callers at once both may succeed."""
    if fs.isfile(path):
        raise FileExistsError(errno.EEXIST, "the file exists", path)
    replace(fs, path, data)


def find(fs: AbstractFileSystem, folder: str) -> Iterable[dict[str, Any]]:
    """``info`` of all files below ``folder``; a folder that cannot be read is an error, not an empty one."""
    try:
        return fs.find(folder, detail=True, on_error="raise").values()  # type: ignore[no-any-return]
    except (FileNotFoundError, NotADirectoryError):
        return ()


def _make_folder(fs: AbstractFileSystem, folder: str) -> None:
    try:
        fs.makedirs(folder, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        # Not the object is what exists, nor is something missing: a file stands where a part of its name goes through.
        raise ConflictError(f"a file is where a folder is needed: {folder}") from error


def _remove_empty(fs: AbstractFileSystem, folder: str) -> None:
    try:
        fs.rmdir(folder)
    except OSError as error:
        raise IsADirectoryError(errno.EISDIR, "a folder with files in it is where a file is to be", folder) from error
