"""What a tool must tell to be measured: its command lines, each run as a process of its own."""

from __future__ import annotations

import shutil
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from benchmarks.places import Place
from benchmarks.runner import Command

__all__ = ["Peer", "program"]


class Peer(ABC):
    """``repository`` is a name below the place; ``backup`` and ``restore`` copy the whole content of a folder."""

    name: ClassVar[str]
    needs: ClassVar[str | None] = None
    """The program without which it cannot be measured."""
    keeps: ClassVar[bool] = False
    """Whether older states are kept. What a tool that keeps none adds to a repository is no measure of it."""

    def __init__(self, place: Place, state: Path) -> None:
        self.place = place
        self._state = state

    def state(self, repository: str) -> Path:
        """Where it keeps what it remembers of a repository, on this machine."""
        return self._state / repository

    def prepare(self, repository: str) -> Command | None:
        """What must be run once, and is not timed."""
        return None

    @abstractmethod
    def backup(self, source: Path, repository: str) -> Command: ...

    def rescan(self, source: Path, repository: str) -> Command | None:
        """A backup that reads every byte of every file; None where any backup does."""
        return None

    @abstractmethod
    def restore(self, repository: str, target: Path) -> Command: ...

    def restore_over(self, repository: str, target: Path) -> Command:
        """Into a folder that holds an older state."""
        return self.restore(repository, target)


def program(name: str) -> str | None:
    """Where a program is: beside this Python, which need not be on the path, or on the path."""
    return shutil.which(name, path=Path(sys.executable).parent) or shutil.which(name)
