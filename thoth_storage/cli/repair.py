"""``thoth-storage repair``: mend what ``verify`` finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from thoth_storage.cli.output import Output, human_bytes
from thoth_storage.cli.places import open_configured
from thoth_storage.cli.verb import DAMAGED, options_option, verb
from thoth_storage.errors import NotFoundError
from thoth_storage.repository.repair import RepairReport

__all__ = ["repair"]


@verb(short_help="Mend what verify finds.")
@click.argument("url", required=False)
@click.option("--drop", is_flag=True, help="Drop what cannot be saved: files, or snapshots that cannot be read.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A directory that may still hold the files.",
)
@options_option
def repair(
    output: Output,
    url: str | None,
    drop: bool,
    dry_run: bool,
    source: Path | None,
    storage_options: dict[str, Any],
) -> int:
    """Mend the repository at URL: a damaged block is taken from another pack, or from the files in DIR. Exit code 5 if
    something damaged is left.

    \b
    Example:
        thoth-storage repair gs://bucket/backups --source ./chroma_db --dry-run
    """
    if source is not None and not source.is_dir():  # before all is read
        raise NotFoundError(f"no such directory: {source}", hint="nothing was repaired")
    with open_configured(url, storage_options) as repository:
        with output.progress("repair") as progress:
            report = repository.repair(drop=drop, dry_run=dry_run, source=source, progress=progress)
        output.document({"url": repository.url, "ok": report.ok, "report": report})
    for line in _lines(report):
        output.say(line)
    return 0 if report.ok else DAMAGED


def _lines(report: RepairReport) -> list[str]:
    would = "would be " if report.dry_run else ""
    lines = [f"{would}replaced: snapshot {old[:12]} by {new[:12]}" for old, new in report.replaced.items()]
    for lost in report.lost:
        lines += [
            f"lost: {file.path} ({human_bytes(file.size)}) of snapshot {lost.snapshot[:12]}" for file in lost.files
        ]
    lines += [f"{would}removed: snapshot {snapshot[:12]}, which cannot be read" for snapshot in report.removed]
    lines += [f"{would}removed: {key}" for key in report.records]
    lines += [f"damaged: {problem.key}: {problem.message}" for problem in report.problems]
    healed = f"{report.healed_blocks} blocks with {human_bytes(report.healed_bytes)} {would}healed"
    state = "all is well" if report.ok else f"{len(report.problems)} problems are left"
    return [*lines, f"{report.snapshots} snapshots, {healed} in {report.seconds:.1f} s: {state}"]
