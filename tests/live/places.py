"""Folders as hosts have them: in memory, too small, read-only."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["in_memory", "limited", "mounted"]


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


def limited(folder: Path, program: str, *arguments: str, most: int, used: int, cached: int) -> str:
    """What a program says that is shown such a memory limit of its container, in bytes, and what is used of it. Only
    root may do that."""
    figures = {"memory.max": most, "memory.current": used, "memory.stat": f"anon 1\ninactive_file {cached}"}
    for name, value in figures.items():
        (folder / name).write_text(f"{value}\n")
    # In a mount namespace of its own, nobody else sees it.
    shell = f'mount --bind "{folder}" /sys/fs/cgroup && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", shell, "sh", sys.executable, "-c", program, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
