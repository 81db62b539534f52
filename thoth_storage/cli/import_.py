"""``thoth-storage import``: collections of an export, or of a Chroma server, into a store."""

from __future__ import annotations

from typing import Any

import click

from thoth_storage.cli.export import Selection, selection_options, split_url, tell
from thoth_storage.cli.output import Output
from thoth_storage.cli.verb import options_option, parse_options, verb
from thoth_storage.export import import_store

__all__ = ["import_"]


@verb(name="import", short_help="Read collections from Parquet files, or from a Chroma server.")
@click.argument("places", nargs=-1, required=True, metavar="IN [URL]")
@click.option("--merge", is_flag=True, help="Write into collections that are there; rows replace those of the same id.")
@click.option(
    "--durability",
    type=click.Choice(["checkpoint", "log"]),
    default="checkpoint",
    show_default=True,
    help="checkpoint: visible as a whole at the end, or not at all. log: as it comes, beside other writers.",
)
@selection_options
@options_option
@click.option(
    "--from-option",
    "from_options",
    multiple=True,
    metavar="NAME=VALUE",
    callback=parse_options,
    help="An option for IN's file system, as -o is for that of the store; repeatable.",
)
def import_(
    output: Output,
    places: tuple[str, ...],
    selection: Selection,
    merge: bool,
    durability: str,
    storage_options: dict[str, Any],
    from_options: dict[str, Any],
) -> None:
    """Read the collections of IN into the store at URL, which is made if it is not there. IN is the folder of an export
    at any URL, or chroma+http://host:port (chroma+https), a Chroma server to which nobody writes meanwhile.

    A collection that is there already is refused without --merge.

    \b
    Example:
        thoth-storage import gs://bucket/exports/2026-11 gs://bucket/chroma_db
    """
    source, url = split_url(places, "IN [URL]")
    with output.progress("import") as progress:
        report = import_store(
            source,
            url,
            collections=selection.collections,
            merge=merge,
            durability=durability,
            tenant=selection.tenant,
            database=selection.database,
            storage_options=storage_options,
            source_options=from_options,
            server=selection.server,
            progress=progress,
        )
    tell(output, report, "imported")
