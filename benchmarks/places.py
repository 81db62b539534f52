"""Where backups go: a folder on the local disk, or a bucket of a server that runs as a process of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.runner import CommandError

__all__ = ["COUNTS", "TARGETS", "Place", "latency", "place", "title"]

TARGETS = ("local", "gcs", "s3", "gcs+30", "s3+30")
"""``+30``: each request is delayed by 30 ms. Any other number will do as well."""

BUCKET = "bucket"
COUNTS = ("requests", "bytes_in", "bytes_out")
"""What a server counts; bytes are those of bodies."""

_ROOT = Path(__file__).parents[1]
_TITLES = {"local": "Local disk", "gcs": "GCS server", "s3": "S3 server"}


class Place(ABC):
    """``kind`` is local, gcs or s3; ``options`` are those of the fsspec file system, as ``thoth-storage -o`` takes
    them too.
    """

    kind: str
    endpoint: str | None = None
    options: dict[str, str]

    @abstractmethod
    def url(self, name: str) -> str: ...

    @abstractmethod
    def stored(self, name: str) -> int:
        """Bytes of all objects below ``url(name)``."""

    @abstractmethod
    def save(self, name: str) -> None:
        """Remember what is below ``url(name)``, for ``rewind``."""

    @abstractmethod
    def rewind(self, name: str) -> bool:
        """As it was when it was saved; False if that is more than this place can do."""

    def requests(self) -> dict[str, int] | None:
        """What was asked of the server since the last call; None where there is none."""
        return None


@contextmanager
def place(target: str, work: Path) -> Iterator[Place]:
    """A new and empty place; nothing stays of it."""
    from benchmarks.servers import Server

    kind = target.partition("+")[0]
    if kind == "local":
        folder = work / "local"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield _Folder(folder)
        shutil.rmtree(folder)
        return
    words = [sys.executable, "-m", f"tests.servers.{kind}", "--bucket", BUCKET, "--latency", str(latency(target))]
    with subprocess.Popen(words, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            endpoint = process.stdout.readline().strip()
            if not endpoint:
                raise CommandError(f"{' '.join(words)} did not start")
            yield Server(kind, endpoint)
        finally:
            process.terminate()


def latency(target: str) -> float:
    """Seconds that the server of a target adds to each request."""
    return int(target.partition("+")[2] or 0) / 1000


def title(target: str) -> str:
    """What a target is called in the report. Raises KeyError or ValueError where there is no such target."""
    kind, delayed, milliseconds = target.partition("+")
    if delayed and (kind == "local" or int(milliseconds) < 1):
        raise ValueError(target)
    return f"{_TITLES[kind]}, {milliseconds} ms away" if delayed else _TITLES[kind]


class _Folder(Place):
    kind = "local"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.options = {}

    def url(self, name: str) -> str:
        return str(self._folder / name)

    def stored(self, name: str) -> int:
        return sum(path.stat().st_size for path in (self._folder / name).rglob("*") if path.is_file())

    def save(self, name: str) -> None:
        copy_folder(self._folder / name, self._folder / f"saved {name}")

    def rewind(self, name: str) -> bool:
        copy_folder(self._folder / f"saved {name}", self._folder / name)
        return True


def copy_folder(source: Path, target: Path) -> None:
    """A copy in the place of what was there, with the times of the files."""
    shutil.rmtree(target, ignore_errors=True)
    if source.exists():
        shutil.copytree(source, target, symlinks=True)
