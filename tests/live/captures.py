"""A directory as Chroma's is, to be captured, and what is read of it."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

__all__ = ["DATABASE", "at_the_lock", "contents", "make_live", "reads", "settle"]

DATABASE = "chroma.sqlite3"


def make_live(folder: Path, *segments: str) -> Path:
    """A directory with a database that knows these segments, and nothing else."""
    folder.mkdir()
    with closing(sqlite3.connect(folder / DATABASE)) as database:
        database.execute("CREATE TABLE segments (id TEXT)")
        database.executemany("INSERT INTO segments VALUES (?)", [(each,) for each in segments])
        database.commit()
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def at_the_lock(act: Callable[[], object]) -> Callable[[], AbstractContextManager[None]]:
    """The writers' lock, and what the last of them does before it is given to the capture."""

    @contextmanager
    def held() -> Iterator[None]:
        act()
        yield

    return held


def settle() -> None:
    """Until what was written is older than the clock of the file system can blur."""
    time.sleep(0.03)


@contextmanager
def reads(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[list[str]]:
    """The files below ``folder`` that are read in the ``with`` block, each time."""
    found: list[str] = []
    original = os.pread

    def pread(descriptor: int, length: int, offset: int) -> bytes:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_relative_to(folder):
            found.append(str(path.relative_to(folder)))
        return original(descriptor, length, offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", pread)
        yield found
