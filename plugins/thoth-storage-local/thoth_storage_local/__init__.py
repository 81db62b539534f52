"""The local disk as a backend: ``file://`` URLs and plain paths; writes are atomic and survive a power cut."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from thoth_storage import Capabilities, FsspecBackend, hookimpl
from thoth_storage.errors import ConfigurationError
from thoth_storage_local import atomic

__all__ = ["LocalBackend"]


class LocalBackend(FsspecBackend):
    """Objects as files below a folder, which is made with the first write.

    ``file:///abs/path``, ``file://relative``, a plain path, ``~``; ``%20`` and the like are decoded in URLs (as
    ``pathlib.Path.as_uri`` writes them), never in plain paths.

    fsspec's own local writes are not atomic (16 racers of ``mode="create"`` gave up to 16 winners, and readers saw
    partial files), so writes go through ``atomic``.
    """

    protocol = "file"
    capabilities = Capabilities(atomic_create=True)
    file_like = True

    def __init__(self, url: str, **storage_options: Any) -> None:
        super().__init__(url, **storage_options)
        self.url = self.url.replace("%", "%25")  # so that it names the same folder when it is opened

    def split(self, url: str) -> tuple[str, str]:
        scheme, colon, rest = url.partition("://")
        path = url
        if colon:
            path = unquote(rest)
            if ".." in path.split("/"):
                raise ConfigurationError("the URL has a '..' segment", url=self.url, hint="write the whole path out")
            if not path:
                raise ConfigurationError(
                    "the URL names no folder", url=self.url, hint=f"write {scheme}:///absolute/path"
                )
        absolute = os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 - resolve() would follow links
        if os.path.exists(absolute) and not os.path.isdir(absolute):  # noqa: PTH110, PTH112 - pathlib's may raise
            raise ConfigurationError("a file is where a directory is expected", url=f"file://{absolute}")
        return "file", absolute

    def root(self) -> str:
        return self.location

    def read(self, path: str, start: int, end: int | None) -> bytes:
        with Path(path).open("rb") as file:
            # Python makes room for as much as it is asked for, however little there is to read.
            size = os.fstat(file.fileno()).st_size
            file.seek(start)
            return file.read(max(min(size, size if end is None else end) - start, 0))

    def write(self, path: str, data: bytes) -> None:
        atomic.replace(Path(path), data, Path(self.location))

    def write_new(self, path: str, data: bytes, stamp: str) -> None:
        atomic.create(Path(path), data, Path(self.location))

    def find(self, folder: str, leaf: str) -> Iterable[dict[str, Any]]:
        return _walk(folder)

    def who(self) -> str:
        number = os.geteuid()
        try:
            return f"user {pwd.getpwuid(number).pw_name}"
        except KeyError:  # in a container, say
            return f"user {number}"

    def remove(self, paths: Sequence[str]) -> None:
        root = Path(self.location)
        for path in paths:
            atomic.remove(Path(path), root)


def _walk(folder: str) -> Iterator[dict[str, Any]]:
    """Every file below ``folder``. A folder that cannot be read is an error: fsspec's walk would pass it over."""
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=True):
            yield from _walk(entry.path)
            continue
        try:
            status = entry.stat()
        except FileNotFoundError:
            continue
        yield {"name": entry.path, "size": status.st_size, "type": "file", "mtime": status.st_mtime}


@hookimpl
def thoth_storage_backends() -> dict[str, type[LocalBackend]]:
    return {"file": LocalBackend}
