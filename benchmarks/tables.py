"""The tables of one target: seconds, ratios, bytes, memory, requests, and what a GiB more takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.markdown import grid, number
from benchmarks.peers import THOTH
from benchmarks.rounds import CASES
from benchmarks.summary import Summary, marginal, ratio

__all__ = ["marginal_rates", "of_size"]

_MIB = 2**20
_WITH_DATA = tuple(case for case in CASES if not case.startswith("tiny"))
_BACKUPS = ("first", "unchanged", "added", "updated", "deleted")


def of_size(summaries: Sequence[Summary], floor: int) -> Iterator[str]:
    """All that was found at one target with one size."""
    rounds = summaries[0].rounds
    title = f"Seconds, medians of {rounds} (fastest to slowest):" if rounds > 1 else "Seconds, one round:"
    yield from grid(title, summaries, tuple(CASES), _seconds)
    own = next(summary for summary in summaries if summary.peer == THOTH)

    def times(other: Summary, case: str) -> str:
        return number(ratio(other.cases[case].seconds, own.cases[case].seconds))

    if others := [summary for summary in summaries if summary is not own]:
        yield from grid(f"Their seconds divided by those of {THOTH} (above 1 it is faster):", others, _WITH_DATA, times)
    yield from grid("MiB uploaded, or added to the repository:", summaries, _BACKUPS, _uploaded)
    yield from grid(
        "MiB of memory, peak:",
        summaries,
        ("tiny backup", "first", "unchanged", "added", "restore", "restore over", "eighth"),
        lambda summary, case: _peak(summary.cases[case].peak, floor),
    )
    if any(summary.cases["first"].requests for summary in summaries):
        yield from grid("Requests at the server:", summaries, tuple(CASES), _requests)


def marginal_rates(summaries: Sequence[Summary], place: str) -> Iterator[str]:
    """Nothing where there is one size."""
    sizes = sorted({summary.documents for summary in summaries})
    if len(sizes) < 2:
        return
    found = {(summary.peer, summary.documents): summary for summary in summaries}
    last = [summary for summary in summaries if summary.documents == sizes[-1]]

    def rate(name: str, case: str) -> float | None:
        small, large = found[name, sizes[0]], found[name, sizes[-1]]
        return marginal(small, large, case) if case in small.cases and case in large.cases else None

    def cell(summary: Summary, case: str) -> str:
        theirs = rate(summary.peer, case)
        if theirs is None or summary.peer == THOTH:
            return number(theirs)
        return f"{theirs:.2f} ({number(ratio(theirs, rate(THOTH, case)))})"

    yield f"### {place}: what a GiB more takes"
    yield ""
    yield from grid(
        f"Seconds a GiB, from the difference between {sizes[0]:,} and {sizes[-1]:,} documents; in brackets as many "
        f"times what {THOTH} takes. A `-` is a difference of less than 0.05 s:",
        last,
        _WITH_DATA,
        cell,
    )


def _seconds(summary: Summary, case: str) -> str:
    found = summary.cases[case]
    spread = f" ({found.fastest:.2f} to {found.slowest:.2f})" if summary.rounds > 1 else ""
    return f"{found.seconds:.2f}{spread}"


def _uploaded(summary: Summary, case: str) -> str:
    uploaded = summary.cases[case].uploaded
    return number(uploaded / _MIB if uploaded is not None else None, 1)


def _peak(peak: int, floor: int) -> str:
    """What is near the floor is the benchmark's own memory: see README.md."""
    return f"{peak / _MIB:.0f}" if peak > 1.1 * floor else f"below {1.1 * floor / _MIB:.0f}"


def _requests(summary: Summary, case: str) -> str:
    found = summary.cases[case].requests
    return str(found["requests"]) if found else "-"
