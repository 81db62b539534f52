"""The tools that keep older states and store nothing twice: thoth-storage, restic, borg."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from benchmarks.peer import Peer, program
from benchmarks.places import Place
from benchmarks.runner import Command

__all__ = ["Borg", "Restic", "Thoth"]


class Thoth(Peer):
    """It reads every byte in every backup, so there is no other ``rescan``."""

    name = "thoth-storage"
    keeps = True

    def backup(self, source: Path, repository: str) -> Command:
        return self._command("backup", str(source), self.place.url(repository))

    def restore(self, repository: str, target: Path) -> Command:
        return self._command("restore", self.place.url(repository), str(target))

    def restore_over(self, repository: str, target: Path) -> Command:
        return self._command("restore", "--overwrite", self.place.url(repository), str(target))

    def _command(self, *words: str) -> Command:
        options = [f"--option={name}={value}" for name, value in self.place.options.items()]
        return Command((program(self.name) or self.name, *words, *options))


class Restic(Peer):
    """It passes over files whose times and sizes are as before; with ``--force`` it reads them."""

    name = "restic"
    needs = "restic"
    keeps = True

    def prepare(self, repository: str) -> Command | None:
        return self._command(repository, "init")

    def backup(self, source: Path, repository: str) -> Command:
        # From inside the folder: else the snapshot holds all the folders above it.
        return self._command(repository, "backup", ".", folder=source)

    def rescan(self, source: Path, repository: str) -> Command | None:
        return self._command(repository, "backup", "--force", ".", folder=source)

    def restore(self, repository: str, target: Path) -> Command:
        return self._command(repository, "restore", "latest", "--target", str(target))

    def _command(self, repository: str, *words: str, folder: Path | None = None) -> Command:
        url = self.place.url(repository)
        environment = {
            "RESTIC_REPOSITORY": url.replace("s3://", f"s3:{self.place.endpoint}/"),
            "RESTIC_PASSWORD": "benchmark",
            "RESTIC_CACHE_DIR": str(self.state(repository)),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        return Command((program(self.name) or self.name, *words), environment, folder)


class Borg(Peer):
    """Without encryption, as thoth-storage. Its ``--files-cache=disabled`` is what ``--force`` is to restic."""

    name = "borg"
    needs = "borg"
    keeps = True
    _script: ClassVar[str] = 'mkdir -p "$1" && cd "$1" && exec "$2" extract "::$3"'

    def __init__(self, place: Place, state: Path) -> None:
        super().__init__(place, state)
        self._archives = 0

    def prepare(self, repository: str) -> Command | None:
        return self._command(repository, self._borg, "init", "--encryption=none")

    def backup(self, source: Path, repository: str) -> Command:
        return self._create(source, repository)

    def rescan(self, source: Path, repository: str) -> Command | None:
        return self._create(source, repository, "--files-cache=disabled")

    def restore(self, repository: str, target: Path) -> Command:
        # There is no name for the latest archive, and it is unpacked where borg is started.
        latest = f"archive-{self._archives}"
        return self._command(repository, "sh", "-c", self._script, "sh", str(target), self._borg, latest)

    def _create(self, source: Path, repository: str, *options: str) -> Command:
        self._archives += 1
        words = (self._borg, "create", *options, f"::archive-{self._archives}", ".")
        return self._command(repository, *words, folder=source)

    @property
    def _borg(self) -> str:
        return program(self.name) or self.name

    def _command(self, repository: str, *words: str, folder: Path | None = None) -> Command:
        environment = {
            "BORG_REPO": self.place.url(repository),
            "BORG_BASE_DIR": str(self.state(repository)),
            "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
        }
        return Command(words, environment, folder)
