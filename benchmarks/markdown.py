"""Tables of markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from benchmarks.rounds import CASES
from benchmarks.summary import Summary

__all__ = ["grid", "head", "number", "row"]


def head(first: str, *others: str, text: bool = False) -> Iterator[str]:
    yield row(first, *others)
    yield row("---", *("---" if text else "---:" for _ in others))


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def grid(
    title: str, summaries: Sequence[Summary], cases: Sequence[str], cell: Callable[[Summary, str], str]
) -> Iterator[str]:
    """A row a case and a column a tool, since there are more cases than tools."""
    yield title
    yield ""
    yield from head("", *(summary.peer for summary in summaries))
    for case in cases:
        cells = [cell(summary, case) if case in summary.cases else "-" for summary in summaries]
        if set(cells) != {"-"}:
            yield row(CASES[case], *cells)
    yield ""
