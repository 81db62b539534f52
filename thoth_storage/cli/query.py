"""``thoth-storage query``: what a store answers to a text."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from thoth_storage.cli.documents import collection_options
from thoth_storage.cli.output import Output
from thoth_storage.cli.verb import options_option, verb

__all__ = ["query"]

_SNIPPET = 100
"""Characters of a document that a table shows."""


def _parse_where(_context: click.Context, parameter: click.Parameter, value: str | None) -> dict[str, Any] | None:
    if value is None:
        return None
    try:
        found = json.loads(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r:.80} is no JSON: {error}", param=parameter) from error
    if not isinstance(found, dict):
        raise click.BadParameter("""an object is expected, such as '{"file_path": "a.md"}'""", param=parameter)
    return found


@verb(short_help="Ask a store for the texts nearest to one.", options_metavar="[OPTIONS]")
@click.argument("words", nargs=-1, required=True, metavar="TEXT...")
@collection_options
@click.option("-n", "--n", "count", type=click.IntRange(1), default=5, show_default=True, help="So many answers.")
@click.option(
    "--where",
    metavar="JSON",
    callback=_parse_where,
    help="""A filter of Chroma's on metadata, e.g. '{"file_path": "guide.md"}'.""",
)
@options_option
def query(
    output: Output,
    words: Sequence[str],
    url: str | None,
    collection: str,
    embedder: str | None,
    count: int,
    where: dict[str, Any] | None,
    storage_options: dict[str, Any],
) -> None:
    """Show the documents of the store at --url that are nearest to TEXT, best first. TEXT is all words that are no
    options; behind '--' all are; '-' stands for what comes on stdin. Nothing is written to the store.

    \b
    Example:
        thoth-storage query --url gs://bucket/chroma_db -n 3 how do I restore a backup
    """
    text = sys.stdin.read() if tuple(words) == ("-",) else " ".join(words)
    if not text.strip():
        raise click.UsageError("TEXT is empty")
    from thoth_storage.store.vector_store import VectorStore

    with (
        output.progress("download") as progress,
        VectorStore(url, collection, embedder, storage_options=storage_options, mode="r", progress=progress) as store,
    ):
        found = store.search_similar(text, count, where)
        place = store.url
    fields = zip(found["ids"], found["distances"], found["documents"], found["metadatas"], strict=True)
    hits = [
        {"id": each, "distance": distance, "document": document, "metadata": metadata}
        for each, distance, document, metadata in fields
    ]
    output.document({"url": place, "collection": collection, "query": text, "hits": hits})
    if not hits:
        output.note("nothing in the collection matches")
        return
    output.table(
        ["distance", "id", "text"],
        [[f"{hit['distance']:.4f}", hit["id"], _snippet(hit["document"])] for hit in hits],
        right=("distance",),
    )


def _snippet(document: str | None) -> str:
    """The beginning of a document, on one line."""
    text = " ".join((document or "").split())
    return text if len(text) <= _SNIPPET else f"{text[: _SNIPPET - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"
