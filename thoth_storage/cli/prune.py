"""``thoth-storage prune``: delete what no snapshot needs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from thoth_storage.cli.costs import estimate_lines
from thoth_storage.cli.output import Output, human_bytes, human_time
from thoth_storage.cli.places import open_configured
from thoth_storage.cli.values import parse_duration, parse_part
from thoth_storage.cli.verb import FAILED, options_option, verb
from thoth_storage.repository import Repository
from thoth_storage.repository.prune import PruneReport
from thoth_storage.store.retention import truncate_log

if TYPE_CHECKING:
    from thoth_storage.prices import Estimate

__all__ = ["prune"]


@verb(short_help="Delete what no snapshot needs.")
@click.argument("url", required=False)
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option(
    "--grace",
    callback=parse_duration,
    default="24h",
    show_default=True,
    help="How long what is marked waits for a later prune to delete it: longer than a backup takes. 0: at once.",
)
@click.option(
    "--max-unused",
    callback=parse_part,
    default="50%",
    show_default=True,
    help="The part of a pack that may be unneeded before the rest is packed anew.",
)
@options_option
def prune(
    output: Output,
    url: str | None,
    dry_run: bool,
    grace: timedelta,
    max_unused: float,
    storage_options: dict[str, Any],
) -> int:
    """Mark what no snapshot needs, and delete what an earlier prune has marked, beside running backups; and the entries
    of a store's write log that all its checkpoints cover. Exit code 1 if something was left as it is; 5, and nothing is
    deleted, if a snapshot cannot be read: it might need anything.

    \b
    Example:
        thoth-storage prune gs://bucket/backups --grace 24h --dry-run
    """
    with open_configured(url, storage_options) as repository:
        with output.progress("prune") as progress:
            report = repository.prune(dry_run=dry_run, grace=grace, max_unused=max_unused, progress=progress)
        entries = truncate_log(repository, dry_run=dry_run) if not report.problems else None
        told = _estimate(repository, grace, max_unused) if dry_run else None
        document = {"url": repository.url, "ok": not report.problems, "report": report, "log": entries}
        output.document({**document, "estimate": told})
    for problem in report.problems:
        output.say(f"left as it is: {problem}")
    for line in _lines(report):
        output.say(line)
    if entries and entries.deleted:
        would = "would be " if dry_run else ""
        output.say(f"{would}deleted: {entries.deleted} entries of the log ({human_bytes(entries.bytes)})")
    for line in estimate_lines(told) if told else ():
        output.say(line)
    return FAILED if report.problems else 0


def _estimate(repository: Repository, grace: timedelta, max_unused: float) -> Estimate:
    from thoth_storage.repository.estimating import estimate_prune

    return estimate_prune(repository, grace, max_unused, also=truncate_log)


def _lines(report: PruneReport) -> list[str]:
    would = "would be " if report.dry_run else ""
    lines = [f"{report.snapshots} snapshots, {report.packs} packs with {human_bytes(report.bytes)}"]
    if report.repacked:
        lines.append(
            f"{would}packed anew: {report.repacked} packs ({human_bytes(report.repacked_bytes)}), of which "
            f"{human_bytes(report.rewritten_bytes)} are needed"
        )
    lines.append(f"{would}deleted: {report.deleted} packs ({human_bytes(report.deleted_bytes)})")
    lines.append(f"{would}marked: {report.marked} packs ({human_bytes(report.marked_bytes)})")
    if report.waiting:
        lines.append(f"waiting: {report.waiting} packs ({human_bytes(report.waiting_bytes)})")
    if report.spared:
        lines.append(f"spared: {report.spared} packs that were marked and are needed again")
    if report.unused_bytes:
        lines.append(f"unneeded, in packs that are mostly needed: {human_bytes(report.unused_bytes)}")
    if report.ready:
        lines.append(f"a prune after {human_time(report.ready)} UTC deletes what is marked")
    return lines
