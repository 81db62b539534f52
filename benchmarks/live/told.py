"""What the processes that are measured need: their arguments, their memory, their answer."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

__all__ = ["answer", "arguments", "forget_peak", "peak", "resident"]

_STATUS = Path("/proc/self/status")


def arguments() -> dict[str, Any]:
    """What ``probe`` was called with."""
    found: dict[str, Any] = json.loads(sys.argv[1])
    return found


def answer(**figures: Any) -> None:
    """Tell ``probe`` what was found."""
    print(json.dumps(figures), flush=True)


def peak() -> int:
    """The most bytes of memory that this process has had since it was started, or since ``forget_peak``. Not what it
    inherited from the process that started it, as in ``wait4``."""
    return _figure("VmHWM")


def resident() -> int:
    """Bytes of memory that it has now."""
    return _figure("VmRSS")


def forget_peak() -> None:
    """From here on, ``peak`` begins at what is resident now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _figure(name: str) -> int:
    lines = _STATUS.read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
