"""``thoth-storage snapshots``: what there is to restore."""

from __future__ import annotations

from typing import Any

import click

from thoth_storage import config
from thoth_storage.cli.output import Output, human_bytes
from thoth_storage.cli.verb import options_option, verb
from thoth_storage.repository import Repository

__all__ = ["snapshots"]


@verb(short_help="List the snapshots.")
@click.argument("url", required=False)
@options_option
def snapshots(output: Output, url: str | None, storage_options: dict[str, Any]) -> None:
    """List the snapshots of the repository at URL, newest first.

    \b
    Example:
        thoth-storage snapshots s3://bucket/backups
    """
    settings = config.store_settings(url, storage_options)
    with Repository.open(settings.url, storage_options=dict(settings.storage_options)) as repository:
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
                f"{snapshot.time:%Y-%m-%d %H:%M:%S}",
                snapshot.name or "",
                ", ".join(snapshot.tags),
                str(snapshot.files),
                human_bytes(snapshot.size),
                human_bytes(snapshot.added),
            ]
            for snapshot in found
        ],
        right=("files", "size", "added"),
    )
