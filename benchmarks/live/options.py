"""The words of the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.places import TARGETS
from benchmarks.words import add_output, check_left_out, check_targets, numbers, words

__all__ = ["PARTS", "parse"]

PARTS = ("overhead", "checkpoints", "in-place", "load", "starts", "lancedb")
_QUICK_DOCUMENTS = 1000
_DESCRIPTION = "What the live store costs: over a bare Chroma, at a checkpoint, from a URL to the first answer."


def parse() -> argparse.Namespace:
    """What was asked for; ends with 2 where that makes no sense."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=_DESCRIPTION)
    add = parser.add_argument
    add("--documents", type=numbers, default=(10_000, 50_000, 200_000), help="sizes, separated by commas")
    add("--repeat", type=int, default=5, help="rounds that count")
    add("--targets", type=words, default=TARGETS, help=f"some of {','.join(TARGETS)}; +30 is 30 ms to each request")
    add("--without", type=words, default=(), help=f"what to leave out: some of {','.join(PARTS)}")
    add("--work", type=Path, help="a folder that keeps the documents for the next time; default: a temporary one")
    add("--memory", type=Path, default=Path("/dev/shm"), help="a folder whose files are memory, for in-place captures")
    add_output(parser)
    add("--quick", action="store_true", help=f"does every step work? {_QUICK_DOCUMENTS:,} documents, one round")
    arguments = parser.parse_args()
    check_targets(parser, arguments.targets)
    check_left_out(parser, arguments.without, PARTS)
    if arguments.quick:
        arguments.documents, arguments.repeat = (_QUICK_DOCUMENTS,), 1
        arguments.targets = tuple(target for target in arguments.targets if "+" not in target)
    if min(arguments.documents) < _QUICK_DOCUMENTS or arguments.repeat < 1:
        parser.error(f"--documents is at least {_QUICK_DOCUMENTS}, --repeat at least 1")
    return arguments
