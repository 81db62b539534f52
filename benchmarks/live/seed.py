"""Stores a directory at a URL, as the checkpoint that a live store is opened upon."""

from __future__ import annotations

from contextlib import closing

import thoth_storage as ts
from benchmarks.live.told import answer, arguments


def main(url: str, options: dict[str, str], base: str) -> None:
    with ts.Repository.open(url, create=True, storage_options=options) as repository:
        snapshot = repository.backup(base, tags=["checkpoint"])
    with closing(ts.open_backend(url, **options)) as backend:
        sizes = [found.size for found in backend.list()]
    answer(bytes=sum(sizes), objects=len(sizes), size=snapshot.size)


if __name__ == "__main__":
    main(**arguments())
