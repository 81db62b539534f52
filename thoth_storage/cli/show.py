"""``thoth-storage show``: what is in a snapshot, and how it is stored."""

from __future__ import annotations

import stat
from typing import Any

import click

from thoth_storage.cli.output import Output, all_names, human_bytes, human_time
from thoth_storage.cli.places import open_configured, split
from thoth_storage.cli.verb import options_option, verb
from thoth_storage.repository.showing import Details

__all__ = ["show"]


@verb(short_help="Show the files of a snapshot, and how it is stored.", options_metavar="[OPTIONS]")
@click.argument("places", nargs=-1, required=True, metavar="[URL] SNAPSHOT")
@options_option
def show(output: Output, places: tuple[str, ...], storage_options: dict[str, Any]) -> None:
    """Show all that is known of SNAPSHOT: an id, the beginning of one, a name or 'latest'. No content is read.

    \b
    Example:
        thoth-storage show gs://bucket/backups nightly
    """
    url, [wanted] = split(places, "SNAPSHOT")
    with open_configured(url, storage_options) as repository:
        details = repository.show(wanted)
        output.document({"url": repository.url, "details": details})
    rows = [[stat.filemode(stat.S_IFDIR | folder.mode), "", "", f"{folder.path}/"] for folder in details.folders] + [
        [stat.filemode(stat.S_IFREG | file.mode), str(file.size), human_time(file.mtime), file.path]
        for file in details.files
    ]
    output.table(["mode", "bytes", "time (UTC)", "path"], sorted(rows, key=lambda row: row[3]), right=("bytes",))
    _summary(output, details)


def _summary(output: Output, details: Details) -> None:
    snapshot, storage = details.snapshot, details.storage
    names = all_names(snapshot)
    output.say("")
    output.say(
        f"snapshot {snapshot.id} of {human_time(snapshot.time)} UTC, made by {details.program}"
        + (f"; named {', '.join(names)}" if names else "")
        + (f"; tagged {', '.join(snapshot.tags)}" if snapshot.tags else "")
    )
    output.say(
        f"{snapshot.files} files, {human_bytes(snapshot.size)}: {storage.blocks} blocks, "
        f"{storage.deltas} of them deltas (chains of up to {storage.deepest}), "
        f"{human_bytes(storage.stored)} in {storage.packs} packs"
    )
