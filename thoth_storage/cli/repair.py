"""``thoth-storage repair``: mend what ``verify`` finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from thoth_storage.cli.output import Output
from thoth_storage.cli.places import open_configured
from thoth_storage.cli.reporting import say_numbers
from thoth_storage.cli.verb import options_option, verb

__all__ = ["repair"]


@verb(short_help="Mend what verify finds.")
@click.argument("url", required=False)
@click.option("--drop", is_flag=True, help="Drop what cannot be saved: files, or snapshots that cannot be read.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option(
    "--source",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="A directory that may still hold the files.",
)
@options_option
def repair(
    output: Output,
    url: str | None,
    drop: bool,
    dry_run: bool,
    source: Path | None,
    storage_options: dict[str, Any],
) -> None:
    """Mend the repository at URL: a damaged block is taken from another pack, or from the files in DIR.

    \b
    Example:
        thoth-storage repair gs://bucket/backups --source ./chroma_db --dry-run
    """
    with open_configured(url, storage_options) as repository:
        with output.progress("repair") as progress:
            report = repository.repair(drop=drop, dry_run=dry_run, source=source, progress=progress)
        output.document({"url": repository.url, "report": report})
    say_numbers(output, report)
