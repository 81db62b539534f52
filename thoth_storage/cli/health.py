"""``thoth-storage health``: whether a store can be relied on."""

from __future__ import annotations

from typing import Any

import click

from thoth_storage import health as library
from thoth_storage.cli.output import Output
from thoth_storage.cli.verb import FAILED, options_option, verb

__all__ = ["health"]


@verb(short_help="Check whether a store can be relied on.")
@click.argument("url", required=False)
@click.option(
    "--deadline",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="For all checks together; what has not answered by then has failed.  [default: the setting health_deadline]",
)
@click.option("--read-only", is_flag=True, help="Do not try to write.")
@options_option
def health(
    output: Output, url: str | None, deadline: float | None, read_only: bool, storage_options: dict[str, Any]
) -> int:
    """Check this machine, the service that stores, and the store at URL: versions, plugins, configuration, a round
    trip, the identity, the repository, the ages of the newest checkpoint and of the last drill, the log, room, clocks.
    Exit code 1 if a check fails, 0 with warnings.

    \b
    Example:
        thoth-storage health gs://bucket/chroma_db --deadline 5
    """
    report = library.examine(url, storage_options, deadline=deadline, write=not read_only)
    output.document(
        {
            "url": report.url,
            "ok": report.ok,
            "status": report.status,
            "seconds": report.seconds,
            "checks": report.checks,
        }
    )
    rows = [[each.name, each.status, each.message, f"{each.seconds:.2f}"] for each in report.checks]
    output.table(["check", "status", "what", "seconds"], rows, right=("seconds",))
    for each in report.checks:
        if each.hint and each.status != library.OK:
            output.note(f"{each.name}: {each.hint}")
    return 0 if report.ok else FAILED
