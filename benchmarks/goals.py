"""What the project set out to reach, beside what was measured: made by the run, also where a target is missed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.markdown import head, number, row
from benchmarks.peers import THOTH
from benchmarks.places import title
from benchmarks.rounds import CASES
from benchmarks.summary import Summary, marginal, ratio, resolution

__all__ = ["goals", "table"]

_MIB = 2**20
_PROCESS = (
    ("first", "restic", 4.0),
    ("first", "borg", 2.0),
    ("rescan", "restic", 4.0),
    ("restore", "restic", 3.0),
)
_MARGINAL = (("first", "restic", 3.0), ("rescan", "restic", 5.0), ("restore", "restic", 2.0))
_SLOWER_THAN_COPY = 3.0
_SHARE_OF_BYTES = 0.1
_EIGHTH = 1.5
_MEMORY = 150.0


@dataclass(frozen=True)
class Goal:
    """One line of the table. ``least``: whether ``wanted`` is the least or the most that counts as met."""

    what: str
    where: str
    wanted: float
    least: bool
    found: float | None
    remark: str = ""

    @property
    def shown(self) -> str:
        return number(self.found) + (self.remark if self.found is not None else "")

    @property
    def met(self) -> bool | None:
        """None where it could not be told."""
        if self.found is None:
            return None
        return self.found >= self.wanted if self.least else self.found <= self.wanted


def table(summaries: Sequence[Summary], interpreter: int) -> Iterator[str]:
    """Every target at every place and size where both sides were measured."""
    found = list(goals(summaries, interpreter))
    met = sum(goal.met is True for goal in found)
    yield f"{met} of {len(found)} are met."
    yield ""
    yield from head("target", "where", "wanted", "measured", "met", text=True)
    for goal in found:
        bound = "at least" if goal.least else "at most"
        answer = {True: "yes", False: "**no**", None: "cannot be told"}[goal.met]
        yield row(goal.what, goal.where, f"{bound} {goal.wanted:g}", goal.shown, answer)


def goals(summaries: Sequence[Summary], interpreter: int) -> Iterator[Goal]:
    """In the order of the table: place by place, size by size, then what needs two sizes."""
    for target in dict.fromkeys(summary.target for summary in summaries):
        here = [summary for summary in summaries if summary.target == target]
        sizes = list(dict.fromkeys(summary.documents for summary in here))
        by_size = [{one.peer: one for one in here if one.documents == documents} for documents in sizes]
        for documents, peers in zip(sizes, by_size, strict=True):
            yield from _of_size(peers, f"{title(target)}, {documents:,}", interpreter)
        if len(sizes) > 1:
            yield from _of_rates(by_size[0], by_size[-1], title(target))


def _of_size(peers: dict[str, Summary], where: str, interpreter: int) -> Iterator[Goal]:
    own = peers[THOTH]
    for case, name, wanted in _PROCESS:
        if other := peers.get(name):
            times = ratio(other.cases[case].seconds, own.cases[case].seconds)
            yield Goal(f"{CASES[case]}, process: times as fast as {_named(name, case)}", where, wanted, True, times)
    for name in ("cp -r", "cp -r, flushed"):
        if other := peers.get(name):
            slower = ratio(own.cases["restore"].seconds, other.cases["restore"].seconds)
            yield Goal(f"restore: times the seconds of `{name}`", where, _SLOWER_THAN_COPY, False, slower)
    if restic := peers.get("restic"):
        yield from _against_restic(own, restic, where)
    if "eighth" in own.cases:
        chain = ratio(own.cases["eighth"].seconds, own.cases["alone"].seconds)
        yield Goal("restore of a chain's eighth snapshot: times that of the same alone", where, _EIGHTH, False, chain)
    case = max(own.cases, key=lambda name: own.cases[name].peak)
    over = {name: (own.cases[name].peak - interpreter) / _MIB for name in (case, "tiny backup")}
    remark = f" ({CASES[case]}; a backup of one byte: {over['tiny backup']:.0f})"
    yield Goal("peak memory over the interpreter's, MiB", where, _MEMORY, False, over[case], remark)


def _against_restic(own: Summary, restic: Summary, where: str) -> Iterator[Goal]:
    for case in ("added", "updated"):
        mine, theirs = own.cases[case].uploaded, restic.cases[case].uploaded
        what = f"bytes uploaded, {CASES[case]}: share of restic's"
        remark = f" ({(mine or 0) / _MIB:.1f} of {(theirs or 0) / _MIB:.1f} MiB)"
        yield Goal(what, where, _SHARE_OF_BYTES, False, ratio(mine, theirs), remark)
    for case in ("first", "restore"):
        asked, others = own.cases[case].requests, restic.cases[case].requests
        if asked and others:
            what = f"requests a GiB, {CASES[case]}: no more than restic's"
            wanted, found = others["requests"] / own.gib, asked["requests"] / own.gib
            yield Goal(what, where, round(wanted, 1), False, round(found, 1))


def _of_rates(small: dict[str, Summary], large: dict[str, Summary], where: str) -> Iterator[Goal]:
    for case, name, wanted in _MARGINAL:
        if name in small and name in large:
            mine, theirs = (marginal(small[peer], large[peer], case) for peer in (THOTH, name))
            what = f"{CASES[case]}, marginal rate: times as fast as {_named(name, case)}"
            if mine or not theirs:
                yield Goal(what, where, wanted, True, ratio(theirs, mine))
                continue
            # Ours is too little to be measured, so the ratio is at least this; which may be too little to tell.
            least = theirs / resolution(small[name], large[name])
            yield Goal(what, where, wanted, True, least if least >= wanted else None, " or more")


def _named(name: str, case: str) -> str:
    return f"`{name} --force`" if (name, case) == ("restic", "rescan") else name
