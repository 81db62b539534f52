"""``thoth-storage log``: what was written to a store, by whom and when."""

from __future__ import annotations

import time
from typing import Any

import click

from thoth_storage.cli.output import Output, human_bytes, human_time
from thoth_storage.cli.places import open_configured
from thoth_storage.cli.verb import DAMAGED, options_option, verb
from thoth_storage.log import list_all
from thoth_storage.store.overview import EntrySummary, entries_behind, read_log

__all__ = ["log"]


@verb(short_help="Show the write log of a store.")
@click.argument("url", required=False)
@click.option("--last", type=click.IntRange(1), default=20, show_default=True, help="So many entries, the newest.")
@click.option("--after", type=click.IntRange(0), help="All entries behind this one.")
@click.option("--follow", is_flag=True, help="Go on with what comes, until interrupted.")
@click.option("--interval", type=click.FloatRange(0.05), default=1.0, show_default=True, help="Seconds between looks.")
@click.option(
    "--set-state",
    metavar="SNAPSHOT",
    help="Log that the state is that of a snapshot from here on: all that have the store open follow.",
)
@options_option
def log(
    output: Output,
    url: str | None,
    last: int,
    after: int | None,
    follow: bool,
    interval: float,
    set_state: str | None,
    storage_options: dict[str, Any],
) -> int:
    """Show the entries of the write log of the store at URL: what was written, by which process, when by its clock.
    Exit code 5 if one is damaged.

    With --set-state, a store that cannot be opened any more (an entry is damaged or missing) gets a state again. What
    the log had behind that snapshot is not part of it, but stays in the log.

    \b
    Example:
        thoth-storage log gs://bucket/chroma_db --last 5 --follow
    """
    if follow and output.as_json:
        raise click.UsageError("--json gives one document, and --follow has no end")
    with open_configured(url, storage_options) as repository:
        entries = read_log(repository)
        if set_state is not None:
            from thoth_storage.store.mending import set_state as make_state

            snapshot, sequence = make_state(repository, entries, set_state)
            output.document({"url": repository.url, "snapshot": snapshot, "sequence": sequence})
            output.say(f"entry {sequence}: the state is snapshot {snapshot[:12]}")
            return 0
        start = after if after is not None else max(list_all(entries.backend).last - last, 0)
        found = list(entries_behind(entries, start))
        output.document({"url": repository.url, "entries": found})
        if not output.as_json:
            output.table(
                ["entry", "time (UTC)", "size", "writer", "what"], [_row(each) for each in found], right=("size",)
            )
        while follow:
            time.sleep(interval)
            start = max([start, *(each.sequence for each in found)])
            found = list(entries_behind(entries, start))
            for each in found:
                output.say("  ".join(_row(each)))
    return DAMAGED if any(each.problem for each in found) else 0


def _row(entry: EntrySummary) -> list[str]:
    what = entry.problem or "; ".join(entry.operations)
    return [str(entry.sequence), human_time(entry.time), human_bytes(entry.size), entry.writer, what]
