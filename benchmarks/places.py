"""Where backups go: a folder on the local disk, or a bucket of a server that runs as a process of its own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.runner import CommandError

__all__ = ["COUNTS", "TARGETS", "Place", "place"]

TARGETS = ("local", "gcs", "s3")
_ROOT = Path(__file__).parents[1]
_BUCKET = "bucket"


COUNTS = ("requests", "bytes_in", "bytes_out")
"""What a server counts; bytes are those of bodies."""


class Place(ABC):
    """``options`` are those of the fsspec file system, as ``thoth-storage -o`` takes them too."""

    target: str
    endpoint: str | None = None
    options: dict[str, str]

    @abstractmethod
    def url(self, name: str) -> str: ...

    @abstractmethod
    def stored(self, name: str) -> int:
        """Bytes of all objects below ``url(name)``."""

    def requests(self) -> dict[str, int] | None:
        """What was asked of the server since the last call; None where there is none."""
        return None


@contextmanager
def place(target: str, work: Path, latency: float) -> Iterator[Place]:
    """A new and empty place; nothing stays of it."""
    if target == "local":
        folder = work / "local"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield _Folder(folder)
        shutil.rmtree(folder)
        return
    words = [sys.executable, "-m", f"tests.servers.{target}", "--bucket", _BUCKET, "--latency", str(latency)]
    with subprocess.Popen(words, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            endpoint = process.stdout.readline().strip()
            if not endpoint:
                raise CommandError(f"{' '.join(words)} did not start")
            yield _Server(target, endpoint)
        finally:
            process.terminate()


class _Folder(Place):
    target = "local"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.options = {}

    def url(self, name: str) -> str:
        return str(self._folder / name)

    def stored(self, name: str) -> int:
        return sum(path.stat().st_size for path in (self._folder / name).rglob("*") if path.is_file())


class _Server(Place):
    def __init__(self, target: str, endpoint: str) -> None:
        self.target = target
        self.endpoint = endpoint
        self.options = {"endpoint_url": endpoint}
        if target == "gcs":
            self.options |= {"project": "test", "token": "anon"}
        else:
            self.options |= {"key": "test", "secret": "test"}

    def url(self, name: str) -> str:
        return f"{'gs' if self.target == 'gcs' else 's3'}://{_BUCKET}/{name}"

    def stored(self, name: str) -> int:
        # Not by fsspec: importing it would cost more than what is measured.
        prefix = urllib.parse.quote(f"{name}/")
        if self.target == "gcs":
            listing = json.loads(self._open("GET", f"/storage/v1/b/{_BUCKET}/o?prefix={prefix}"))
            assert "nextPageToken" not in listing
            return sum(int(item["size"]) for item in listing.get("items", ()))
        text = self._open("GET", f"/{_BUCKET}?list-type=2&prefix={prefix}").decode()
        assert "<IsTruncated>true" not in text
        return sum(int(size) for size in re.findall(r"<Size>(\d+)</Size>", text))

    def requests(self) -> dict[str, int]:
        counted = json.loads(self._open("GET", "/_stats"))
        self._open("DELETE", "/_stats")
        return {name: int(counted[name]) for name in COUNTS}

    def _open(self, method: str, path: str) -> bytes:
        request = urllib.request.Request(f"{self.endpoint}{path}", method=method)
        with urllib.request.urlopen(request, timeout=60) as reply:
            answer: bytes = reply.read()
        return answer
