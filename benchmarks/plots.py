"""Plots of a run: SVG files beside the report, each with its numbers in words for those who cannot see it."""

from __future__ import annotations

import importlib
import importlib.util
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from benchmarks.places import title
from benchmarks.rounds import CASES
from benchmarks.summary import Summary

__all__ = ["Picture", "draw", "require_library"]

_MIB = 2**20
_OVER_SIZE = ("first", "rescan", "restore")
_CHANGES = ("added", "updated", "deleted")
_COLOURS = {
    # Okabe and Ito: told apart also by the colour-blind.
    "thoth-storage": "#D55E00",
    "restic": "#0072B2",
    "borg": "#009E73",
    "rclone": "#CC79A7",
    "fsspec by hand": "#E69F00",
    "cp -r": "#999999",
    "cp -r, flushed": "#444444",
}
_LOOK = {
    # White below the plot: dark text on nothing cannot be read where pages are dark.
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "thoth-storage",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
}


@dataclass(frozen=True)
class Picture:
    """``name`` of the file in the folder of the report; ``text`` says what it shows."""

    name: str
    text: str


def require_library() -> None:
    """Raises FileNotFoundError where matplotlib is not installed. It is not imported before all is measured: a process
    counts as its own peak what its parent held when it was started.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise FileNotFoundError("matplotlib is not installed: pip install matplotlib, or leave out --report")


def _library() -> Any:
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("svg")
    matplotlib.rcParams.update(_LOOK)
    return importlib.import_module("matplotlib.pyplot")


def draw(summaries: Sequence[Summary], folder: Path) -> list[Picture]:
    """Write the plots for which there are numbers."""
    pictures = []
    local = [summary for summary in summaries if summary.target == "local"]
    if local:
        pictures.append(_over_size(local, folder))
        pictures.append(_uploads(local, folder))
    if servers := [summary for summary in summaries if summary.target != "local"]:
        smallest = min(summary.documents for summary in servers)
        pictures.append(_servers([one for one in servers if one.documents == smallest], folder))
    return pictures


def _over_size(summaries: Sequence[Summary], folder: Path) -> Picture:
    """Lines: how steep they are is the marginal rate, where they begin is the start-up."""
    figure, panels = _library().subplots(1, len(_OVER_SIZE), figsize=(10, 4), layout="constrained")
    words: list[str] = []
    for case, panel in zip(_OVER_SIZE, panels, strict=True):
        for peer, points in _by_peer(summaries):
            one_byte = "tiny restore" if case == "restore" else "tiny backup"
            xs = [0.0, *(one.gib for one in points)]
            ys = [points[0].cases[one_byte].seconds, *(one.cases[case].seconds for one in points)]
            width = 2.5 if peer == "thoth-storage" else 1.2
            panel.plot(xs, ys, marker="o", markersize=4, linewidth=width, color=_COLOURS[peer], label=peer)
            words.append(f"{CASES[case]} of {xs[-1]:.2f} GiB by {peer}: {ys[-1]:.2f} s")
        panel.set(title=CASES[case], xlabel="GiB", ylabel="seconds", ylim=(0, None), xlim=(0, None))
    return _save(figure, folder / "benchmarks-size.svg", "Local disk, seconds over size", words)


def _uploads(summaries: Sequence[Summary], folder: Path) -> Picture:
    """Only who keeps older states: what a mirror uploads is whole files."""
    keepers = [summary for summary in summaries if summary.cases["added"].uploaded is not None]
    sizes = list(dict.fromkeys(summary.documents for summary in keepers))
    figure, panels = _library().subplots(1, len(sizes), figsize=(10, 3.6), layout="constrained", squeeze=False)
    words: list[str] = []
    for documents, panel in zip(sizes, panels[0], strict=True):
        found = [summary for summary in keepers if summary.documents == documents]
        heights = {one.peer: [(one.cases[case].uploaded or 0) / _MIB for case in _CHANGES] for one in found}
        words += _bars(panel, heights, _CHANGES, f"MiB with {documents:,} documents")
        panel.set(title=f"{documents:,} documents", ylabel="MiB")
    return _save(figure, folder / "benchmarks-changes.svg", "Bytes that 1 % of change adds to a repository", words)


def _servers(summaries: Sequence[Summary], folder: Path) -> Picture:
    targets = list(dict.fromkeys(summary.target for summary in summaries))
    figure, panels = _library().subplots(
        1, len(targets), figsize=(3 * len(targets) + 2, 4), layout="constrained", squeeze=False
    )
    words: list[str] = []
    for target, panel in zip(targets, panels[0], strict=True):
        found = [summary for summary in summaries if summary.target == target]
        heights = {one.peer: [one.cases[case].seconds for case in _OVER_SIZE] for one in found}
        words += _bars(panel, heights, _OVER_SIZE, f"s at {title(target)}")
        panel.set(title=title(target), ylabel="seconds")
    return _save(figure, folder / "benchmarks-servers.svg", f"Servers, {summaries[0].documents:,} documents", words)


def _by_peer(summaries: Sequence[Summary]) -> Iterator[tuple[str, list[Summary]]]:
    for peer in dict.fromkeys(summary.peer for summary in summaries):
        yield peer, sorted((one for one in summaries if one.peer == peer), key=lambda one: one.size)


def _bars(panel: Any, heights: dict[str, list[float]], cases: Sequence[str], unit: str) -> Iterator[str]:
    """A group a case, a bar a tool; what it shows, in words."""
    width = 0.8 / len(heights)
    for place, (peer, values) in enumerate(heights.items()):
        xs = [group + (place - (len(heights) - 1) / 2) * width for group in range(len(cases))]
        panel.bar(xs, values, width, color=_COLOURS[peer], label=peer)
    panel.set_xticks(range(len(cases)), [CASES[case].replace(", ", ",\n") for case in cases])
    panel.grid(visible=False, axis="x")
    return (
        f"{CASES[case]} by {peer}: {value:.2f} {unit}"
        for peer, values in heights.items()
        for case, value in zip(cases, values, strict=True)
    )


def _save(figure: Any, path: Path, heading: str, words: Sequence[str]) -> Picture:
    text = f"{heading}. {'; '.join(words)}."
    labels: dict[str, Any] = {}
    for panel in figure.axes:
        labels |= {label: handle for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)}
    figure.suptitle(heading)
    figure.legend(labels.values(), labels.keys(), loc="outside lower center", ncols=len(labels), frameon=False)
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Title": heading, "Description": text})
    lines = (line.rstrip() for line in drawn.getvalue().splitlines())
    svg = "\n".join(lines).replace("<svg ", f'<svg role="img" aria-label={quoteattr(text)} ', 1)
    path.write_text(f"{svg}\n", encoding="utf-8")
    return Picture(path.name, f"{heading}; the numbers are in the tables below")
