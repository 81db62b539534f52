"""LanceDB's start: it answers from where the table lies, and fetches what a search needs."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

from benchmarks.live.told import answer, arguments, peak


def main(url: str, options: dict[str, str], vector: list[float], table: str, *, exact: bool) -> None:
    """``exact``: by all vectors; else by the index."""
    began = time.monotonic()
    lancedb: Any = import_module("lancedb")

    imported = time.monotonic()
    search = lancedb.connect(url, storage_options=options).open_table(table).search(vector)
    opened = time.monotonic()
    search = search.distance_type("cosine").limit(10)
    found = (search.bypass_vector_index() if exact else search).to_list()
    answered = time.monotonic()
    assert len(found) == 10, found
    answer(answered=answered, imports=imported - began, open=opened - imported, query=answered - opened, peak=peak())


if __name__ == "__main__":
    main(**arguments())
