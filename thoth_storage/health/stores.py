"""Checks of what is stored: whether it opens, how old it is, how much is to be replayed, when it was last proven."""

from __future__ import annotations

from datetime import UTC, datetime

from thoth_storage.health.report import Outcome, fail, graded, ok, warn
from thoth_storage.health.scene import Scene
from thoth_storage.store.drill import last_drills

__all__ = ["checkpoint", "drill", "log", "repository"]


def repository(scene: Scene) -> Outcome:
    """It is there, and the key fits."""
    found = scene.repository()
    return ok(f"repository {found.id[:12]}, {'encrypted; the key fits' if found.encrypted else 'not encrypted'}")


def checkpoint(scene: Scene) -> Outcome:
    """How old the newest is. It may be as old as it likes where nothing was written since."""
    seen = scene.overview()
    if seen.checkpoint is None:
        return warn("there is no checkpoint yet", "make one: thoth-storage checkpoint")
    told = f"the newest is {seen.checkpoint[:12]}"
    if seen.checkpoint_time is None:
        return fail(f"{told}, which cannot be read", "see what is wrong: thoth-storage verify")
    age = _age(seen.checkpoint_time)
    told += f", {_span(age)} old"
    if seen.last and not seen.replay:
        return ok(f"{told}; nothing was written since")
    limit = scene.setting("health_checkpoint_age")
    return graded(age, limit, f"{told} ({_span(limit)} are fine)", "make one: thoth-storage checkpoint, or backup")


def log(scene: Scene) -> Outcome:
    """How many entries an opening has to replay, and whether all are there."""
    seen = scene.overview()
    if seen.missing:
        return fail(
            f"entry {seen.missing[0]} of the log is missing, though later ones are there",
            "bring the object back, or choose another state: thoth-storage log --set-state SNAPSHOT",
        )
    if not seen.last:
        return ok("nothing is logged")
    limit = scene.setting("health_log_entries")
    told = f"{seen.replay} of {seen.last} entries are to be replayed by an opening ({limit} are fine)"
    return graded(seen.replay, limit, told, "make a checkpoint: thoth-storage checkpoint")


def drill(scene: Scene) -> Outcome:
    """When it was last proven that this restores."""
    last, proven = last_drills(scene.opened())
    hint = "run one: thoth-storage drill"
    if last is not None and not last.ok:
        problem = last.problems[0] if last.problems else "see its record"
        before = f"; proven {_span(_age(proven.time))} ago" if proven else ""
        return fail(f"the last drill, {_span(_age(last.time))} ago, failed: {problem}{before}", hint)
    if proven is None:
        return warn("that this restores was never proven", hint)
    age, limit = _age(proven.time), scene.setting("health_drill_age")
    return graded(age, limit, f"proven {_span(age)} ago ({_span(limit)} are fine)", hint)


def _age(time: datetime) -> float:
    return max((datetime.now(UTC) - time).total_seconds(), 0.0)


def _span(seconds: float) -> str:
    """As people say it."""
    for size, word in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {word}"
    return f"{seconds:.0f} seconds"
