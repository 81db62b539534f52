"""What the command lines of the benchmarks have in common."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.places import title

__all__ = ["add_output", "check_left_out", "check_targets", "files", "numbers", "words"]


def words(text: str) -> tuple[str, ...]:
    """Words with commas between."""
    return tuple(text.split(","))


def files(text: str) -> tuple[Path, ...]:
    """Paths with commas between."""
    return tuple(map(Path, text.split(",")))


def numbers(text: str) -> tuple[int, ...]:
    """Numbers with commas between, the least first."""
    return tuple(sorted(int(word) for word in text.split(",")))


def add_output(parser: argparse.ArgumentParser, report: str = "a markdown file with marks for the tables") -> None:
    """Where what was found goes to."""
    add = parser.add_argument
    add("--report", type=Path, help=f"{report}; default: stdout")
    add("--json", type=Path, help="a file for all figures, written after each part")
    add("--tables-of", type=files, metavar="JSON", help="measure nothing: tables of earlier runs' --json")


def check_targets(parser: argparse.ArgumentParser, targets: Sequence[str]) -> None:
    """Ends with 2 at a place that nobody knows."""
    for target in targets:
        try:
            title(target)
        except (KeyError, ValueError):
            parser.error(f"no such target: {target}")


def check_left_out(parser: argparse.ArgumentParser, without: Sequence[str], known: Iterable[str]) -> None:
    """Ends with 2 where something is to be left out that there is not."""
    if unknown := set(without) - set(known):
        parser.error(f"cannot leave out {', '.join(sorted(unknown))}")
