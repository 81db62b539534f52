"""``thoth-storage copy``: snapshots to another repository, on whatever service."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from thoth_storage import config
from thoth_storage.cli.costs import estimate_lines
from thoth_storage.cli.output import Output, human_bytes
from thoth_storage.cli.secrets import check_reference
from thoth_storage.cli.verb import options_option, parse_options, verb
from thoth_storage.registry import open_backend
from thoth_storage.repository import Repository

__all__ = ["copy"]

_INTERRUPTED = "snapshots that were copied are there, none is there in part; doing it again goes on from there"


@verb(short_help="Copy snapshots to another repository.")
@click.argument("source", metavar="SRC")
@click.argument("target", metavar="DST")
@click.option("--snapshot", "snapshots", multiple=True, help="Only this one: an id or a name; repeatable.")
@click.option(
    "--to-key",
    metavar="REFERENCE",
    callback=check_reference,
    help="Where DST's key is: file:///path, or what a plugin resolves. Else THOTH_STORAGE_TO_KEY, THOTH_STORAGE_KEY.",
)
@click.option("--dry-run", is_flag=True, help="Write nothing; tell what would be moved, and about what that costs.")
@options_option
@click.option(
    "--to-option",
    "to_options",
    multiple=True,
    metavar="NAME=VALUE",
    callback=parse_options,
    help="An option for DST's file system, as -o is for that of SRC; repeatable.",
)
def copy(
    output: Output,
    source: str,
    target: str,
    snapshots: tuple[str, ...],
    to_key: str | None,
    dry_run: bool,
    storage_options: dict[str, Any],
    to_options: dict[str, Any],
) -> None:
    """Copy the snapshots of the repository at SRC to that at DST, which is created if it is not there. What is there
    already is not moved; after an interruption, doing it again goes on from there.

    \b
    Example:
        thoth-storage copy gs://bucket/backups s3://bucket/backups --snapshot nightly
    """
    key = to_key or config.target_encryption_key()
    wanted = list(snapshots) or None
    if dry_run:
        _rehearse(output, source, target, wanted, key, storage_options, to_options)
        return
    with (
        Repository.open(source, storage_options=storage_options) as here,
        Repository.open(target, create=True, encryption_key=key, storage_options=to_options) as there,
    ):
        with output.interrupted(_INTERRUPTED), output.progress("copy") as progress:
            report = here.copy_to(there, wanted, progress=progress)
        output.document({"url": here.url, "target": there.url, "dry_run": False, "report": report, "estimate": None})
    for snapshot_id in report.snapshots:
        output.say(f"copied snapshot {snapshot_id[:12]}")
    output.say(
        f"copied {len(report.snapshots)} snapshots to {there.url}, {len(report.skipped)} were there already: "
        f"{report.blocks} blocks, {human_bytes(report.read)} read, {human_bytes(report.stored)} stored, "
        f"in {report.seconds:.1f} s"
    )


def _rehearse(
    output: Output,
    source: str,
    target: str,
    wanted: list[str] | None,
    key: str | None,
    storage_options: dict[str, Any],
    to_options: dict[str, Any],
) -> None:
    from thoth_storage.repository.estimating import estimate_copy

    with (
        Repository.open(source, storage_options=storage_options) as here,
        closing(open_backend(target, **to_options)) as there,
    ):
        # By the URL as it was given, as Repository.open finds it.
        found = config.encryption_key(target) if key is None else key
        with output.progress("copy, nothing is written") as progress:
            told = estimate_copy(here, there, wanted, progress, encryption_key=found)
        estimates = {"source": told.source, "target": told.target}
        document = {"url": here.url, "target": there.url, "dry_run": True, "report": told.report}
        output.document({**document, "estimate": estimates})
    output.say(
        f"would copy {len(told.report.snapshots)} snapshots, {len(told.report.skipped)} are there already: "
        f"{told.report.blocks} blocks, {human_bytes(told.report.read)} read, {human_bytes(told.report.stored)} stored"
    )
    for where, each in estimates.items():
        for line in estimate_lines(each, f"{where}: "):
            output.say(line)
