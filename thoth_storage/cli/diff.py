"""``thoth-storage diff``: what changed between two snapshots."""

from __future__ import annotations

from typing import Any

import click

from thoth_storage.cli.output import Output, human_bytes
from thoth_storage.cli.places import open_configured, split
from thoth_storage.cli.verb import options_option, verb
from thoth_storage.repository.diffing import DiffReport

__all__ = ["diff"]


@verb(short_help="Show what changed between two snapshots.", options_metavar="[OPTIONS]")
@click.argument("places", nargs=-1, required=True, metavar="[URL] A B")
@options_option
def diff(output: Output, places: tuple[str, ...], storage_options: dict[str, Any]) -> None:
    """Show what snapshot B has otherwise than A: files added, removed and changed. No content is read.

    \b
    Example:
        thoth-storage diff gs://bucket/backups nightly latest
    """
    url, [a, b] = split(places, "A", "B")
    with open_configured(url, storage_options) as repository:
        report = repository.diff(a, b)
        output.document({"url": repository.url, "same": report.same, "report": report})
    rows = _rows(report)
    if rows:
        output.table(["", "path", "before", "after"], rows, right=("before", "after"))
    output.say(
        f"{len(report.added)} files added ({human_bytes(report.bytes_added)}), {len(report.removed)} removed "
        f"({human_bytes(report.bytes_removed)}), {len(report.changed)} changed ({human_bytes(report.bytes_changed)}), "
        f"{report.files_equal} equal ({human_bytes(report.bytes_equal)}); new blocks {human_bytes(report.bytes_new)}"
    )


def _rows(report: DiffReport) -> list[list[str]]:
    changes = [("+", each) for each in report.added] + [("-", each) for each in report.removed]
    changes += [("M", each) for each in report.changed]
    rows = [
        [
            sign,
            each.path,
            "" if each.before is None else str(each.before),
            "" if each.after is None else str(each.after),
        ]
        for sign, each in changes
    ]
    rows += [["mode", each.path, f"{each.before:04o}", f"{each.after:04o}"] for each in report.modes]
    rows += [["+", f"{path}/", "", ""] for path in report.folders_added]
    rows += [["-", f"{path}/", "", ""] for path in report.folders_removed]
    return sorted(rows, key=lambda row: row[1])
