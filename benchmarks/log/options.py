"""The words of the command line, and how much is measured."""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.places import title

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
    add("--targets", type=_words, default=TARGETS, help=f"some of {','.join(TARGETS)}; +30 is 30 ms to each request")
    add("--without", type=_words, default=(), help=f"what to leave out: some of {','.join(PARTS)}")
    add("--replay", type=int, default=_WHOLE.replay, help="documents in the log that is replayed")
    add("--load", type=_numbers, default=_WHOLE.load, help="documents in each write of several writers")
    add("--seconds", type=float, default=_WHOLE.seconds, help="for which several writers write")
    add("--report", type=Path, help="a markdown file with marks for the tables; default: stdout")
    add("--json", type=Path, help="a file for all figures, written after each part")
    add("--tables-of", type=_files, metavar="JSON", help="measure nothing: tables of earlier runs' --json")
    add("--quick", action="store_true", help="does every step work? one small round without delays")
    asked = parser.parse_args()
    for target in asked.targets:
        try:
            title(target)
        except (KeyError, ValueError):
            parser.error(f"no such target: {target}")
    if unknown := set(asked.without) - set(PARTS):
        parser.error(f"cannot leave out {', '.join(sorted(unknown))}")
    if asked.quick:
        asked.repeat, asked.targets = 1, tuple(target for target in asked.targets if "+" not in target)
    if asked.repeat < 1 or asked.replay < max(_WHOLE.entries):
        parser.error(f"--repeat is at least 1, --replay at least {max(_WHOLE.entries)}")
    if "lancedb" not in asked.without and not asked.tables_of and not importlib.util.find_spec("lancedb"):
        parser.error("LanceDB is not installed: pip install lancedb, or leave it out: --without lancedb")
    whole = Extent(**{**vars(_WHOLE), "replay": asked.replay, "load": asked.load, "seconds": asked.seconds})
    return asked, _QUICK if asked.quick else whole


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _files(text: str) -> tuple[Path, ...]:
    return tuple(map(Path, text.split(",")))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(","))
