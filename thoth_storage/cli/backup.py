"""``thoth-storage backup``: a snapshot of a directory."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import click

from thoth_storage import config
from thoth_storage.backend import Backend
from thoth_storage.cli.costs import estimate_lines
from thoth_storage.cli.output import Output, human_bytes
from thoth_storage.cli.verb import options_option, verb
from thoth_storage.errors import ConfigurationError, NotFoundError
from thoth_storage.registry import open_backend
from thoth_storage.repository import Repository, Snapshot

if TYPE_CHECKING:
    from thoth_storage.prices import Estimate

__all__ = ["backup"]

_INTERRUPTED = "no snapshot was made, unless it was being committed just then: 'thoth-storage snapshots' tells"


@verb(short_help="Make a snapshot of a directory.")
@click.argument("directory", type=click.Path(path_type=Path))
@click.argument("url", required=False)
@click.option("--name", help="A name to find it by.")
@click.option("--tag", "tags", multiple=True, help="A tag; repeatable.")
@click.option(
    "--no-deltas", is_flag=True, help="Store changed blocks in full, not as deltas: larger, and quicker to read."
)
@click.option("--dry-run", is_flag=True, help="Write nothing; tell what would be stored, and about what that costs.")
@options_option
def backup(
    output: Output,
    directory: Path,
    url: str | None,
    name: str | None,
    tags: tuple[str, ...],
    no_deltas: bool,
    dry_run: bool,
    storage_options: dict[str, Any],
) -> None:
    """Make a snapshot of DIRECTORY in the repository at URL, which is created if it is not there.

    Nobody may write to the directory meanwhile: if somebody does, no snapshot is made.

    \b
    Example:
        thoth-storage backup ./chroma_db gs://bucket/backups --name nightly
    """
    settings = config.store_settings(url, storage_options)
    began = time.perf_counter()
    backend = open_backend(settings.url, **settings.storage_options)
    _check_apart(directory, backend.url)
    if dry_run:
        _rehearse(output, backend, directory, began, name=name, tags=tags, deltas=not no_deltas)
        return
    with Repository.open(backend, create=True) as repository:
        with output.interrupted(_INTERRUPTED), output.progress("backup") as progress:
            snapshot = repository.backup(directory, name=name, tags=tags, progress=progress, deltas=not no_deltas)
        seconds = time.perf_counter() - began
        output.document(_document(repository.url, snapshot, seconds))
        output.say(
            f"snapshot {snapshot.id[:12]}{f' ({name})' if name else ''}: {snapshot.files} files, "
            f"{human_bytes(snapshot.size)}, of which {human_bytes(snapshot.added)} were stored, in {seconds:.1f} s"
        )


def _rehearse(output: Output, backend: Backend, directory: Path, began: float, **words: Any) -> None:
    from thoth_storage.repository.estimating import estimate_backup

    with closing(backend), output.progress("backup, nothing is written") as progress:
        snapshot, told = estimate_backup(backend, directory, progress=progress, **words)
    output.document(_document(backend.url, snapshot, time.perf_counter() - began, told))
    output.say(
        f"a snapshot would have {snapshot.files} files, {human_bytes(snapshot.size)}, "
        f"of which {human_bytes(snapshot.added)} would be stored"
    )
    for line in estimate_lines(told):
        output.say(line)


def _document(url: str, snapshot: Snapshot, seconds: float, told: Estimate | None = None) -> dict[str, Any]:
    return {"url": url, "dry_run": told is not None, "snapshot": snapshot, "seconds": seconds, "estimate": told}


def _check_apart(directory: Path, url: str) -> None:
    """Before a repository is created: for a directory that is not there, or in the very directory, as where Chroma's
    directory has the name that the default URL has."""
    if not directory.exists():
        raise NotFoundError(f"no such directory: {directory}", hint="nothing was backed up")
    scheme, _, location = url.partition("://")
    place = Path(unquote(location)).resolve()
    if scheme == "file" and directory.resolve() in (place, *place.parents):
        raise ConfigurationError(
            f"the repository would lie in the directory {directory} itself", url=url, hint="name another URL"
        )
