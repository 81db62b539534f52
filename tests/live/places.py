"""Folders as hosts have them: in memory, too small, read-only."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["in_memory", "mounted"]


@contextmanager
def in_memory() -> Iterator[Path]:
    """A fresh folder whose files take memory, as all do on Cloud Run."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def mounted(point: Path, options: str) -> Iterator[Path]:
    """A file system in memory of its own. Only root may do that."""
    point.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(point)], check=True)
    try:
        yield point
    finally:
        subprocess.run(["umount", "--lazy", str(point)], check=True)
