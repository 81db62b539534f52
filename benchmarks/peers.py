"""Who is measured, each as a command line of its own: thoth-storage and what people use instead."""

from __future__ import annotations

import json
import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from benchmarks.places import Place
from benchmarks.runner import Command

__all__ = ["THOTH", "Peer", "peers"]

THOTH = "thoth-storage"
_ROOT = Path(__file__).parents[1]


class Peer(ABC):
    """``repository`` is a name below the place; ``backup`` and ``restore`` copy the whole content of a folder."""

    name: ClassVar[str]

    def __init__(self, place: Place, scratch: Path) -> None:
        self.place = place
        self.scratch = scratch

    def prepare(self, repository: str) -> Command | None:
        """What must be run once, and is not timed."""
        return None

    @abstractmethod
    def backup(self, source: Path, repository: str) -> Command: ...

    @abstractmethod
    def restore(self, repository: str, target: Path) -> Command: ...


class _Thoth(Peer):
    name = THOTH

    def backup(self, source: Path, repository: str) -> Command:
        return self._command("backup", str(source), self.place.url(repository))

    def restore(self, repository: str, target: Path) -> Command:
        return self._command("restore", self.place.url(repository), str(target))

    def _command(self, *words: str) -> Command:
        beside = Path(sys.executable).parent / THOTH
        options = [f"--option={name}={value}" for name, value in self.place.options.items()]
        return Command((str(beside) if beside.exists() else THOTH, *words, *options))


class _Restic(Peer):
    name = "restic"
    forced: ClassVar[tuple[str, ...]] = ()

    def prepare(self, repository: str) -> Command | None:
        return self._command(repository, "init")

    def backup(self, source: Path, repository: str) -> Command:
        # From inside the folder: else the snapshot holds all the folders above it.
        return self._command(repository, "backup", *self.forced, ".", folder=source)

    def restore(self, repository: str, target: Path) -> Command:
        return self._command(repository, "restore", "latest", "--target", str(target))

    def _command(self, repository: str, *words: str, folder: Path | None = None) -> Command:
        url = self.place.url(repository)
        environment = {
            "RESTIC_REPOSITORY": url.replace("s3://", f"s3:{self.place.endpoint}/"),
            "RESTIC_PASSWORD": "benchmark",
            "RESTIC_CACHE_DIR": str(self.scratch / f"cache of {repository}"),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        return Command((_Restic.name, *words), environment, folder)


class _ResticForced(_Restic):
    """Restic passes over files whose times and sizes are as before; with ``--force`` it reads them, as we always do."""

    name = "restic --force"
    forced = ("--force",)


class _Copy(Peer):
    name = "cp -r"
    then: ClassVar[str] = ""

    def backup(self, source: Path, repository: str) -> Command:
        return self._copy(source, Path(self.place.url(repository)))

    def restore(self, repository: str, target: Path) -> Command:
        return self._copy(Path(self.place.url(repository)), target)

    def _copy(self, source: Path, target: Path) -> Command:
        script = f'mkdir -p "$2" && cp -r "$1/." "$2"{self.then}'
        return Command(("sh", "-c", script, "sh", str(source), str(target)))


class _CopyFlushed(_Copy):
    """Like with like: thoth-storage and restic flush what they store, and thoth-storage what it restores."""

    name = "cp -r, flushed"
    then = ' && find "$2" -exec sync {} +'


class _ByHand(Peer):
    name = "fsspec by hand"

    def backup(self, source: Path, repository: str) -> Command:
        return self._command("put", repository, source)

    def restore(self, repository: str, target: Path) -> Command:
        return self._command("get", repository, target)

    def _command(self, verb: str, repository: str, folder: Path) -> Command:
        options = json.dumps(self.place.options)
        words = (sys.executable, "-m", "benchmarks.by_hand", verb, self.place.url(repository), options, str(folder))
        return Command(words, folder=_ROOT)


_PEERS: Mapping[str, tuple[type[Peer], ...]] = {
    "local": (_Thoth, _Restic, _ResticForced, _Copy, _CopyFlushed),
    "gcs": (_Thoth, _ByHand),
    "s3": (_Thoth, _Restic, _ResticForced, _ByHand),
}


def peers(target: str, *, restic: bool, quick: bool) -> tuple[type[Peer], ...]:
    """Who takes part at a target; where it must be quick, nobody twice. Raises FileNotFoundError where restic is wanted
    and not installed."""
    if restic and not shutil.which(_Restic.name):
        raise FileNotFoundError("restic is not installed: apt-get install restic, or pass --without-restic")
    left_out: tuple[type[Peer], ...] = () if restic else (_Restic,)
    if quick:
        left_out = (*left_out, _ResticForced, _CopyFlushed)
    return tuple(peer for peer in _PEERS[target] if not issubclass(peer, left_out))
