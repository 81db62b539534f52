"""All that is measured, target by target; every store is new."""

from __future__ import annotations

import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.live.found import Found, gathered
from benchmarks.log.options import PARTS, Extent
from benchmarks.log.probe import together
from benchmarks.places import Place, place

__all__ = ["POLL", "measure"]

POLL = 0.1
_LARGE = 2000
"""Rows in one call of a bare Chroma, where replay puts as many together."""


def measure(arguments: Namespace, extent: Extent, work: Path) -> Iterator[list[Found]]:
    """What was found, part by part."""
    for target in arguments.targets:
        with place(target, work) as there:
            of = _Target(target, there, extent, work, arguments.repeat, lance="lancedb" not in arguments.without)
            parts = {"writes": of.writes, "load": of.load, "replay": of.replay, "seeing": of.seeing}
            for name, part in parts.items():
                if name not in arguments.without and name in extent.parts.get(target, PARTS):
                    print(f"{target}: {name}", file=sys.stderr, flush=True)
                    yield list(part())


class _Target:
    """The parts at one place."""

    def __init__(self, target: str, there: Place, extent: Extent, work: Path, repeat: int, *, lance: bool) -> None:
        self._target = target
        self._there = there
        self._extent = extent
        self._work = work
        self._repeat = repeat
        self._lance = lance and there.kind != "gcs"
        """LanceDB takes no address of a GCS server but Google's."""
        self._stores = 0

    def writes(self) -> Iterator[Found]:
        """One writer, by documents in a write, with everything that it is compared with."""
        rounds: list[Mapping[str, Any]] = []
        for number in range(self._repeat):
            with self._asked() as asked:
                call = {**asked, "times": self._extent.writes, "seed": number, "lance": self._lance_options()}
                rounds.append(together([("writing", call)])[0]["found"])
        for batch in self._extent.writes:
            yield self._found("writes", batch, "one writer", gathered([one[str(batch)] for one in rounds]))

    def load(self) -> Iterator[Found]:
        """Several writers, as threads and as processes. One is the same in both."""
        for batch in self._extent.load:
            for writers in self._extent.writers:
                for name, processes in (("threads", 1), ("processes", writers)):
                    if writers > 1 or name == "threads":
                        rounds = [self._loaded(processes, writers // processes, batch) for _ in range(self._repeat)]
                        yield self._found("load", batch, f"{writers} {name}" if writers > 1 else "1", gathered(rounds))

    def replay(self) -> Iterator[Found]:
        for batch in self._extent.entries:
            rounds: list[Mapping[str, float]] = []
            for _ in range(self._repeat):
                with self._asked() as asked, tempfile.TemporaryDirectory(dir=self._work) as another:
                    log = {"documents": self._extent.replay, "batch": batch}
                    together([("filling", {**asked, **log})])
                    call = {**asked, **log, "empty": f"{asked['url']}-empty", "work": another, "most": _LARGE}
                    rounds.append(together([("replay", call)])[0])
            yield self._found("replay", batch, f"{self._extent.replay:,} documents", gathered(rounds))

    def seeing(self) -> Iterator[Found]:
        ways = {"refresh=0": 0.0, f"refresh={POLL}": POLL}
        rounds: dict[str, list[Mapping[str, float]]] = {way: [] for way in ways}
        for _ in range(self._repeat):
            with self._asked() as asked, self._asked() as first, self._asked() as second:
                writes = {"writes": self._extent.seen}
                readers = [
                    ("seeing_reader", {**folder, "url": asked["url"], "refresh": refresh, **writes})
                    for folder, refresh in zip((first, second), ways.values(), strict=True)
                ]
                writer = ("seeing_writer", {**asked, "pause": self._extent.pause, **writes})
                wrote, *read = together([writer, *readers])
            for way, one in zip(ways, read, strict=True):
                late = np.subtract(one["seen"], wrote["acknowledged"])
                told = {"late": float(np.median(late)), "latest": float(late.max()), "read": one["read"]}
                rounds[way].append(told)
        for way, some in rounds.items():
            yield self._found("seeing", 1, way, gathered(some))

    def _loaded(self, processes: int, threads: int, batch: int) -> dict[str, float]:
        with self._asked() as asked:
            calls = [
                ("load", {**asked, "work": f"{asked['work']}/{number}", "number": number, "threads": threads})
                for number in range(processes)
            ]
            more = {"batch": batch, "seconds": self._extent.seconds}
            told = together([(module, {**call, **more}) for module, call in calls], self._there.requests)
            requests = self._there.requests()
        latencies = np.concatenate([one["latencies"] for one in told])
        seconds = max(one["ended"] for one in told) - min(one["began"] for one in told)
        figures = {
            "rate": len(latencies) / seconds,
            "p50": float(np.percentile(latencies, 50)),
            "p99": float(np.percentile(latencies, 99)),
            "entries": (max(one["after"] for one in told) - max(one["before"] for one in told)) / len(latencies),
        }
        return figures | ({"requests": requests["requests"] / len(latencies)} if requests else {})

    @contextmanager
    def _asked(self) -> Iterator[dict[str, Any]]:
        """A new store and a folder of one process."""
        self._stores += 1
        with tempfile.TemporaryDirectory(dir=self._work) as folder:
            yield {"url": self._there.url(f"store-{self._stores}"), "options": self._there.options, "work": folder}

    def _lance_options(self) -> dict[str, str] | None:
        if not self._lance:
            return None
        if not self._there.endpoint:
            return {}
        return {
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
            "aws_region": "us-east-1",
            "aws_endpoint": self._there.endpoint,
            "allow_http": "true",
        }

    def _found(self, part: str, batch: int, name: str, samples: Mapping[str, list[float]]) -> Found:
        return Found(part, self._target, batch, 0, name, samples)
