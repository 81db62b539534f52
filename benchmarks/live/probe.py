"""Runs one of the modules here in a process of its own and gives what it told."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.runner import CommandError

__all__ = ["probe"]

_LONGEST = 3600.0
_ROOT = Path(__file__).parents[2]


def probe(module: str, **arguments: Any) -> Mapping[str, Any]:
    """The figures that ``benchmarks.live.<module>`` answers with, and ``spawned``: the monotonic clock, which is one
    for all processes, when it was started. Raises CommandError with what it said."""
    words = [sys.executable, "-m", f"benchmarks.live.{module}", json.dumps(arguments, default=str)]
    with tempfile.TemporaryFile() as said:
        spawned = time.monotonic()
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=_ROOT,
            check=False,
            timeout=_LONGEST,
        )
        said.seek(0)
        errors = said.read().decode(errors="replace").strip()
    lines = done.stdout.decode(errors="replace").splitlines()
    if done.returncode or not lines:
        raise CommandError(f"benchmarks.live.{module} {arguments}\nended with {done.returncode}:\n{errors[-4000:]}")
    told: dict[str, Any] = json.loads(lines[-1])
    return {**told, "spawned": spawned}
