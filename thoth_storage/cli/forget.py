"""``thoth-storage forget``: drop snapshots, by name or by rules of what to keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from thoth_storage import config
from thoth_storage.cli.costs import estimate_lines
from thoth_storage.cli.output import Output, all_names, human_time
from thoth_storage.cli.places import open_configured, split
from thoth_storage.cli.verb import options_option, verb
from thoth_storage.store.retention import needed_by_openings

if TYPE_CHECKING:
    from thoth_storage.prices import Estimate
    from thoth_storage.repository import Repository
    from thoth_storage.repository.forgetting import ForgetReport

__all__ = ["forget"]

_KINDS = {
    "last": "Keep the newest N snapshots.",
    "hourly": "Keep the newest of each of the last N hours (UTC) that have one.",
    "daily": "The same for days (UTC).",
    "weekly": "The same for weeks (ISO 8601, UTC).",
    "monthly": "The same for months (UTC).",
}


def _keep_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for kind, text in reversed(_KINDS.items()):
        function = click.option(f"--keep-{kind}", type=click.IntRange(0), default=0, metavar="N", help=text)(function)
    return function


@verb(short_help="Drop snapshots, by name or by rules of what to keep.", options_metavar="[OPTIONS]")
@click.argument("places", nargs=-1, metavar="[URL] [SNAPSHOT]...")
@_keep_options
@click.option("--keep-tag", "tags", multiple=True, help="Keep all snapshots with this tag; repeatable.")
@click.option(
    "--configured", is_flag=True, help="By the keep_... settings of the store, as where neither word nor rule is given."
)
@click.option("--dry-run", is_flag=True, help="Only tell what would be forgotten, and why the others stay.")
@options_option
def forget(
    output: Output,
    places: tuple[str, ...],
    tags: tuple[str, ...],
    configured: bool,
    dry_run: bool,
    storage_options: dict[str, Any],
    **counts: int,
) -> None:
    """Forget the SNAPSHOTs that are named (the URL is then needed before more than one of them); or, with --keep
    options, all that no rule keeps. With neither, the rules are those of the configuration (keep_last, keep_daily and
    so on). A snapshot that a name was moved to is always kept, and so is the one that openings of a store begin with.
    'prune' frees the bytes.

    \b
    Example:
        thoth-storage forget gs://bucket/backups --keep-daily 7 --keep-weekly 4 --keep-tag prod --dry-run
    """
    given: dict[str, Any] = {**counts, "keep_tags": tags}
    rules = {name: each for name, each in given.items() if each}
    if configured and rules:
        raise click.UsageError("--configured and --keep options exclude each other")
    by_rules = bool(rules) or configured or not places
    if by_rules and len(places) > 1:
        raise click.UsageError("give snapshots, or rules (--keep options, --configured) with at most a URL, not both")
    url, wanted = (next(iter(places), None), ()) if by_rules else split(places, "SNAPSHOT", more=True)
    source = "options" if rules else None
    if by_rules and not rules:
        rules, source = _configured(output, url)
    with open_configured(url, storage_options) as repository:
        needed = needed_by_openings(repository) if by_rules else ()
        words = (None if by_rules else wanted,), {**rules, "keep_ids": needed}
        report, told = _forget(repository, *words, dry_run=dry_run)
        output.document(
            {
                "url": repository.url,
                "dry_run": dry_run,
                "rules": rules,
                "rules_from": source,
                "kept": [each for each in report.decisions if each.keep],
                "forgotten": report.forgotten,
                "unreadable": report.unreadable,
                "estimate": told,
            }
        )
    if report.decisions:
        output.table(
            ["", "id", "time (UTC)", "name", "tags", "why"],
            [
                [
                    "keep" if each.keep else "forget",
                    each.snapshot.id[:12],
                    human_time(each.snapshot.time),
                    ", ".join(all_names(each.snapshot)),
                    ", ".join(each.snapshot.tags),
                    ", ".join(each.reasons) or ("no rule keeps it" if by_rules else "named"),
                ]
                for each in report.decisions
            ],
        )
    for snapshot_id in report.unreadable:
        output.note(f"kept {snapshot_id[:12]}, which cannot be read; 'thoth-storage verify' tells more")
    kept = f", {len(report.kept)} stay" if by_rules else ""
    then = "; 'thoth-storage prune' frees the bytes" if report.forgotten else ""
    output.say(f"{'would forget' if dry_run else 'forgot'} {len(report.forgotten)} snapshots{kept}{then}")
    for line in estimate_lines(told) if told else ():
        output.say(line)


def _forget(
    repository: Repository, arguments: tuple[Any, ...], words: dict[str, Any], *, dry_run: bool
) -> tuple[ForgetReport, Estimate | None]:
    if not dry_run:
        return repository.forget(*arguments, **words), None
    from thoth_storage.repository.estimating import estimate_forget

    return estimate_forget(repository, *arguments, **words)


def _configured(output: Output, url: str | None) -> tuple[dict[str, Any], str]:
    """The rules of the configuration, which are said: nobody typed them. Raises UsageError where there are none."""
    rules, source = config.retention(url)
    if not rules:
        raise click.UsageError(
            "name the snapshots that are to go, give at least one --keep option, or set keep_last and the like "
            "for the store in thoth-storage.toml"
        )
    told = ", ".join(f"{name} = {' '.join(kept) if isinstance(kept, tuple) else kept}" for name, kept in rules.items())
    output.note(f"by the rules of {source}: {told}")
    return rules, source
