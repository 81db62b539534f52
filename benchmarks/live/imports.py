"""The memory of an interpreter that has imported what the live store at a URL imports, and has done nothing."""

from __future__ import annotations

import os
from importlib import import_module

from benchmarks.live.told import answer, arguments, peak

os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")


def main(modules: list[str]) -> None:
    for name in modules:
        import_module(name)
    answer(peak=peak())


if __name__ == "__main__":
    main(**arguments())
