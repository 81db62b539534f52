"""``thoth-storage tag``: give a snapshot tags, or take them away."""

from __future__ import annotations

from typing import Any

import click

from thoth_storage.cli.output import Output
from thoth_storage.cli.places import open_configured, split
from thoth_storage.cli.verb import options_option, verb

__all__ = ["tag"]


@verb(short_help="Add tags to a snapshot, or remove them.", options_metavar="[OPTIONS]")
@click.argument("places", nargs=-1, required=True, metavar="[URL] SNAPSHOT")
@click.option("--add", multiple=True, metavar="TAG", help="A tag to add; repeatable.")
@click.option("--remove", multiple=True, metavar="TAG", help="A tag to remove; repeatable.")
@options_option
def tag(
    output: Output,
    places: tuple[str, ...],
    add: tuple[str, ...],
    remove: tuple[str, ...],
    storage_options: dict[str, Any],
) -> None:
    """Add tags to SNAPSHOT and remove others; 'forget --keep-tag' heeds them.

    \b
    Example:
        thoth-storage tag gs://bucket/backups nightly --add prod
    """
    url, [wanted] = split(places, "SNAPSHOT")
    if not add and not remove:
        raise click.UsageError("give at least one --add or --remove")
    with open_configured(url, storage_options) as repository:
        snapshot = repository.tag(wanted, add, remove)
        output.document({"url": repository.url, "snapshot": snapshot})
    output.say(f"snapshot {snapshot.id[:12]} has {', '.join(snapshot.tags) or 'no tags'}")
