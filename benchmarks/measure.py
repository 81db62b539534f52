"""All rounds of everybody, size by size and target by target."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from benchmarks.corpus import Corpus, corpus
from benchmarks.peer import Peer
from benchmarks.peers import THOTH, peers
from benchmarks.rounds import Measured, one_round
from benchmarks.summary import Summary, summarize

__all__ = ["measure"]


def measure(arguments: Namespace, work: Path) -> Iterator[list[Summary]]:
    """What was found at one target with one size, and then at the next."""
    kinds = {target: peers(target, without=arguments.without, quick=arguments.quick) for target in arguments.targets}
    smallest = min(arguments.documents)
    for documents in arguments.documents:
        _say(f"{documents} documents")
        made = corpus(documents, work, chain=documents == smallest and not arguments.no_chain)
        for target, mine in kinds.items():
            # What a delay costs is the same for all sizes: requests times the delay.
            if "+" not in target or documents == smallest:
                yield _target(target, mine, made, work, arguments)


def _target(
    target: str, kinds: tuple[type[Peer], ...], made: Corpus, work: Path, arguments: Namespace
) -> list[Summary]:
    """Everybody's first round, then everybody's second: a machine that grows slower does so for all. Each round begins
    with another of them, since what one leaves (memory at hand, a disk that still writes) helps or hinders the next."""
    rounds: dict[type[Peer], list[dict[str, Measured]]] = {kind: [] for kind in kinds}
    order = tuple(kinds)
    # The larger sizes find everything warm.
    warm_up = 0 if arguments.quick or not made.chain else 1
    for number in range(arguments.repeat + warm_up):
        first = number % len(kinds)
        for kind in (*order[first:], *order[:first]):
            _say(f"{made.documents}, {target}, round {number + 1 - warm_up} of {arguments.repeat}: {kind.name}")
            chain = bool(made.chain) and _chained(kind, target, quick=arguments.quick)
            measured = one_round(kind, target, made, work, chain=chain)
            if number >= warm_up:
                rounds[kind].append(measured)
    return [summarize(target, kind.name, made.documents, made.size, rounds[kind]) for kind in kinds]


def _chained(kind: type[Peer], target: str, *, quick: bool) -> bool:
    """Nine backups take long, and the others' packs are the same wherever they lie."""
    if quick:
        return kind.name == THOTH and target == "local"
    return kind.name == THOTH or (kind.keeps and target == "local")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
