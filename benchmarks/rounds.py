"""One round: a new and empty place, all the cases in order, and each restored directory compared byte by byte."""

from __future__ import annotations

import filecmp
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpus import Corpus
from benchmarks.peers import Peer
from benchmarks.places import Place, place
from benchmarks.runner import Command, CommandError, Run, run

__all__ = ["CASES", "Measured", "one_round"]

CASES = ("tiny backup", "tiny restore", "first", "unchanged", "more", "most", "restore")
"""Those of a folder with one byte come first: they tell what a command costs before it handles data."""


@dataclass(frozen=True)
class Measured:
    """One case of one round. ``stored``: bytes in the repository afterwards."""

    run: Run
    stored: int
    requests: dict[str, int] | None


def one_round(kind: type[Peer], target: str, corpus: Corpus, work: Path, latency: float) -> dict[str, Measured]:
    """Run every case once. Raises CommandError where one fails or a restored directory is not the one backed up."""
    scratch = work / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    with place(target, work, latency) as where:
        peer = kind(where, scratch)
        measured = _cases(peer, where, corpus, scratch)
    shutil.rmtree(scratch)
    return measured


def _cases(peer: Peer, where: Place, corpus: Corpus, scratch: Path) -> dict[str, Measured]:
    source, target = scratch / "source", scratch / "restored"
    found: dict[str, Measured] = {}

    def measure(case: str, repository: str, command: Command) -> None:
        where.requests()
        result = run(command)
        requests = where.requests()
        found[case] = Measured(result, where.stored(repository), requests)

    for repository in ("tiny", "full"):
        if command := peer.prepare(repository):
            run(command)
    _link_tree(corpus.tiny, source)
    measure("tiny backup", "tiny", peer.backup(source, "tiny"))
    measure("tiny restore", "tiny", peer.restore("tiny", target))
    _compare(source, target)
    shutil.rmtree(target)
    for case, directory in (
        ("first", corpus.base),
        ("unchanged", corpus.base),
        ("more", corpus.more),
        ("most", corpus.most),
    ):
        if case != "unchanged":
            _link_tree(directory, source)
        measure(case, "full", peer.backup(source, "full"))
    measure("restore", "full", peer.restore("full", target))
    _compare(source, target)
    return found


def _link_tree(directory: Path, source: Path) -> None:
    """Show a directory at the path that is backed up, always the same one: restic knows files by their paths."""
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(directory, source, copy_function=os.link)


def _compare(expected: Path, found: Path) -> None:
    paths = {path.relative_to(expected) for path in expected.rglob("*")}
    others = {path.relative_to(found) for path in found.rglob("*")}
    if paths != others:
        raise CommandError(f"{found} has other files than {expected}: {sorted(map(str, paths ^ others))}")
    for path in paths:
        if (expected / path).is_file() and not filecmp.cmp(expected / path, found / path, shallow=False):
            raise CommandError(f"{found / path} has other bytes than {expected / path}")
