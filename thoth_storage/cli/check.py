"""``thoth-storage check``: is this bucket fit for use?"""

from __future__ import annotations

from typing import Any

import click

from thoth_storage import config
from thoth_storage.check import Step, check_backend
from thoth_storage.cli.output import Output
from thoth_storage.cli.verb import FAILED, options_option, verb
from thoth_storage.registry import open_backend

__all__ = ["check"]


@verb(short_help="Prove that a bucket is fit for use.")
@click.argument("url", required=False)
@options_option
def check(output: Output, url: str | None, storage_options: dict[str, Any]) -> int:
    """Write, read, list, race and delete below URL, and leave nothing behind. Exit code 1 if anything is wrong.

    \b
    Example:
        thoth-storage check gs://bucket/backups
    """
    settings = config.store_settings(url, storage_options)
    backend = open_backend(settings.url, **settings.storage_options)

    def tell(step: Step) -> None:
        output.say(f"{'ok  ' if step.ok else 'FAIL'}  {step.name}: {step.detail} ({step.seconds:.2f} s)")

    report = check_backend(backend, tell)
    output.document(
        {
            "url": report.url,
            "ok": report.ok,
            "snapshots": report.snapshots,
            "shared_log": report.shared_log,
            "steps": report.steps,
        }
    )
    output.say(
        f"snapshots: {'yes' if report.snapshots else 'no'}; "
        f"several writers on one log: {'yes' if report.shared_log else 'no'}"
    )
    return 0 if report.ok else FAILED
