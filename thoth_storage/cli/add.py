"""``thoth-storage add``: texts into a store."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from thoth_storage import config
from thoth_storage.cli.documents import collection_options
from thoth_storage.cli.output import Output
from thoth_storage.cli.verb import options_option, verb
from thoth_storage.repository.reports import Progress, timed
from thoth_storage.urls import mask_url

if TYPE_CHECKING:
    from thoth_storage.store.adding import AddedFile

__all__ = ["add"]


@verb(short_help="Add texts to a store, or replace them.", options_metavar="[OPTIONS]")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@collection_options
@click.option("--prefix", default="", metavar="TEXT", help="What is put before each path, to keep two folders apart.")
@click.option(
    "--glob",
    "globs",
    multiple=True,
    metavar="PATTERN",
    help="Which files of a folder: '*.md', '*.markdown' and '*.txt' if nothing is said; repeatable.",
)
@click.option("--name", default="stdin", show_default=True, metavar="NAME", help="The path of what comes on stdin.")
@click.option(
    "--part-size",
    type=click.IntRange(100),
    default=1000,
    show_default=True,
    metavar="N",
    help="Characters of a part, at most: what the embedder takes in.",
)
@click.option("--dry-run", is_flag=True, help="Only tell what would be added; the store is not opened.")
@options_option
def add(
    output: Output,
    files: Sequence[str],
    url: str | None,
    collection: str,
    embedder: str | None,
    prefix: str,
    globs: tuple[str, ...],
    name: str,
    part_size: int,
    dry_run: bool,
    storage_options: dict[str, Any],
) -> None:
    """Add text and Markdown FILEs to the store at --url, which is made if it is not there: folders with what is below
    them, and '-' for stdin. Each is cut into parts, of Markdown by headings. To add a file again replaces it.

    \b
    Example:
        thoth-storage add --url gs://bucket/chroma_db README.md docs --glob '*.md'
    """
    from thoth_storage.store.adding import add_sources, find_sources, given_text, plan

    sources = find_sources([Path(each) for each in files if each != "-"], globs, prefix)
    if "-" in files:
        sources.append(given_text(prefix + name, sys.stdin.buffer.read()))
    planned = plan(sources, part_size)  # what is no text is told before anything is written
    settings = config.store_settings(url, storage_options)
    if dry_run:
        _tell(output, mask_url(str(settings.url)), collection, planned, dry_run=True)
        return
    from thoth_storage.store.vector_store import VectorStore

    done: list[AddedFile] = []
    with output.progress("download") as hydrating:
        store = VectorStore(
            settings.url, collection, embedder, storage_options=settings.storage_options, progress=hydrating
        )
    logged = config.get("durability", settings.url) == "log"
    with output.standing(lambda: _standing(done, planned, logged=logged)), store, output.progress("add") as progress:
        tell = timed(progress)
        for each in add_sources(store, sources, part_size):
            done.append(each)
            if tell:
                tell(Progress("add", sum(each.bytes for each in done), sum(each.bytes for each in planned)))
    _tell(output, store.url, collection, done, dry_run=False)


def _standing(done: Sequence[AddedFile], planned: Sequence[AddedFile], *, logged: bool) -> str:
    if not logged:
        return "with durability 'checkpoint' only what a checkpoint has is sure to be stored; add the files again"
    return f"{len(done)} of {len(planned)} files are stored; add them again, and the rest comes and nothing twice"


def _tell(output: Output, url: str, collection: str, files: Sequence[AddedFile], *, dry_run: bool) -> None:
    parts, removed = sum(each.parts for each in files), sum(each.removed for each in files)
    output.document(
        {
            "url": url,
            "collection": collection,
            "dry_run": dry_run,
            "parts": parts,
            "removed": removed,
            "files": files,
        }
    )
    if dry_run:
        rows = [[each.file_path, str(each.parts), str(each.bytes)] for each in files]
        output.table(["file", "parts", "bytes"], rows, right=("parts", "bytes"))
    output.say(
        f"{'would add' if dry_run else 'added'} {len(files)} files as {parts} documents to {collection!r} at {url}"
        + (f"; {removed} that they had before are gone" if removed else "")
    )
