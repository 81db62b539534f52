"""``thoth-storage verify``: is everything there, and is it what was written?"""

from __future__ import annotations

from typing import Any

import click

from thoth_storage import config
from thoth_storage.cli.output import Output, human_bytes
from thoth_storage.cli.verb import DAMAGED, options_option, verb
from thoth_storage.repository import Repository

__all__ = ["verify"]


@verb(short_help="Check a repository for damage.")
@click.argument("url", required=False)
@click.option(
    "--read-data/--no-read-data", default=True, show_default=True, help="Read and check every stored byte as well."
)
@options_option
def verify(output: Output, url: str | None, read_data: bool, storage_options: dict[str, Any]) -> int:
    """Check every snapshot of the repository at URL. Exit code 5 if anything is damaged, with each object named.

    \b
    Example:
        thoth-storage verify gs://bucket/backups
    """
    settings = config.store_settings(url, storage_options)
    with (
        Repository.open(settings.url, storage_options=dict(settings.storage_options)) as repository,
        output.progress("verify") as progress,
    ):
        report = repository.verify(read_data=read_data, progress=progress)
    output.document({"url": repository.url, "ok": report.ok, "report": report})
    for problem in report.problems:
        touched = ", ".join(snapshot[:12] for snapshot in problem.snapshots)
        output.say(f"damaged: {problem.key}: {problem.message}{f' (snapshots {touched})' if touched else ''}")
    read = f"{report.blocks} blocks with {human_bytes(report.bytes)} read" if read_data else "data not read"
    output.say(
        f"{report.snapshots} snapshots, {report.packs} packs, {read} in {report.seconds:.1f} s: "
        + ("all is well" if report.ok else f"{len(report.problems)} problems")
    )
    return 0 if report.ok else DAMAGED
