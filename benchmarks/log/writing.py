"""One writer, by batch size: the store, the bare PUT of the same bytes, a bare Chroma, LanceDB; each row by row in
turn, so that whatever else the machine does meets all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from importlib import import_module
from statistics import fmean, median
from typing import Any

import numpy as np

import thoth_storage as ts
from benchmarks.live.rows import Rows
from benchmarks.live.told import answer, arguments
from benchmarks.log.meter import Meter, Span, span
from benchmarks.log.probe import ready
from benchmarks.log.store import bare, collection, leave, opened

_Write = Callable[[dict[str, Any]], object]
_OURS, _PUT, _BARE, _LANCE = "ours", "put", "bare", "lance"


class _Puts:
    """Stands before a backend, meters ``create``, and keeps the last bytes."""

    def __init__(self, backend: Any, meter: Meter) -> None:
        self._backend = backend
        self._create = meter.watch(backend.create)
        self.data = b""
        self.count = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def create(self, key: str, data: bytes) -> None:
        self.data, self.count = data, self.count + 1
        self._create(key, data)


def main(
    url: str, options: dict[str, str], work: str, times: dict[str, int], seed: int, lance: dict[str, str] | None
) -> None:
    """``times``: how many writes, by documents in each. ``lance``: its storage options, where it is to be measured."""
    chroma = Meter()
    server: Any = import_module("chromadb.api.rust").RustBindingsAPI
    server._upsert = chroma.watch(server._upsert)  # noqa: SLF001 - where every upsert passes, ours and the bare one's
    ready()
    found = {
        batch: _measured(f"{url}-{batch}", options, f"{work}/{batch}", _rows(int(batch), seed), count, chroma, lance)
        for batch, count in times.items()
    }
    answer(found=found)
    leave()


def _rows(batch: int, seed: int) -> Iterator[dict[str, Any]]:
    rows, number = Rows(seed), 0
    while True:
        yield rows.of(range(number, number + batch))
        number += batch


def _measured(
    url: str,
    options: dict[str, str],
    work: str,
    rows: Iterator[dict[str, Any]],
    times: int,
    chroma: Meter,
    lance: dict[str, str] | None,
) -> dict[str, float]:
    """One write warms up."""
    ours = opened(url, options, f"{work}/cache")
    logged, plain = collection(ours), collection(bare(f"{work}/bare"))
    meter = Meter()
    puts = ours.live.shared.log.backend = _Puts(ours.live.shared.log.backend, meter)
    with closing(ts.open_backend(f"{url}-put", **options)) as raw, closing(ts.open_backend(url, **options)) as there:
        ways: dict[str, _Write] = {
            _OURS: lambda row: logged.upsert(**row),
            _PUT: lambda _: raw.create(f"log/{puts.count:012d}", puts.data),
            _BARE: lambda row: plain.upsert(**row),
        }
        if lance is not None:
            ways[_LANCE] = _lance(f"{url}-lance", lance, next(rows))
        spans: dict[str, list[Span]] = {way: [] for way in ways}
        within: dict[str, list[Span]] = {_OURS: [], _PUT: [], _BARE: []}
        for turn in range(times + 1):
            row = next(rows)
            for way, write in ways.items():
                chroma.take()
                took = span(lambda write=write, row=row: write(row))  # type: ignore[misc]
                if turn:
                    spans[way].append(took)
                if turn and way in (_OURS, _BARE):
                    within[way].append(chroma.take())
            logged_put = meter.take()
            if turn:
                within[_PUT].append(logged_put)
            else:
                before = _stored(there), puts.count
        after, entries = _stored(there), puts.count - before[1]
    assert plain.count() == logged.count(), (plain.count(), logged.count())
    return _told(spans, within, times) | {
        "objects": (after[0] - before[0][0]) / times,
        "bytes": (after[1] - before[0][1]) / times,
        "entries": entries / times,
    }


def _told(spans: Mapping[str, list[Span]], within: Mapping[str, list[Span]], times: int) -> dict[str, float]:
    """``own``: what is neither in Chroma's server object nor in the PUT, beyond what Chroma's own Collection does."""
    seconds = {way: [each.seconds for each in taken] for way, taken in spans.items()}
    inside = within[_OURS], within[_PUT], spans[_BARE], within[_BARE]
    own = [
        one.less(in_chroma, in_put, theirs.less(in_theirs))
        for one, in_chroma, in_put, theirs, in_theirs in zip(spans[_OURS], *inside, strict=True)
    ]
    work = {way: fmean(each.work for each in taken) for way, taken in spans.items()}
    sums = zip(seconds[_OURS], seconds[_PUT], seconds[_BARE], strict=True)
    told = {
        "rate": times / sum(seconds[_OURS]),
        "p50": median(seconds[_OURS]),
        "p99": float(np.percentile(seconds[_OURS], 99)),
        "put": median(seconds[_PUT]),
        "bare": median(seconds[_BARE]),
        "ratio": median(one / (put + theirs) for one, put, theirs in sums),
        "own": median(each.seconds for each in own),
        "own work": median(each.work for each in own),
        "work over": work[_OURS] - work[_PUT] - work[_BARE],
        "work": work[_OURS],
    }
    if _LANCE in seconds:
        told["lance rate"] = times / sum(seconds[_LANCE])
        told["lance"] = median(seconds[_LANCE])
        told["times lance"] = median(seconds[_OURS]) / median(seconds[_LANCE])
    return told


def _stored(backend: ts.Backend) -> tuple[int, int]:
    sizes = [each.size for each in backend.list()]
    return len(sizes), sum(sizes)


def _lance(url: str, options: dict[str, str], first: dict[str, Any]) -> _Write:
    # Not known to the type checker where it is not installed.
    table = import_module("lancedb").connect(url, storage_options=options).create_table("rows", _table(first))
    return lambda row: table.add(_table(row))


def _table(row: dict[str, Any]) -> Any:
    pa: Any = import_module("pyarrow")
    vectors = row["embeddings"]
    return pa.table(
        {
            "id": row["ids"],
            "document": row["documents"],
            "number": [each["number"] for each in row["metadatas"]],
            "source": [each["source"] for each in row["metadatas"]],
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), vectors.shape[1]),
        }
    )


if __name__ == "__main__":
    main(**arguments())
