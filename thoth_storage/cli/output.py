"""What a verb says, and where: one JSON document or text on stdout; progress, notes and errors on stderr.

rich draws tables and bars, for terminals only. Lines of text do without: it would turn tabs into spaces and ``:key:``
in a URL into a picture, and importing it takes a sixth of a short command's time.

Names of files and snapshots are data from strangers. What of them would move a terminal's cursor, break a line or turn
its direction around is shown as an escape, as ``\\x1b``; a JSON document has them as they are.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from thoth_storage.repository import Snapshot
    from thoth_storage.repository.reports import ProgressCallback

__all__ = ["Output", "all_names", "from_stdout", "human_bytes", "human_time", "printable"]


class Output:
    """How this call wants to be spoken to. With ``json`` stdout gets one document and nothing else."""

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.structured = False
        """Whether what is said on stderr is for Cloud Logging, as the log is."""
        self.stands: str | None = None
        """Of work that was stopped on its way: what is done of it, where the verb knows."""
        self._documents = 0

    def document(self, data: Any) -> None:
        """The verb's result, for machines. Only the first is told: nothing that happens later makes a second of it."""
        self._documents += 1
        if self.as_json and self._documents == 1:
            import json

            text = json.dumps(_plain(data), ensure_ascii=False, indent=2)
            _line(text if _fits(text) == text else json.dumps(_plain(data), indent=2))

    def say(self, text: str) -> None:
        """A line of the result, for people."""
        if not self.as_json and not self.quiet:
            _line(printable(text))

    def lines(self, text: str) -> None:
        """Text of our own with lines of its own, for people and their shells."""
        for line in text.splitlines():
            self.say(line)

    def table(self, columns: list[str], rows: list[list[str]], *, right: tuple[str, ...] = ()) -> None:
        """A table of the result, for people; plain lines with tabs where stdout is no terminal, or a dumb one."""
        if self.as_json or self.quiet:
            return
        from thoth_storage import config

        if not sys.stdout.isatty() or config.is_dumb_terminal():
            for row in [columns, *rows]:
                _line("\t".join(map(printable, row)))
            return
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table

        table = Table(box=None, header_style="" if config.wants_no_color() else "bold", pad_edge=False)
        for column in columns:
            table.add_column(column, justify="right" if column in right else "left", overflow="fold")
        for row in rows:
            table.add_row(*(escape(printable(cell)) for cell in row))
        Console(highlight=False, emoji=False).print(table)

    def note(self, text: str) -> None:
        """A remark that is no part of the result."""
        if not self.quiet:
            self._tell("NOTICE", text)

    def complain(self, text: str) -> None:
        """A line that is said in any case."""
        self._tell("ERROR", text)

    @contextmanager
    def standing(self, tell: Callable[[], str]) -> Iterator[None]:
        """If what is in here fails or is interrupted, ``tell`` is asked what is done of it."""
        try:
            yield
        except BaseException:
            self.stands = tell()
            raise

    @contextmanager
    def interrupted(self, text: str) -> Iterator[None]:
        """If what is in here is interrupted, ``text`` says what stands."""
        try:
            yield
        except KeyboardInterrupt:
            self.stands = text
            raise

    @contextmanager
    def progress(self, title: str) -> Iterator[ProgressCallback | None]:
        """A bar with rate and time left while a terminal watches, or lines if it can no bar; else nothing."""
        if self.quiet or not sys.stderr.isatty():
            yield None
            return
        from thoth_storage import config
        from thoth_storage.cli.watching import bar, lines

        if config.is_dumb_terminal():
            yield lines(title)
            return
        with bar(title) as tell:
            yield tell

    def _tell(self, severity: str, text: str) -> None:
        if self.structured:
            from thoth_storage.telemetry.json_logs import json_line

            sys.stderr.write(f"{json_line(severity, text)}\n")
        else:
            sys.stderr.write(f"{printable(text)}\n")


def human_bytes(count: float) -> str:
    """``count`` bytes as people read them: binary units, three digits."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def human_time(time: datetime | None) -> str:
    """A time in UTC to the second, as tables have it; nothing for none."""
    return f"{time:%Y-%m-%d %H:%M:%S}" if time else ""


def all_names(snapshot: Snapshot) -> list[str]:
    """What a snapshot was called when it was made, and the names that were given to it later."""
    return list(dict.fromkeys(name for name in (snapshot.name, *snapshot.names) if name))


def printable(text: str) -> str:
    """``text`` on one line, without anything that a terminal would heed rather than show."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def from_stdout(error: OSError) -> bool:
    """Whether it is stdout that took nothing, and not some file: told by who wrote last."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code in (_line.__code__, click.echo.__code__)


def _fits(text: str) -> str:
    """With escapes for what stdout cannot say: letters that its encoding lacks, a path that is no valid Unicode."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _line(text: str) -> None:
    sys.stdout.write(f"{_fits(text)}\n")
    sys.stdout.flush()  # so that a reader who left is noticed here, and not when the interpreter ends


def _plain(data: Any) -> Any:
    if dataclasses.is_dataclass(data) and not isinstance(data, type):
        return {field.name: _plain(getattr(data, field.name)) for field in dataclasses.fields(data)}
    if isinstance(data, dict):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(value) for value in data]
    if isinstance(data, datetime):
        return data.isoformat()
    return data
