"""Repositories that have something to prune, and a service whose clock can be moved."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from tests.repository.stores import SMALL, objects
from tests.repository.trees import contents, noise, write_tree
from thoth_storage.backend import ObjectInfo
from thoth_storage.memory import MemoryBackend
from thoth_storage.repository import Repository

__all__ = ["NOW", "Ages", "change", "forget_all_but", "grown", "restored"]

NOW = timedelta(0)


class Ages(MemoryBackend):
    """A store in memory whose objects grow older when told so."""

    def __init__(self, url: str | None = None) -> None:
        super().__init__(url or f"memory://ages-{uuid4().hex}/store")
        self._shift = timedelta(0)
        self._born: dict[str, timedelta] = {}

    def later(self, by: timedelta) -> None:
        self._shift += by

    def put(self, key: str, data: bytes) -> None:
        super().put(key, data)
        self._born[key] = self._shift

    def create(self, key: str, data: bytes) -> None:
        super().create(key, data)
        self._born[key] = self._shift

    def head(self, key: str) -> ObjectInfo:
        return self._aged(super().head(key))

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return map(self._aged, super().list(prefix))

    def _aged(self, info: ObjectInfo) -> ObjectInfo:
        assert info.mtime
        return replace(info, mtime=info.mtime + self._born[info.key])


def change(source: Path, seed: int) -> None:
    """A few bytes in each block of one file, all of another, and a third is left as it is."""
    chance = random.Random(seed)
    some = bytearray((source / "some").read_bytes())
    for at in range(0, len(some), 1000):
        some[at] = chance.randrange(256)
    (source / "some").write_bytes(some)
    (source / "all").write_bytes(noise((source / "all").stat().st_size, seed))


def grown(repository: Repository, folder: Path, count: int, size: int = 4 * SMALL) -> list[str]:
    """``count`` snapshots, each of a later state of ``folder / "source"``; ids oldest first."""
    tree = {"some": noise(2 * size), "all": noise(size, "all"), "same": noise(size, "same"), "empty/of": b""}
    source = write_tree(folder / "source", tree)
    ids = []
    for number in range(count):
        if number:
            change(source, number)
        ids.append(repository.backup(source).id)
    return ids


def forget_all_but(repository: Repository, *kept: str) -> None:
    """By hand: the test is not about the verb."""
    keys = objects(repository.backend, "snapshots/")
    repository.backend.delete(*(key for key in keys if key.rpartition("-")[2] not in kept))


def restored(repository: Repository, snapshot: str, folder: Path) -> dict[str, bytes]:
    """What a snapshot gives back."""
    repository.restore(snapshot, folder / "restored", overwrite=True)
    return contents(folder / "restored")
