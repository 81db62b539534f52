"""The words of the command line, and how much is measured."""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.words import add_output, check_left_out, check_targets, numbers, words

__all__ = ["PARTS", "TARGETS", "Extent", "parse"]

TARGETS = ("local", "gcs", "s3", "gcs+30", "s3+30", "gcs+100", "s3+100")
PARTS = ("writes", "load", "replay", "seeing", "lancedb")
_DESCRIPTION = "What a write costs that is in the shared log when it returns, and how fast a log is read."


@dataclass(frozen=True)
class Extent:
    """``writes``: how many, by documents in each; ``load``: of how many documents each write of several writers is,
    ``writers`` how many there are and ``seconds`` how long they write; ``replay``: documents in a log, ``entries`` of
    how many each; ``seen``: writes that readers look for, ``pause`` seconds between two. ``parts``: those of a target,
    where they are not all."""

    writes: Mapping[int, int]
    load: tuple[int, ...]
    writers: tuple[int, ...]
    seconds: float
    replay: int
    entries: tuple[int, ...]
    seen: int
    pause: float
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_QUICK = Extent(
    *({1: 3, 100: 2}, (10,), (2,), 0.3, 200, (10,), 3, 0.05),
    parts={"gcs": ("writes", "load"), "s3": ("writes",)},
)
"""Most of its seconds are imports, one for each process: so not every part at every place."""
_WHOLE = Extent({1: 60, 10: 40, 100: 30, 1000: 5}, (10, 100), (1, 2, 4, 8), 5.0, 10_000, (10, 100), 20, 0.25)


def parse() -> tuple[argparse.Namespace, Extent]:
    """What was asked for; ends with 2 where that makes no sense."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.log", description=_DESCRIPTION)
    add = parser.add_argument
    add("--repeat", type=int, default=3, help="rounds")
    add("--targets", type=words, default=TARGETS, help=f"some of {','.join(TARGETS)}; +30 is 30 ms to each request")
    add("--without", type=words, default=(), help=f"what to leave out: some of {','.join(PARTS)}")
    add("--replay", type=int, default=_WHOLE.replay, help="documents in the log that is replayed")
    add("--load", type=numbers, default=_WHOLE.load, help="documents in each write of several writers")
    add("--seconds", type=float, default=_WHOLE.seconds, help="for which several writers write")
    add_output(parser)
    add("--quick", action="store_true", help="does every step work? one small round without delays")
    asked = parser.parse_args()
    check_targets(parser, asked.targets)
    check_left_out(parser, asked.without, PARTS)
    if asked.quick:
        asked.repeat, asked.targets = 1, tuple(target for target in asked.targets if "+" not in target)
    if asked.repeat < 1 or asked.replay < max(_WHOLE.entries):
        parser.error(f"--repeat is at least 1, --replay at least {max(_WHOLE.entries)}")
    if "lancedb" not in asked.without and not asked.tables_of and not importlib.util.find_spec("lancedb"):
        parser.error("LanceDB is not installed: pip install lancedb, or leave it out: --without lancedb")
    whole = Extent(**{**vars(_WHOLE), "replay": asked.replay, "load": asked.load, "seconds": asked.seconds})
    return asked, _QUICK if asked.quick else whole
