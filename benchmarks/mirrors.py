"""The tools that keep one copy, the newest: what people use who need no more."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import ClassVar

from benchmarks.peer import Peer, program
from benchmarks.runner import Command

__all__ = ["ByHand", "Copy", "CopyFlushed", "Rclone"]

_ROOT = Path(__file__).parents[1]


class Copy(Peer):
    name = "cp -r"
    then: ClassVar[str] = ""

    def backup(self, source: Path, repository: str) -> Command:
        return self._copy(source, Path(self.place.url(repository)))

    def restore(self, repository: str, target: Path) -> Command:
        return self._copy(Path(self.place.url(repository)), target)

    def _copy(self, source: Path, target: Path) -> Command:
        script = f'mkdir -p "$2" && cp -r "$1/." "$2"{self.then}'
        return Command(("sh", "-c", script, "sh", str(source), str(target)))


class CopyFlushed(Copy):
    """Like with like: thoth-storage and restic flush what they store, and thoth-storage what it restores."""

    name = "cp -r, flushed"
    then = ' && find "$2" -exec sync {} +'


class Rclone(Peer):
    """It passes over files whose times and sizes are as before; with ``--checksum`` it reads them."""

    name = "rclone"
    needs = "rclone"

    def backup(self, source: Path, repository: str) -> Command:
        return self._sync(str(source), self._remote(repository))

    def rescan(self, source: Path, repository: str) -> Command | None:
        return self._sync("--checksum", str(source), self._remote(repository))

    def restore(self, repository: str, target: Path) -> Command:
        return self._sync(self._remote(repository), str(target))

    def _remote(self, repository: str) -> str:
        return self.place.url(repository).replace("s3://", "bench:")

    def _sync(self, *words: str) -> Command:
        environment = {"RCLONE_CONFIG": str(self.state("rclone.conf"))}
        if self.place.endpoint:
            environment |= {
                "RCLONE_CONFIG_BENCH_TYPE": "s3",
                "RCLONE_CONFIG_BENCH_PROVIDER": "Other",
                "RCLONE_CONFIG_BENCH_ENDPOINT": self.place.endpoint,
                "RCLONE_CONFIG_BENCH_ACCESS_KEY_ID": "test",
                "RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY": "test",
            }
        return Command((program(self.name) or self.name, "sync", *words), environment)


class ByHand(Peer):
    name = "fsspec by hand"

    def backup(self, source: Path, repository: str) -> Command:
        return self._command("put", repository, source)

    def restore(self, repository: str, target: Path) -> Command:
        return self._command("get", repository, target)

    def _command(self, verb: str, repository: str, folder: Path) -> Command:
        options = json.dumps(self.place.options)
        words = (sys.executable, "-m", "benchmarks.by_hand", verb, self.place.url(repository), options, str(folder))
        return Command(words, folder=_ROOT)
