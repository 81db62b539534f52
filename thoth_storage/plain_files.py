"""Folders as plain objects, one a file, which any tool can read, and back: whole files, and all of them or none."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from thoth_storage.backend import Backend
from thoth_storage.errors import ConfigurationError
from thoth_storage.repository import Repository
from thoth_storage.repository.layout import REPOSITORY_KEY

__all__ = ["fetch", "gathered", "is_repository", "send"]


def is_repository(backend: Backend) -> bool:
    """Raises NotFoundError where there is no such bucket."""
    return any(info.key == REPOSITORY_KEY for info in backend.list(REPOSITORY_KEY))


def send(folder: Path, backend: Backend, excluded: Iterable[str]) -> int:
    """How many files of a folder were stored; those are not whose path in it contains one of ``excluded``.

    Raises ConfigurationError where that is no folder, or where a store lives: plain files would only hide in it.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"{folder} is no directory", hint="nothing was uploaded")
    if is_repository(backend):
        raise ConfigurationError("a store lives there", url=backend.url, hint="use another prefix for plain files")
    patterns = list(excluded)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    chosen = [name for name in names if not any(pattern in name for pattern in patterns)]
    for name in chosen:
        backend.put(name, (folder / name).read_bytes())
    return len(chosen)


def fetch(backend: Backend, folder: Path) -> int:
    """How many files were written to a fresh folder: one for each object or, where a store lives, its newest state.

    A listing has no names that would lead out of the folder: those are no keys.
    """
    if is_repository(backend):
        return Repository.open(backend).restore("latest", folder, overwrite=True).files
    names = [info.key for info in backend.list()]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(backend.get(name))
    return len(names)


@contextmanager
def gathered(target: Path, *, clean: bool) -> Iterator[Path]:
    """A fresh folder whose files, if there are any, are in ``target`` after the ``with`` block: with ``clean`` they
    replace it as a whole, else one by one, and its other files stay. An error within the block changes nothing."""
    target = target.expanduser().resolve()
    if target.exists() and not target.is_dir():
        raise ConfigurationError(f"{target} is no directory", hint="name another target")
    target.parent.mkdir(parents=True, exist_ok=True)
    mark = uuid.uuid4().hex[:8]
    fresh, old = (target.with_name(f".{target.name}.thoth-{word}-{mark}") for word in ("sync", "old"))
    fresh.mkdir()
    try:
        yield fresh
        files = [path for path in fresh.rglob("*") if path.is_file()]
        if files and clean:
            _exchange(fresh, target, old)
        elif files:
            for path in files:
                place = target / path.relative_to(fresh)
                place.parent.mkdir(parents=True, exist_ok=True)
                path.replace(place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _exchange(fresh: Path, target: Path, old: Path) -> None:
    """Put one folder in the place of another, which is back where that fails."""
    if not target.exists():
        fresh.rename(target)
        return
    target.rename(old)
    try:
        fresh.rename(target)
    except BaseException:
        old.rename(target)
        raise
