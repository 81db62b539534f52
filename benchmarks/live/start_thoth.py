"""From a URL to the first answer, in a fresh process: the live store, with what it does meanwhile.

The parts overlap: the download goes on while chromadb is imported.
"""

from __future__ import annotations

import time

_RUNNING = time.monotonic()

from collections.abc import Callable  # noqa: E402 - the clock first
from importlib import import_module  # noqa: E402
from typing import Any  # noqa: E402

from benchmarks.live.told import answer, arguments, peak  # noqa: E402


def main(url: str, options: dict[str, str], cache: str, vector: list[float], collection: str) -> None:
    import thoth_storage as ts

    spans: dict[str, float] = {}
    opening: Any = import_module("thoth_storage.store.opening")
    parts = (opening, "import_module"), (opening.Hydrator, "hydrate"), (opening.Repository, "open")
    for (owner, name), span in zip(parts, ("chromadb", "hydrate", "repository"), strict=True):
        setattr(owner, name, _timed(spans, span, getattr(owner, name)))
    before = time.monotonic()
    client = ts.PersistentClient(url, storage_options=options, cache_dir=cache, durability="checkpoint")
    opened = time.monotonic()
    documents = client.get_collection(collection, embedding_function=None)
    found = documents.query(query_embeddings=[vector], n_results=10)  # type: ignore[arg-type]
    answered = time.monotonic()
    most = peak()
    assert len(found["ids"][0]) == 10, found
    spans |= {"imports": before - _RUNNING, "open": opened - before, "query": answered - opened}
    client.close()
    answer(running=_RUNNING, answered=answered, peak=most, **spans)


def _timed(spans: dict[str, float], name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*positional: Any, **named: Any) -> Any:
        began = time.monotonic()
        try:
            return call(*positional, **named)
        finally:
            spans[name] = time.monotonic() - began

    return timed


if __name__ == "__main__":
    main(**arguments())
