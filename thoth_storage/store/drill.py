"""Restore drills: the newest checkpoint is restored, opened with Chroma and compared, and what came of it is recorded.

A backup that was never restored is a hope. A drill needs room for the store on this machine for as long as it lasts,
and touches nothing at the URL but its own record.
"""

from __future__ import annotations

import base64
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import msgspec

from thoth_storage import config
from thoth_storage.errors import CorruptionError, NotFoundError, PermissionError_
from thoth_storage.log import Log
from thoth_storage.repository import Progress, Repository, RestoreReport, Snapshot
from thoth_storage.repository.drill_records import DrillRecord, Drills, read_drills, write_drill
from thoth_storage.repository.index import program
from thoth_storage.store.budget import check_room
from thoth_storage.store.cache import CacheDirectory
from thoth_storage.store.captured import DATABASE
from thoth_storage.store.drilling import Finding, Task
from thoth_storage.store.line import Line
from thoth_storage.store.log_opening import open_log
from thoth_storage.store.overview import entries_behind
from thoth_storage.store.start import find_start
from thoth_storage.telemetry import operation

__all__ = ["DrillRecord", "DrillReport", "Drills", "drill", "last_drill", "last_drills"]

PATIENCE = 1800.0
"""Seconds that Chroma gets: it counts, reads a few records and asks a few queries, and may hang on bad files."""
_CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE}
"""What bad files do. SIGKILL is what a machine without memory sends."""


@dataclass(frozen=True)
class DrillReport(DrillRecord):
    """``recorded``: whether it stands at the URL now; ``not_recorded``: why not."""

    recorded: bool = False
    not_recorded: str | None = None


def drill(
    repository: Repository,
    snapshot: str | None = None,
    *,
    cache_dir: str | Path | None = None,
    memory_budget: int | None = None,
    patience: float = PATIENCE,
    progress: Callable[[Progress], None] | None = None,
) -> DrillReport:
    """Restore ``snapshot``, or what an opening of the store would begin with, into a directory of its own; open that
    with Chroma in a process of its own; compare; delete it; record the outcome.

    Compared are the numbers of records in each collection, a few records and a query by each one's embedding: with what
    the checkpoint said of itself when it was made, or where it said nothing (it was made by an older version, or is a
    backup of a directory) Chroma's answers with the store's own tables. Without ``snapshot`` the entries of the log
    behind it are read too. ``patience``: seconds that Chroma gets. ``cache_dir`` and ``memory_budget`` as for
    ``PersistentClient``; None for what is configured.

    What is wrong with the store is told and recorded, not raised. Raises NotFoundError where there is nothing to
    restore, CapacityError with the figures, UnavailableError, PermissionError_ for who may not read.
    """
    began = time.perf_counter()
    found = _Found()
    with operation("drill", repository.url) as under_way:
        try:
            chosen = _choose(repository, snapshot, found)
            found.snapshot = repository.get(chosen.snapshot)
            _restore_and_compare(repository, found, cache_dir, memory_budget, patience, progress)
            if chosen.log is not None:
                found.read_log(chosen.log, chosen.position)
        except CorruptionError as error:
            found.damage(str(error))
        record = found.record(time.perf_counter() - began)
        under_way.set(ok=record.ok, snapshot=record.snapshot, problems=len(record.problems))
    told = {field.name: getattr(record, field.name) for field in fields(record)}
    try:
        write_drill(repository.vault, record)
    except PermissionError_ as error:
        return DrillReport(**told, not_recorded=error.message)
    return DrillReport(**told, recorded=True)


def last_drill(repository: Repository) -> DrillRecord | None:
    """The newest drill at this URL, whatever came of it; None where there was none."""
    return last_drills(repository).last


def last_drills(repository: Repository) -> Drills:
    """The newest drill, and the newest that succeeded: when it was last proven that this restores."""
    return read_drills(repository.vault)


@dataclass(frozen=True)
class _Chosen:
    snapshot: str
    log: Log | None = None
    position: int = 0


