"""What a capture gives: a directory that stays as it is, for a backup."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Captured", "walk", "write_all"]


@dataclass(frozen=True)
class Captured:
    """``path`` is the directory, ``pause`` the seconds for which writers waited, where that is known. ``previous`` has
    the blocks that were there before, ``held`` the names of those that are not there since the repository has them."""

    path: Path
    pause: float | None = None
    previous: Path | None = None
    held: Mapping[str, Mapping[int, bytes]] | None = None


def walk(root: Path, above: str, wanted: Callable[[str], bool]) -> Iterator[str]:
    """The paths of the files below ``root``."""
    try:
        with os.scandir(root / above) as entries:
            for entry in entries:
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode) and wanted(entry.name):
                    yield from walk(root, f"{above}{entry.name}/", wanted)
                elif stat.S_ISREG(mode):
                    yield above + entry.name
    except FileNotFoundError:
        return  # it went meanwhile


def write_all(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written
