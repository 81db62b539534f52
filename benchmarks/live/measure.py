"""All that is measured, size by size and target by target."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.corpus import Corpus, corpus
from benchmarks.live.found import Found, gathered
from benchmarks.live.probe import probe
from benchmarks.live.starts import starts
from benchmarks.places import Place, place
from benchmarks.runner import CommandError

__all__ = ["measure"]

_CHANGES = {"0.1 %": 1000, "1 %": 100}
_STILL = 3.0
_LOADED = 2
"""Checkpoints under load: each may go on for more than a minute."""


def measure(arguments: Namespace, parts: set[str], work: Path) -> Iterator[list[Found]]:
    """What was found, part by part."""
    for documents in arguments.documents:
        _say(f"{documents} documents")
        made = corpus(documents, work, chain=False)
        scratch = work / "live"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        if "overhead" in parts:
            yield _overhead(made, scratch, arguments)
        for target in arguments.targets:
            # What a delay costs is requests times the delay, whatever the size; the largest is left out.
            if "+" in target and documents == arguments.documents[-1] and len(arguments.documents) > 1:
                continue
            with place(target, scratch) as there:
                if "starts" in parts:
                    _say(f"{documents}, {target}: starts")
                    lance = "lancedb" in parts
                    yield starts(there, target, made, scratch, arguments.repeat, lance=lance)
                if "checkpoints" in parts:
                    yield from _checkpoints(there, target, made, scratch, arguments, parts)
        shutil.rmtree(scratch)


def _overhead(made: Corpus, scratch: Path, arguments: Namespace) -> list[Found]:
    """Each round in a process of its own: where its memory lies makes it a little faster or slower."""
    writes = {1: 3, 100: 2} if arguments.quick else {1: 40, 100: 8, 500: 3, 1000: 2, 5000: 1}
    queries = 4 if arguments.quick else 60
    with place("local", scratch) as there:
        url = there.url("store")
        probe("seed", url=url, options={}, base=made.base)
        rounds: list[Mapping[str, Mapping[str, float]]] = []
        for number in range(arguments.repeat):
            _say(f"{made.documents}: overhead, round {number + 1} of {arguments.repeat}")
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                told = probe(
                    "overhead",
                    url=url,
                    base=made.base,
                    work=folder,
                    documents=made.documents,
                    seed=number,
                    queries=queries,
                    writes=writes,
                )
            rounds.append(told["cases"])
    return [
        Found("overhead", "local", made.documents, made.size, case, gathered([one[case] for one in rounds]))
        for case in rounds[0]
    ]


def _checkpoints(
    there: Place, target: str, made: Corpus, scratch: Path, arguments: Namespace, parts: set[str]
) -> Iterator[list[Found]]:
    """Both ways of capturing and the load on the local disk; for a server, what is uploaded and how long that lasts."""
    ways = {"staging": scratch}
    if target == "local" and "in-place" in parts:
        ways["in place"] = arguments.memory
    for way, above in ways.items():
        _say(f"{made.documents}, {target}: checkpoints, {way}")
        beside = "load" in parts and target == "local" and not (arguments.quick and way == "in place")
        url = there.url(f"checkpoints {way}".replace(" ", "-"))
        probe("seed", url=url, options=there.options, base=made.base)
        os.sync()
        with tempfile.TemporaryDirectory(dir=above, prefix="thoth-benchmarks-") as cache:
            told = probe(
                "checkpoints",
                url=url,
                options=there.options,
                cache=cache,
                documents=made.documents,
                changes=_CHANGES,
                repeat=arguments.repeat,
                loaded=min(arguments.repeat, _LOADED) if beside else 0,
                still=0.3 if arguments.quick else _STILL,
            )
        if told["staged"] != (way == "staging"):
            raise CommandError(f"{above}: the store captured otherwise than {way}")
        taken: Mapping[str, list[dict[str, Any]]] = told["checkpoints"]
        for some in taken.values():
            for one in some:
                del one["began"], one["ended"]
        yield [
            Found("checkpoint", target, made.documents, made.size, f"{way}, {change}", gathered(some))
            for change, some in taken.items()
            if some
        ]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
