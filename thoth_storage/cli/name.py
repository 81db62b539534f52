"""``thoth-storage name``: let a name mean another snapshot."""

from __future__ import annotations

from typing import Any

import click

from thoth_storage.cli.output import Output
from thoth_storage.cli.places import open_configured, split
from thoth_storage.cli.verb import options_option, verb

__all__ = ["name"]


@verb(short_help="Let a name mean a snapshot.", options_metavar="[OPTIONS]")
@click.argument("places", nargs=-1, required=True, metavar="[URL] NAME [SNAPSHOT]")
@click.option("--remove", is_flag=True, help="Take the name away again; then SNAPSHOT is left out.")
@options_option
def name(output: Output, places: tuple[str, ...], remove: bool, storage_options: dict[str, Any]) -> None:
    """Let NAME mean SNAPSHOT from now on, whatever it meant before. 'forget' keeps what a name was moved to.

    \b
    Example:
        thoth-storage name gs://bucket/backups prod-good 3f9a
    """
    if remove:
        url, [given] = split(places, "NAME")
        with open_configured(url, storage_options) as repository:
            repository.remove_name(given)
            output.document({"url": repository.url, "name": given, "snapshot": None})
        output.say(f"the name {given} was taken away")
        return
    url, [given, wanted] = split(places, "NAME", "SNAPSHOT")
    with open_configured(url, storage_options) as repository:
        snapshot = repository.set_name(given, wanted)
        output.document({"url": repository.url, "name": given, "snapshot": snapshot})
    output.say(f"{given} means snapshot {snapshot.id[:12]}")
