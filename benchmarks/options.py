"""The words of the command line."""

from __future__ import annotations

import argparse

from benchmarks.peers import PROGRAMS
from benchmarks.places import TARGETS
from benchmarks.words import add_output, check_left_out, check_targets, numbers, words

__all__ = ["QUICK_DOCUMENTS", "parse"]

QUICK_DOCUMENTS = 2000
_DESCRIPTION = "How long, how large, how much memory: thoth-storage beside what people use instead."


def parse() -> argparse.Namespace:
    """What was asked for; ends with 2 where that makes no sense."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=_DESCRIPTION)
    add = parser.add_argument
    add("--documents", type=numbers, default=(50_000, 200_000), help="sizes; two of them give a marginal rate")
    add("--repeat", type=int, default=5, help="rounds that count, after one that warms up")
    add("--targets", type=words, default=TARGETS, help=f"some of {','.join(TARGETS)}; +30 is 30 ms to each request")
    add("--without", type=words, default=(), help=f"tools to leave out: some of {','.join(PROGRAMS)}")
    add("--no-chain", action="store_true", help="leave out the chain of eight snapshots, and the round that warms up")
    add("--work", help="a folder that keeps the documents for the next time; default: a temporary one")
    add_output(parser, "a markdown file with marks for the tables, plots beside it")
    add("--quick", action="store_true", help="does every step work? 2,000 documents, one round")
    arguments = parser.parse_args()
    check_targets(parser, arguments.targets)
    check_left_out(parser, arguments.without, PROGRAMS)
    if arguments.quick:
        arguments.documents, arguments.repeat = (QUICK_DOCUMENTS,), 1
        arguments.targets = tuple(target for target in arguments.targets if "+" not in target)
    if min(arguments.documents) < 1 or arguments.repeat < 1:
        parser.error("--documents and --repeat are at least 1")
    return arguments
