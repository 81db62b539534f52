"""``thoth-storage export``: the collections of a store as Parquet files, or on a Chroma server."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import click

from thoth_storage.cli.output import Output, human_bytes
from thoth_storage.cli.secrets import check_reference
from thoth_storage.cli.verb import options_option, parse_options, verb
from thoth_storage.export import MoveReport, ServerOptions, export_store

__all__ = ["Selection", "export", "selection_options", "split_url", "tell"]


_OPTIONS = (
    click.option(
        "--collection", "collections", multiple=True, metavar="NAME", help="Only this collection; repeatable."
    ),
    click.option("--store-tenant", default="default_tenant", show_default=True, help="The tenant in the store."),
    click.option("--store-database", default="default_database", show_default=True, help="The database in the store."),
    click.option("--tenant", help="The tenant on the Chroma server; else the configured one."),
    click.option("--database", help="The database on the Chroma server; else the configured one."),
    click.option(
        "--token",
        metavar="REFERENCE",
        callback=check_reference,
        help="Where the Chroma server's token is: file:///path. Else THOTH_STORAGE_CHROMA_TOKEN.",
    ),
)


@dataclass(frozen=True)
class Selection:
    """Which collections of which part of the store are meant, and how to come into a Chroma server."""

    collections: tuple[str, ...]
    tenant: str
    database: str
    server: ServerOptions


def selection_options(function: Any) -> Any:
    """The options that are a ``Selection``, which the verb takes as ``selection``."""

    @functools.wraps(function)
    def selected(
        *args: Any,
        collections: tuple[str, ...],
        store_tenant: str,
        store_database: str,
        tenant: str | None,
        database: str | None,
        token: str | None,
        **kwargs: Any,
    ) -> Any:
        server = ServerOptions(tenant, database, token)
        return function(*args, selection=Selection(collections, store_tenant, store_database, server), **kwargs)

    wrapped: Any = selected
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def split_url(places: tuple[str, ...], form: str) -> tuple[str, str | None]:
    """The first of one or two words, and the second. Raises UsageError."""
    if len(places) not in (1, 2):
        raise click.UsageError(f"expected {form}, got {len(places)} arguments")
    return places[0], places[1] if len(places) == 2 else None


def tell(output: Output, report: MoveReport, done: str) -> None:
    """The result of an export or an import."""
    output.document({"source": report.source, "target": report.target, "report": report})
    output.table(
        ["collection", "rows", "dimension"],
        [[each.name, str(each.rows), str(each.dimension or "")] for each in report.collections],
        right=("rows", "dimension"),
    )
    for note in report.notes:
        output.note(f"note: {note}")
    output.say(
        f"{done} {report.rows} rows of {len(report.collections)} collections to {report.target}: "
        f"{human_bytes(report.bytes)} of vectors in {report.seconds:.1f} s"
    )


@verb(short_help="Write collections as Parquet files, or to a Chroma server.")
@click.argument("places", nargs=-1, required=True, metavar="[URL] OUT")
@click.option("--snapshot", help="The state of this snapshot (id or name) instead of the newest.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier export in the folder, whole or not.")
@click.option("--merge", is_flag=True, help="Write into collections that the Chroma server has already.")
@selection_options
@options_option
@click.option(
    "--to-option",
    "to_options",
    multiple=True,
    metavar="NAME=VALUE",
    callback=parse_options,
    help="An option for OUT's file system, as -o is for that of the store; repeatable.",
)
def export(
    output: Output,
    places: tuple[str, ...],
    selection: Selection,
    snapshot: str | None,
    overwrite: bool,
    merge: bool,
    storage_options: dict[str, Any],
    to_options: dict[str, Any],
) -> None:
    """Write the collections of the store at URL to OUT, as they are at this moment. OUT is an empty folder at any URL,
    which gets Parquet files and, last, a manifest; or chroma+http://host:port (chroma+https), a Chroma server.

    An encrypted store is exported in the clear.

    \b
    Example:
        thoth-storage export gs://bucket/chroma_db gs://bucket/exports/2026-11
    """
    first, second = split_url(places, "[URL] OUT")
    url, out = (first, second) if second is not None else (None, first)
    with output.progress("export") as progress:
        report = export_store(
            url,
            out,
            collections=selection.collections,
            snapshot=snapshot,
            overwrite=overwrite,
            merge=merge,
            tenant=selection.tenant,
            database=selection.database,
            storage_options=storage_options,
            out_options=to_options,
            server=selection.server,
            progress=progress,
        )
    tell(output, report, "exported")
