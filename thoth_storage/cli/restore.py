"""``thoth-storage restore``: a snapshot back into a directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from thoth_storage import config
from thoth_storage.cli.output import Output, human_bytes
from thoth_storage.cli.verb import options_option, verb
from thoth_storage.repository import Repository
from thoth_storage.urls import mask_url

__all__ = ["restore"]


@verb(short_help="Restore a snapshot into a directory.", options_metavar="[OPTIONS]")
@click.argument("places", nargs=-1, required=True, metavar="[URL] TARGET")
@click.option(
    "--snapshot", default="latest", show_default=True, help="An id, the beginning of one, a name or 'latest'."
)
@click.option("--include", multiple=True, help="Only paths that match, such as '*.sqlite3' or a folder; repeatable.")
@click.option("--overwrite", is_flag=True, help="Replace a TARGET that is not empty, once the new one is whole.")
@options_option
def restore(
    output: Output,
    places: tuple[str, ...],
    snapshot: str,
    include: tuple[str, ...],
    overwrite: bool,
    storage_options: dict[str, Any],
) -> None:
    """Restore a snapshot from the repository at URL into TARGET, every block verified; all or nothing.

    \b
    Example:
        thoth-storage restore gs://bucket/backups ./restored --snapshot nightly
    """
    if len(places) > 2:
        raise click.UsageError(f"expected [URL] TARGET, got {len(places)} arguments")
    url, target = (None, places[0]) if len(places) == 1 else places
    if "://" in target:
        # Else a forgotten TARGET would restore another repository into a folder called 'gs:'.
        raise click.UsageError(f"TARGET is a directory, {mask_url(target)!r} is a URL")
    settings = config.store_settings(url, storage_options)
    with (
        Repository.open(settings.url, storage_options=dict(settings.storage_options)) as repository,
        output.progress("restore") as progress,
    ):
        report = repository.restore(
            snapshot, Path(target), include=list(include) or None, overwrite=overwrite, progress=progress
        )
    output.document(report)
    output.say(
        f"restored snapshot {report.snapshot[:12]} to {report.target}: {report.files} files, "
        f"{human_bytes(report.bytes)}, in {report.seconds:.1f} s"
    )