class _Found:
    """What a drill has come to so far."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None
        self.restored: RestoreReport | None = None
        self.finding = Finding("files")
        self.entries = 0
        self.damaged = False
        self.problems: list[str] = []

    def damage(self, problem: str) -> None:
        self.damaged = True
        self.problems.append(problem)

    def read_log(self, log: Log, position: int) -> None:
        """All entries that an opening would replay: whether they can be read."""
        expected = position + 1
        for entry in entries_behind(log, position):
            if entry.sequence != expected:
                self.damage(f"entry {expected} of the log is missing")
            if entry.problem:
                self.damage(f"entry {entry.sequence} of the log cannot be read: {entry.problem}")
            expected = entry.sequence + 1
            self.entries += 1

    def record(self, seconds: float) -> DrillRecord:
        finding, restored = self.finding, self.restored
        return DrillRecord(
            time=datetime.now(UTC),
            ok=not self.problems,
            damaged=self.damaged,
            snapshot=self.snapshot.id if self.snapshot else None,
            snapshot_time=self.snapshot.time if self.snapshot else None,
            seconds=seconds,
            bytes=restored.bytes if restored else 0,
            files=restored.files if restored else 0,
            compared=finding.compared,
            collections=finding.collections,
            records=finding.records,
            samples=finding.samples,
            queries=finding.queries,
            asked=finding.asked,
            entries=self.entries,
            problems=tuple(self.problems),
            program=f"{program()}, chromadb {metadata.version('chromadb')}",
        )


def _choose(repository: Repository, snapshot: str | None, found: _Found) -> _Chosen:
    if snapshot is not None:
        return _Chosen(repository.get(snapshot).id)
    line, log = Line(repository), open_log(repository)
    try:
        start = find_start(line, log) if log else None
    except CorruptionError as error:
        # No opening would go on from there; whether the newest checkpoint restores is worth the more.
        found.damage(str(error))
        start, log = None, None
    newest = start.snapshot if start else line.newest()
    if newest is None:
        raise NotFoundError(
            "the store has no checkpoint yet", url=repository.url, hint="make one: thoth-storage checkpoint"
        )
    return _Chosen(newest, log, start.position if start else 0)


def _restore_and_compare(
    repository: Repository,
    found: _Found,
    cache_dir: str | Path | None,
    budget: int | None,
    patience: float,
    progress: Callable[[Progress], None] | None,
) -> None:
    snapshot = found.snapshot
    assert snapshot is not None
    budget = config.get("memory_budget", repository.url) if budget is None else budget
    with _directory(config.cache_root(cache_dir, repository.url), repository.url) as cache:
        check_room(cache.folder, snapshot.size, budget, url=repository.url)
        found.restored = repository.restore(snapshot.id, cache.path, progress=progress)
        contents = repository.contents_of(snapshot.id)
        if (cache.path / DATABASE).exists():
            _compare(Task(str(cache.path), base64.b64encode(contents).decode()), patience, found)
        elif contents or snapshot.position is not None:
            found.damage(f"the checkpoint has no {DATABASE}")


@contextmanager
def _directory(root: Path, url: str) -> Iterator[CacheDirectory]:
    """Deleted at the end. Where this process is killed, the next one that uses the cache deletes it."""
    cache = CacheDirectory(root, url)
    try:
        yield cache
    finally:
        cache.remove()


def _compare(task: Task, patience: float, found: _Found) -> None:
    """Let a process of its own compare. Only where Chroma fails on the files is it they that are wrong."""
    found.finding = Finding("itself")
    with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as complaints:
        command = [sys.executable, "-m", "thoth_storage.store.drilling"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=answer, stderr=complaints)  # noqa: S603 - our own
        assert process.stdin is not None
        try:
            # The pipe stays open: that process ends when it closes, be it because this one was killed.
            process.stdin.write(msgspec.json.encode(task) + b"\n")
            process.stdin.flush()
            code = process.wait(patience)
        except subprocess.TimeoutExpired:
            found.problems.append(f"Chroma did not end within {patience:.0f} s on what was restored")
            return
        except BrokenPipeError:
            code = process.wait()
        finally:
            process.kill()
            process.communicate()
        answer.seek(0)
        complaints.seek(0)
        if code == 0:
            found.finding = msgspec.json.decode(answer.read(), type=Finding)
            for problem in found.finding.problems:
                found.damage(problem)
        elif -code in _CRASHES:
            found.damage(f"Chroma died of {signal.Signals(-code).name} on what was restored")
        else:
            last = complaints.read().decode(errors="replace").strip().rpartition("\n")[2]
            found.problems.append(f"the process that compares ended with {code}: {last:.300}")
