"""``thoth-storage verify``: is everything there, and is it what was written?"""

from __future__ import annotations

from typing import Any

import click

from thoth_storage.cli.output import Output, human_bytes
from thoth_storage.cli.places import open_configured
from thoth_storage.cli.verb import DAMAGED, options_option, verb

__all__ = ["verify"]


@verb(short_help="Check a repository for damage.")
@click.argument("url", required=False)
@click.option(
    "--read-data",
    is_flag=False,
    flag_value="all",
    metavar="PART",
    help="Which stored bytes to read: all (if nothing is said), 5% (the part whose turn it is today) or 3/30.",
)
@click.option("--no-read-data", is_flag=True, help="Check the structure alone.")
@options_option
def verify(
    output: Output, url: str | None, read_data: str | None, no_read_data: bool, storage_options: dict[str, Any]
) -> int:
    """Check every snapshot of the repository at URL, and the stored bytes or a part of them. Exit code 5 if anything
    is damaged, with each object named.

    \b
    Example:
        thoth-storage verify gs://bucket/backups --read-data 5%
    """
    if no_read_data and read_data:
        raise click.UsageError("--read-data and --no-read-data exclude each other")
    part = False if no_read_data else read_data if read_data not in (None, "all") else True
    with open_configured(url, storage_options) as repository, output.progress("verify") as progress:
        report = repository.verify(read_data=part, progress=progress)
    output.document({"url": repository.url, "ok": report.ok, "report": report})
    for problem in report.problems:
        touched = ", ".join(snapshot[:12] for snapshot in problem.snapshots)
        output.say(f"damaged: {problem.key}: {problem.message}{f' (snapshots {touched})' if touched else ''}")
    read = f"{report.blocks} blocks with {human_bytes(report.bytes)} read" if part else "data not read"
    if "/" in report.part:
        read += f" (part {report.part})"
    output.say(
        f"{report.snapshots} snapshots, {report.packs} packs, {read} in {report.seconds:.1f} s: "
        + ("all is well" if report.ok else f"{len(report.problems)} problems")
    )
    return 0 if report.ok else DAMAGED
