"""What must be there to measure all that was asked for: told before the first round, not an hour later."""

from __future__ import annotations

import importlib.util
import sys
from argparse import Namespace
from pathlib import Path

__all__ = ["wanted"]

_PROGRAM = "python -m benchmarks.live"


def wanted(arguments: Namespace, part: str) -> bool:
    """Whether a part is to be measured. ``--quick`` does without what is not there; else that is FileNotFoundError."""
    if part in arguments.without:
        return False
    lack = _lack(part, arguments.memory)
    if lack and not arguments.quick:
        raise FileNotFoundError(f"{lack}, or leave it out: {_PROGRAM} --without {part}")
    if lack:
        print(f"left out: {part}: {lack}", file=sys.stderr, flush=True)
    return not lack


def _lack(part: str, memory: Path) -> str | None:
    if part == "lancedb" and not importlib.util.find_spec("lancedb"):
        return "LanceDB is not installed: pip install lancedb"
    if part == "in-place" and not (memory.is_dir() and _is_memory(memory)):
        return f"{memory} is no file system in memory: name one with --memory"
    return None


def _is_memory(folder: Path) -> bool:
    from thoth_storage.store.budget import is_memory_backed

    return is_memory_backed(folder)
