"""``thoth-storage restore``: a snapshot back into a directory."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from thoth_storage.cli.output import Output, human_bytes
from thoth_storage.cli.places import open_configured, split
from thoth_storage.cli.values import parse_time
from thoth_storage.cli.verb import options_option, verb
from thoth_storage.repository import Repository, RestoreReport
from thoth_storage.store.restoring import newer_entries, restore_at

__all__ = ["restore"]


@verb(short_help="Restore a snapshot into a directory.", options_metavar="[OPTIONS]")
@click.argument("places", nargs=-1, required=True, metavar="[URL] TARGET")
@click.option("--snapshot", help="An id, the beginning of one, a name or 'latest', which it is if nothing is said.")
@click.option(
    "--at",
    callback=parse_time,
    metavar="TIME",
    help="The state at that time, by the newest snapshot that is not later and the log: ISO 8601, UTC without a zone.",
)
@click.option("--include", multiple=True, help="Only paths that match, such as '*.sqlite3' or a folder; repeatable.")
@click.option("--overwrite", is_flag=True, help="Replace a TARGET that is not empty, or with --include its files.")
@click.option("--dry-run", is_flag=True, help="Make all checks and tell what would be written and read; write nothing.")
@options_option
def restore(
    output: Output,
    places: tuple[str, ...],
    snapshot: str | None,
    at: datetime | None,
    include: tuple[str, ...],
    overwrite: bool,
    dry_run: bool,
    storage_options: dict[str, Any],
) -> None:
    """Restore a snapshot from the repository at URL into TARGET, every block verified; all or nothing.

    \b
    Example:
        thoth-storage restore gs://bucket/backups ./restored --snapshot nightly
    """
    url, [target] = split(places, "TARGET")
    if at and snapshot:
        raise click.UsageError("--snapshot and --at exclude each other")
    with open_configured(url, storage_options) as repository:
        with output.interrupted(_stands(target, dry_run=dry_run)), output.progress("restore") as progress:

            def write(source: Repository, wanted: str | None, moment: datetime | None) -> RestoreReport:
                return source.restore(
                    wanted,
                    Path(target),
                    include=list(include) or None,
                    overwrite=overwrite,
                    progress=progress,
                    at=moment,
                    dry_run=dry_run,
                )

            report = restore_at(repository, at, write) if at else write(repository, snapshot, None)
        newer = 0 if at or snapshot else newer_entries(repository, report)
        if dry_run and not output.as_json and not output.quiet:
            _table(output, repository, report)
    output.document(report)
    output.say(
        f"{'would restore' if dry_run else 'restored'} snapshot {report.snapshot[:12]} to {report.target}: "
        f"{report.files} files, {human_bytes(report.bytes)}, in {report.seconds:.1f} s"
    )
    if newer:
        output.note(f"the log has {newer} entries that this checkpoint has not: restore --at a time brings them, too")
    if dry_run:
        output.say(
            f"{human_bytes(report.reused)} are there already; {human_bytes(report.read)} would be read "
            f"by {report.requests} requests"
        )


def _table(output: Output, repository: Repository, report: RestoreReport) -> None:
    sizes = {file.path: file.size for file in repository.show(report.snapshot).files}
    output.table(["bytes", "path"], [[str(sizes.get(path, "?")), path] for path in report.paths], right=("bytes",))


def _stands(target: str, *, dry_run: bool) -> str:
    end = "" if dry_run else ", unless the restore was about to end"
    return f"{target} is as it was{end}"
