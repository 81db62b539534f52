"""``thoth-storage status``: how a store is doing, seen from its URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from thoth_storage.cli.costs import cost_of, cost_per_month
from thoth_storage.cli.output import Output, human_bytes, human_time
from thoth_storage.cli.places import open_configured
from thoth_storage.cli.verb import DAMAGED, options_option, verb
from thoth_storage.store.drill import DrillRecord, Drills, last_drills
from thoth_storage.store.overview import StoreOverview, look_at

if TYPE_CHECKING:
    from thoth_storage.prices import Estimate
    from thoth_storage.repository import Repository

__all__ = ["status"]


@verb(short_help="Show the newest checkpoint and the log of a store.")
@click.argument("url", required=False)
@click.option("--cost", is_flag=True, help="Also what is stored in all, and about what that and an opening cost.")
@options_option
def status(output: Output, url: str | None, cost: bool, storage_options: dict[str, Any]) -> int:
    """Show what an opening of the store at URL would find: the newest checkpoint, and how much of the write log comes
    on top of it. Nothing is downloaded. With --cost all objects are listed, and the newest checkpoint's manifest is
    read. Exit code 5 if entries of the log are missing.

    \b
    Example:
        thoth-storage status gs://bucket/chroma_db
    """
    with open_configured(url, storage_options) as repository:
        found, drills = look_at(repository), last_drills(repository)
        costs = _costs(repository, found) if cost else None
    told = {name: getattr(found, name) for name in found.__dataclass_fields__}
    output.document(
        {"ok": not found.missing, **told, "last_drill": drills.last, "last_proven": drills.proven, "cost": costs}
    )
    output.table(["what", ""], [[name, value] for name, value in [*_lines(found), *_drilled(drills), *_priced(costs)]])
    if found.missing:
        output.complain(
            f"entry {found.missing[0]} of the log is missing, though later ones are there; "
            "bring the object back, or choose another state: thoth-storage log --set-state SNAPSHOT"
        )
    return DAMAGED if found.missing else 0


def _lines(found: StoreOverview) -> list[tuple[str, str]]:
    checkpoint = f"{found.checkpoint[:12]} of {human_time(found.checkpoint_time)} UTC" if found.checkpoint else "none"
    kept = f"{found.first} to {found.last}, {human_bytes(found.log_bytes)}" if found.first else "no entry"
    return [
        ("store", found.url),
        ("newest checkpoint", checkpoint),
        ("it covers the log up to", str(found.position or 0)),
        ("log", kept),
        ("to be replayed by an opening", f"{found.replay} entries"),
        ("snapshots", str(found.snapshots)),
    ]


@dataclass(frozen=True)
class _Costs:
    objects: int
    storage: Estimate
    opening: Estimate


def _costs(repository: Repository, found: StoreOverview) -> _Costs:
    """``opening``: on a machine that has nothing of the store."""
    from thoth_storage.repository.estimating import estimate_opening, estimate_storage

    objects, storage = estimate_storage(repository.backend)
    entries = found.last - found.first + 1 if found.first else 1
    size = found.log_bytes * found.replay // entries
    return _Costs(objects, storage, estimate_opening(repository, found.checkpoint, found.replay, size))


def _priced(costs: _Costs | None) -> list[tuple[str, str]]:
    if costs is None:
        return []
    stored = f"{costs.objects} objects, {human_bytes(costs.storage.added)}"
    opening = f"{costs.opening.class_a + costs.opening.class_b} requests, {human_bytes(costs.opening.received)}"
    return [
        ("stored in all", f"{stored}; {cost_per_month(costs.storage)}"),
        ("an opening elsewhere", f"{opening}; {cost_of(costs.opening)}"),
    ]


def _drilled(drills: Drills) -> list[tuple[str, str]]:
    last, proven = drills
    lines = [("last proven restorable", _told(proven) if proven else "never: thoth-storage drill")]
    return [*lines, ("last drill", f"{_told(last)}, FAILED")] if last and not last.ok else lines


def _told(drill: DrillRecord) -> str:
    return f"{human_time(drill.time)} UTC, by {(drill.snapshot or 'no snapshot')[:12]}"
