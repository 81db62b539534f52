"""``thoth-storage snapshots``: what there is to restore."""

from __future__ import annotations

from typing import Any

import click

from thoth_storage.cli.output import Output, all_names, human_bytes, human_time
from thoth_storage.cli.places import open_configured
from thoth_storage.cli.verb import options_option, verb

__all__ = ["snapshots"]


@verb(short_help="List the snapshots.")
@click.argument("url", required=False)
@options_option
def snapshots(output: Output, url: str | None, storage_options: dict[str, Any]) -> None:
    """List the snapshots of the repository at URL, newest first, with the names that mean them.

    \b
    Example:
        thoth-storage snapshots s3://bucket/backups
    """
    with open_configured(url, storage_options) as repository:
        found = repository.snapshots()
        output.document({"url": repository.url, "snapshots": found})
    if not found:
        output.note("the repository has no snapshot yet")
        return
    output.table(
        ["id", "time (UTC)", "name", "tags", "files", "size", "added"],
        [
            [
                snapshot.id[:12],
                human_time(snapshot.time),
                ", ".join(all_names(snapshot)),
                ", ".join(snapshot.tags),
                str(snapshot.files),
                human_bytes(snapshot.size),
                human_bytes(snapshot.added),
            ]
            for snapshot in found
        ],
        right=("files", "size", "added"),
    )
