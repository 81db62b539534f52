"""``thoth-storage checkpoint``: a snapshot of a store as it is now, so that openings need not replay its log."""

from __future__ import annotations

from typing import Any

import click

from thoth_storage import config
from thoth_storage.cli.output import Output, human_bytes
from thoth_storage.cli.verb import options_option, verb

__all__ = ["checkpoint"]


@verb(short_help="Make a checkpoint of a store.")
@click.argument("url", required=False)
@click.option("--name", help="What to call it.")
@click.option("--tag", "tags", multiple=True, help="A tag for it; repeatable.")
@options_option
def checkpoint(
    output: Output, url: str | None, name: str | None, tags: tuple[str, ...], storage_options: dict[str, Any]
) -> None:
    """Download the store at URL, apply its log, and store the result as a snapshot, beside whoever has it open. A job
    that does so now and then keeps openings quick.

    \b
    Example:
        thoth-storage checkpoint gs://bucket/chroma_db --name nightly
    """
    from thoth_storage.repository import Repository
    from thoth_storage.store.opening import PersistentClient

    settings = config.store_settings(url, storage_options)
    Repository.open(settings.url, storage_options=dict(settings.storage_options)).close()  # it is to be there
    with (
        output.progress("download") as progress,
        PersistentClient(settings.url, storage_options=settings.storage_options, progress=progress) as client,
    ):
        snapshot = client.checkpoint(name, tags)
        position = client.status().position
    output.document({"url": settings.url, "position": position, "snapshot": snapshot})
    output.say(
        f"checkpoint {snapshot.id[:12]} covers the log up to entry {position}: "
        f"{human_bytes(snapshot.size)}, {human_bytes(snapshot.added)} of them stored now"
    )
