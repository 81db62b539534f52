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
@click.option("--quick", is_flag=True, help="Leave out the listing of more than a page, which takes 1,001 objects.")
@options_option
def check(output: Output, url: str | None, quick: bool, storage_options: dict[str, Any]) -> int:
    """Try each permission, then write, read, list, race and delete below URL, and leave nothing behind. At the end
    stands what will work there. Exit code 1 if anything is wrong.

    \b
    Example:
        thoth-storage check gs://bucket/backups
    """
    settings = config.store_settings(url, storage_options)
    backend = open_backend(settings.url, **settings.storage_options)

    def tell(step: Step) -> None:
        output.say(f"{'ok  ' if step.ok else 'FAIL'}  {step.name}: {step.detail} ({step.seconds:.2f} s)")

    report = check_backend(backend, tell, pages=not quick)
    output.document(
        {
            "url": report.url,
            "ok": report.ok,
            "snapshots": report.snapshots,
            "shared_log": report.shared_log,
            "steps": report.steps,
            "features": report.features,
        }
    )
    for feature in report.features:
        output.say(
            f"{'works' if feature.works else 'does NOT work'}: {feature.name}" + (feature.why and f"; {feature.why}")
        )
    output.say(
        f"snapshots: {'yes' if report.snapshots else 'no'}; "
        f"several writers on one log: {'yes' if report.shared_log else 'no'}"
    )
    return 0 if report.ok else FAILED
