"""How far a verb is, for whoever watches a terminal: a bar; or lines where a terminal cannot move its cursor."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from thoth_storage.cli.output import human_bytes

if TYPE_CHECKING:
    from thoth_storage.repository import Progress
    from thoth_storage.repository.reports import ProgressCallback

__all__ = ["bar", "lines", "pace"]

_EVERY = 5.0
"""Seconds between two lines, which all stay to be seen."""


@contextmanager
def bar(title: str) -> Iterator[ProgressCallback]:
    """A bar that goes when it is over."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TextColumn("{task.fields[pace]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(title, total=None, pace="")

        def tell(progress: Progress) -> None:
            shown.update(task, completed=progress.done, total=progress.total, pace=pace(progress))

        yield tell


def lines(title: str) -> ProgressCallback:
    """A line now and then, none for what takes a moment."""
    told = 0.0

    def tell(progress: Progress) -> None:
        nonlocal told
        if progress.seconds - told < _EVERY:
            return
        told = progress.seconds
        rest = f", {text}" if (text := pace(progress)) else ""
        sys.stderr.write(f"{title}: {human_bytes(progress.done)} of {human_bytes(progress.total)}{rest}\n")

    return tell


def pace(progress: Progress) -> str:
    """How fast it goes, and how long still; nothing where nothing is known of it."""
    if progress.remaining is None or not progress.rate:
        return ""
    minutes, seconds = divmod(round(progress.remaining), 60)
    return f"{human_bytes(progress.rate)}/s, {minutes // 60}:{minutes % 60:02}:{seconds:02} left"
