"""``thoth-storage drill``: proves that the newest checkpoint restores."""

from __future__ import annotations

from typing import Any

import click

from thoth_storage.cli.output import Output, human_bytes, human_time
from thoth_storage.cli.places import open_configured
from thoth_storage.cli.verb import DAMAGED, FAILED, options_option, verb
from thoth_storage.store.drill import PATIENCE, DrillReport
from thoth_storage.store.drill import drill as run_drill

__all__ = ["drill"]

_COMPARED = {
    "recorded": "with what the checkpoint recorded when it was made",
    "itself": "Chroma's answers with the store's own tables (the snapshot recorded nothing of itself)",
    "files": "files with their hashes only (this is no Chroma store)",
}


@verb(short_help="Prove that the newest checkpoint restores.")
@click.argument("url", required=False)
@click.option("--snapshot", help="Another one: an id, the beginning of one, or a name.")
@click.option(
    "--patience",
    type=click.FloatRange(min=0, min_open=True),
    default=PATIENCE,
    show_default=True,
    metavar="SECONDS",
    help="How long Chroma may take to open it and to answer.",
)
@options_option
def drill(
    output: Output, url: str | None, snapshot: str | None, patience: float, storage_options: dict[str, Any]
) -> int:
    """Restore the newest checkpoint of the store at URL into a temporary directory, open it with Chroma, and compare
    counts, sampled records and queries. The outcome is recorded at URL, where 'status' and 'health' show it. Exit code
    5 if what is stored is damaged, 1 if the drill could not be carried through.

    \b
    Example:
        thoth-storage drill gs://bucket/chroma_db
    """
    with open_configured(url, storage_options) as repository, output.progress("restore") as progress:
        report = run_drill(repository, snapshot, patience=patience, progress=progress)
    output.document(report)
    output.table(["what", ""], [[name, value] for name, value in _lines(report)])
    for problem in report.problems:
        output.complain(f"problem: {problem}")
    if report.not_recorded:
        output.note(f"warning: the drill is not recorded at the URL: {report.not_recorded}")
    if report.ok:
        return 0
    return DAMAGED if report.damaged else FAILED


def _lines(report: DrillReport) -> list[tuple[str, str]]:
    taken = f" of {human_time(report.snapshot_time)} UTC" if report.snapshot_time else ""
    return [
        ("result", "it restores" if report.ok else "it does NOT restore as it should"),
        ("snapshot", f"{report.snapshot[:12]}{taken}" if report.snapshot else "none could be chosen"),
        ("restored", f"{report.files} files, {human_bytes(report.bytes)}"),
        ("compared", _COMPARED.get(report.compared, report.compared)),
        ("counted", f"{report.records} records in {report.collections} collections"),
        ("samples", f"{report.samples} records read; {report.queries} of {report.asked} queries found theirs"),
        ("log behind it", f"{report.entries} entries read"),
        ("took", f"{report.seconds:.1f} s"),
    ]
