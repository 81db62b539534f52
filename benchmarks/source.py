"""The directory that is backed up, as a program left it: always at the same path, changed in place."""

from __future__ import annotations

import filecmp
import shutil
from pathlib import Path

from benchmarks.runner import CommandError

__all__ = ["Source", "compare"]


class Source:
    """Restic and borg know files by their paths, and pass over one whose inode and times are as before. So a state is
    not put in the place of another: only files that differ are written, and the rest stays untouched, as in life.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._shown: Path | None = None

    def show(self, state: Path) -> None:
        """Make the directory hold ``state``."""
        self.path.mkdir(exist_ok=True)
        for path in sorted(self.path.rglob("*"), reverse=True):
            if not (state / path.relative_to(self.path)).exists():
                path.rmdir() if path.is_dir() else path.unlink()
        for path in sorted(state.rglob("*")):
            name = path.relative_to(state)
            if path.is_dir():
                (self.path / name).mkdir(exist_ok=True)
            elif not self._holds(path, name):
                shutil.copyfile(path, self.path / name)
        self._shown = state

    def _holds(self, path: Path, name: Path) -> bool:
        """States of one corpus share files that are equal: see corpus.py."""
        return self._shown is not None and (self._shown / name).exists() and path.samefile(self._shown / name)


def compare(expected: Path, found: Path) -> None:
    """Raises CommandError unless both directories have the same files with the same bytes."""
    paths = {path.relative_to(expected) for path in expected.rglob("*")}
    others = {path.relative_to(found) for path in found.rglob("*")}
    if paths != others:
        raise CommandError(f"{found} has other files than {expected}: {sorted(map(str, paths ^ others))}")
    for path in paths:
        if (expected / path).is_file() and not filecmp.cmp(expected / path, found / path, shallow=False):
            raise CommandError(f"{found / path} has other bytes than {expected / path}")
