"""One round: a new and empty place, all the cases in order, and each restored directory compared byte by byte."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpus import Corpus
from benchmarks.peer import Peer
from benchmarks.places import Place, copy_folder, place
from benchmarks.runner import Command, Run, run
from benchmarks.source import Source, compare

__all__ = ["CASES", "Measured", "one_round"]

CASES = {
    "tiny backup": "one byte: backup",
    "tiny restore": "one byte: restore",
    "first": "first backup",
    "unchanged": "unchanged",
    "rescan": "unchanged, all read",
    "added": "1 % added",
    "updated": "1 % updated",
    "deleted": "1 % deleted",
    "restore": "restore",
    "restore over": "restore over older",
    "eighth": "eighth of a chain",
    "alone": "the same alone",
}
"""What is measured, and what the report calls it. The last two, a chain, are not measured everywhere."""


@dataclass(frozen=True)
class Measured:
    """One case of one round. ``stored``: bytes in the repository afterwards; ``uploaded``: what went there, None where
    nobody counted.
    """

    run: Run
    stored: int
    uploaded: int | None
    requests: dict[str, int] | None


def one_round(kind: type[Peer], target: str, corpus: Corpus, work: Path, *, chain: bool) -> dict[str, Measured]:
    """Run every case once, those of the chain if asked.

    Raises CommandError where one fails or a restored directory is not the one backed up.
    """
    scratch = work / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    with place(target, work) as where:
        found = _Round(kind(where, scratch / "state"), where, corpus, scratch).run(chain=chain)
    shutil.rmtree(scratch)
    return found


class _Round:
    def __init__(self, peer: Peer, where: Place, corpus: Corpus, scratch: Path) -> None:
        self._peer, self._where, self._corpus = peer, where, corpus
        self._source = Source(scratch / "source")
        self._restored = scratch / "restored"
        self._found: dict[str, Measured] = {}

    def run(self, *, chain: bool) -> dict[str, Measured]:
        self._tiny()
        self._upon_base()
        if chain:
            self._chain()
        return self._found

    def _tiny(self) -> None:
        """What a command costs before it handles data."""
        self._prepare("tiny")
        self._backup("tiny backup", "tiny", self._corpus.tiny)
        self._restore("tiny restore", "tiny")
        shutil.rmtree(self._restored)

    def _upon_base(self) -> None:
        """Each change is the second backup, upon the base: what the others stored is taken away again."""
        self._prepare("full")
        base = self._corpus.base
        self._backup("first", "full", base)
        self._backup("unchanged", "full", base)
        if command := self._peer.rescan(self._source.path, "full"):
            self._measure("rescan", "full", command)
        else:
            self._found["rescan"] = self._found["unchanged"]
        self._restore("restore", "full")
        self._save()
        for change in ("added", "updated", "deleted"):
            if change != "added":
                self._rewind()
            self._backup(change, "full", self._corpus.changed(change))
            if change == "added":
                self._measure("restore over", "full", self._peer.restore_over("full", self._restored))
                compare(self._source.path, self._restored)
                shutil.rmtree(self._restored)

    def _chain(self) -> None:
        """The last state of the chain, from a repository with all states and from one with no other."""
        last = self._corpus.chain[-1]
        self._prepare("chain")
        for state in (self._corpus.base, *self._corpus.chain):
            self._source.show(state)
            run(self._peer.backup(self._source.path, "chain"))
        self._restore("eighth", "chain")
        shutil.rmtree(self._restored)
        self._prepare("alone")
        self._source.show(last)
        run(self._peer.backup(self._source.path, "alone"))
        self._restore("alone", "alone")
        shutil.rmtree(self._restored)

    def _prepare(self, repository: str) -> None:
        if command := self._peer.prepare(repository):
            run(command)

    def _backup(self, case: str, repository: str, state: Path) -> None:
        self._source.show(state)
        self._measure(case, repository, self._peer.backup(self._source.path, repository))

    def _restore(self, case: str, repository: str) -> None:
        self._measure(case, repository, self._peer.restore(repository, self._restored))
        compare(self._source.path, self._restored)

    def _save(self) -> None:
        self._where.save("full")
        copy_folder(self._peer.state("full"), self._peer.state("full, saved"))

    def _rewind(self) -> None:
        copy_folder(self._peer.state("full, saved"), self._peer.state("full"))
        self._source.show(self._corpus.base)
        if not self._where.rewind("full"):
            run(self._peer.backup(self._source.path, "full"))

    def _measure(self, case: str, repository: str, command: Command) -> None:
        before = self._where.stored(repository)
        self._where.requests()
        result = run(command)
        requests = self._where.requests()
        stored = self._where.stored(repository)
        if requests:
            uploaded: int | None = requests["bytes_in"]
        else:
            uploaded = stored - before if self._peer.keeps else None
        self._found[case] = Measured(result, stored, uploaded, requests)
