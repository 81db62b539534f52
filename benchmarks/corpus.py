"""The directories that are backed up: a real Chroma store of N documents, and what becomes of it.

``documents.py`` writes them; here is where they are kept.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

__all__ = ["CHAIN", "Corpus", "corpus"]

CHAIN = 7
"""States after the base: with it, a chain of eight snapshots."""


@dataclass(frozen=True)
class Corpus:
    """``base`` and, each made from it, ``added``, ``updated`` and ``deleted``: one hundredth of the documents.

    ``chain`` begins with ``added``; each state has a hundredth more than the one before. It is empty where it was not
    asked for. ``tiny`` holds one byte. A file that is as in the base is the same file (a hard link), which saves disk
    and tells without reading what did not change.
    """

    documents: int
    folder: Path
    chain: tuple[Path, ...]

    @property
    def tiny(self) -> Path:
        return self.folder / "tiny"

    @property
    def base(self) -> Path:
        return self.folder / "base"

    def changed(self, change: str) -> Path:
        """The base after ``change``: added, updated or deleted."""
        return self.folder / change

    @property
    def size(self) -> int:
        return sum(path.stat().st_size for path in self.base.rglob("*") if path.is_file())


def corpus(documents: int, work: Path, *, chain: bool) -> Corpus:
    """The corpus from ``work``. What is not there yet is made: the chain only where it is wanted, for it is large."""
    folder = work / f"documents-{documents}-chromadb-{metadata.version('chromadb')}"
    folder.mkdir(parents=True, exist_ok=True)
    _state(folder / "tiny", None, documents, "tiny")
    _state(folder / "base", None, documents, "base")
    for change in ("added", "updated", "deleted"):
        _state(folder / change, folder / "base", documents, change)
    states = [folder / "added"]
    while chain and len(states) < CHAIN:
        states.append(folder / f"added-{len(states) + 1}")
        _state(states[-1], states[-2], documents, states[-1].name)
    # What is still in the page cache would be written to the disk while somebody is timed.
    os.sync()
    return Corpus(documents, folder, tuple(states) if chain else ())


def _state(directory: Path, before: Path | None, documents: int, what: str) -> None:
    """Make a state of another, unless it is there: an interrupted making leaves nothing that looks whole."""
    if directory.is_dir():
        return
    unfinished = directory.with_name(f"{directory.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    if before is None:
        unfinished.mkdir()
    else:
        shutil.copytree(before, unfinished)
    if what == "tiny":
        (unfinished / "byte").write_bytes(b"1")
    else:
        command = [sys.executable, "-m", "benchmarks.documents", str(documents), what, str(unfinished)]
        subprocess.run(command, check=True, cwd=Path(__file__).parents[1])
    if before is not None:
        _link_same(before, unfinished)
    unfinished.rename(directory)


def _link_same(before: Path, directory: Path) -> None:
    for path in directory.rglob("*"):
        same = before / path.relative_to(directory)
        if path.is_file() and same.is_file() and filecmp.cmp(same, path, shallow=False):
            path.unlink()
            path.hardlink_to(same)
