"""An fsspec file system that remembers how it was made, and fails as it is told: ``unitfs://``."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, ClassVar
from uuid import uuid4

import fsspec
from fsspec.implementations.memory import MemoryFileSystem

from thoth_storage import FsspecBackend
from thoth_storage.urls import split_url

__all__ = ["DiskBackend", "UnitBackend", "UnitFileSystem", "box"]


class UnitFileSystem(MemoryFileSystem):  # type: ignore[misc]
    """``made`` tells of each instance: its options, thread and process. ``fail`` is asked before each access."""

    protocol = "unitfs"
    made: ClassVar[list[dict[str, Any]]] = []
    fail: ClassVar[Callable[[str, str], None] | None] = None
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.made.append({**options, "thread": threading.get_ident(), "pid": os.getpid()})

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        path = path.removeprefix("unitfs://").rpartition("@")[2].strip("/")
        return f"/{path}" if path else ""

    @staticmethod
    def _get_kwargs_from_urls(path: str) -> dict[str, str]:
        user = path.removeprefix("unitfs://").rpartition("@")[0]
        return {"user": user, "from_url": "yes"} if user else {}

    def _may_fail(self, verb: str, path: str) -> None:
        if self.fail is not None:
            type(self).fail(verb, path)  # type: ignore[misc]

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **options: Any) -> bytes:
        self._may_fail("read" if start is None and end is None else "range", path)
        return super().cat_file(path, start=start, end=end, **options)  # type: ignore[no-any-return]

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **options: Any) -> None:
        self._may_fail(mode, path)
        super().pipe_file(path, value, mode=mode, **options)

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        self._may_fail("info", path)
        return super().info(path, **options)  # type: ignore[no-any-return]

    def rm_file(self, path: str) -> None:
        self._may_fail("remove", path)
        super().rm_file(path)


class UnitBackend(FsspecBackend):
    """As short as a plugin may be."""

    protocol = "unitfs"


class DiskBackend(FsspecBackend):
    """What a plugin for SMB or SFTP has: a protocol, ``file_like``, and its own idea of a location."""

    protocol = "file"
    file_like = True

    def split(self, url: str) -> tuple[str, str]:
        return split_url(url)


def box(**options: Any) -> UnitBackend:
    """A fresh, empty store."""
    return UnitBackend(f"unitfs://box-{uuid4().hex}/store", **options)


fsspec.register_implementation("unitfs", UnitFileSystem, clobber=True)
