"""``python -m benchmarks``: see README.md."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks import machine
from benchmarks.corpus import Corpus, corpus
from benchmarks.peers import Peer, peers
from benchmarks.places import TARGETS
from benchmarks.report import Report, put_between_marks, to_markdown
from benchmarks.rounds import Measured, one_round
from benchmarks.runner import CommandError, memory_floor
from benchmarks.summary import Summary, summarize

_QUICK_DOCUMENTS = 2000


def main() -> None:
    """Measure, and tell it. Ends with 1 where a step fails, never because something was slow."""
    arguments = _parse()
    try:
        with tempfile.TemporaryDirectory(prefix="thoth-benchmarks-") as passing:
            report = _measure(arguments, Path(arguments.work or passing).resolve())
    except (CommandError, FileNotFoundError) as error:
        sys.exit(f"benchmarks: {error}")
    text = to_markdown(report)
    if arguments.report:
        put_between_marks(arguments.report, text)
    else:
        print(text)
    if arguments.json:
        arguments.json.write_text(json.dumps(asdict(report), indent=1) + "\n", encoding="utf-8")


def _keep_bytecode(work: Path) -> None:
    """An installed package comes compiled. A source tree may not be, and must not be written to."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(work / "bytecode")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--repeat", type=int, default=5, help="rounds that count, after one that warms up")
    parser.add_argument("--targets", type=lambda text: tuple(text.split(",")), default=TARGETS)
    parser.add_argument("--work", help="a folder that keeps the documents for the next time; default: a temporary one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that servers add to each request")
    parser.add_argument("--report", type=Path, help="a markdown file with marks for the tables; default: stdout")
    parser.add_argument("--json", type=Path, help="a file for all medians")
    parser.add_argument("--quick", action="store_true", help="does every step work? 2,000 documents, one round")
    parser.add_argument("--without-restic", action="store_true")
    arguments = parser.parse_args()
    if unknown := [target for target in arguments.targets if target not in TARGETS]:
        parser.error(f"no such target: {', '.join(unknown)}")
    if arguments.quick:
        arguments.documents, arguments.repeat = _QUICK_DOCUMENTS, 1
    if arguments.documents < 1 or arguments.repeat < 1:
        parser.error("--documents and --repeat are at least 1")
    return arguments


def _measure(arguments: argparse.Namespace, work: Path) -> Report:
    restic = not arguments.without_restic
    kinds = {target: peers(target, restic=restic, quick=arguments.quick) for target in arguments.targets}
    work.mkdir(parents=True, exist_ok=True)
    if not arguments.quick:
        _keep_bytecode(work)
    _say(f"{arguments.documents} documents in {work}")
    facts = machine.facts(work)
    documents = corpus(arguments.documents, work)
    summaries: list[Summary] = []
    for target, mine in kinds.items():
        summaries += _measure_target(target, mine, documents, work, arguments)
    return Report(
        command=shlex.join(["python", "-m", "benchmarks", *_shown(sys.argv[1:])]),
        documents=documents.documents,
        size=documents.size,
        floor=memory_floor(),
        latency=arguments.latency,
        machine=facts,
        summaries=summaries,
    )


def _measure_target(
    target: str, kinds: tuple[type[Peer], ...], documents: Corpus, work: Path, arguments: argparse.Namespace
) -> list[Summary]:
    """Everybody's first round, then everybody's second: a machine that grows slower does so for all."""
    rounds: dict[type[Peer], list[dict[str, Measured]]] = {kind: [] for kind in kinds}
    warm_up = 0 if arguments.quick else 1
    for number in range(arguments.repeat + warm_up):
        for kind in kinds:
            _say(f"{target}, round {number + 1 - warm_up} of {arguments.repeat}: {kind.name}")
            measured = one_round(kind, target, documents, work, arguments.latency)
            if number >= warm_up:
                rounds[kind].append(measured)
    return [summarize(target, kind.name, rounds[kind]) for kind in kinds]


def _shown(words: list[str]) -> list[str]:
    """The command without the name of the folder, which is of no moment."""
    return [_hidden(words[number - 1] if number else "", word) for number, word in enumerate(words)]


def _hidden(before: str, word: str) -> str:
    return "DIR" if before == "--work" else word


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
