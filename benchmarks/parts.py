"""What of a backup and a restore is our own work on bytes: processor seconds of each part alone, on one thread.

``python -m benchmarks.parts DIRECTORY``. A profile of the whole says what share is whose; this says what a part would
take by itself, so that a change of one is seen without the noise of the rest. The best of three.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from thoth_storage.repository.blocks import full_frame, parse_frame
from thoth_storage.repository.cipher import PLAIN

__all__ = ["main"]

_BLOCK = 256 * 1024
_R = TypeVar("_R")


def main() -> None:
    files = [path for path in sorted(Path(sys.argv[1]).rglob("*")) if path.is_file()]
    blocks = _timed("reading", lambda: [block for path in files for block in _blocks(path)])
    names = _timed("names (BLAKE3)", lambda: [PLAIN.name(block) for block in blocks])
    pairs = list(zip(names, blocks, strict=True))
    frames = _timed("blocks into frames (zstd, CRC-32)", lambda: [full_frame(*pair, PLAIN) for pair in pairs])
    stored = list(zip(names, blocks, frames, strict=True))
    _timed("frames into blocks", lambda: [_unpacked(frame, name, len(block)) for name, block, frame in stored])
    print(f"{sum(map(len, blocks)) / 2**20:.1f} MiB, {sum(map(len, frames)) / 2**20:.1f} MiB stored")


def _blocks(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        return list(iter(lambda: file.read(_BLOCK), b""))


def _unpacked(frame: bytes, name: bytes, plain: int) -> int:
    return len(parse_frame(frame, PLAIN, name=name, plain=plain, url="", key="").unpack())


def _timed(what: str, work: Callable[[], _R]) -> _R:
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        result = work()
        best = min(best, time.process_time() - begun)
    print(f"{best:.2f} s  {what}")
    return result


if __name__ == "__main__":
    main()
