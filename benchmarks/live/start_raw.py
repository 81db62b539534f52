"""The same objects, by as many requests at once as a restore makes, written to files as they are: no less is needed."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.live.told import answer, arguments, peak

# Read by gcsfs when it is imported: else it asks for the type of the bucket over gRPC, which no emulator answers.
os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")

_AT_ONCE = 3


def main(url: str, options: dict[str, str], folder: str) -> None:
    import fsspec

    fs, root = fsspec.core.url_to_fs(url, **options)

    def load(number: int, path: str) -> int:
        return Path(folder, str(number)).write_bytes(fs.cat_file(path))

    connected = time.monotonic()
    paths = fs.find(root)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        sizes = list(pool.map(load, range(len(paths)), paths))
    ended = time.monotonic()
    answer(answered=ended, download=ended - connected, bytes=sum(sizes), objects=len(sizes), peak=peak())


if __name__ == "__main__":
    main(**arguments())
