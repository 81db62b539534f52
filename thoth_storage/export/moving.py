"""All rows of some collections from one place to another, a page at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from thoth_storage.errors import NotFoundError
from thoth_storage.export.columns import Metadata
from thoth_storage.repository.reports import Progress, ProgressCallback, timed
from thoth_storage.store.portable import Batch, CollectionInfo

__all__ = ["MoveReport", "Moved", "Source", "Target", "move"]


class Source(Protocol):
    """Where rows come from. ``where`` is for people."""

    where: str

    def collections(self) -> list[CollectionInfo]: ...
    def metadatas(self, info: CollectionInfo) -> Iterator[list[Metadata]]: ...
    def batches(self, info: CollectionInfo) -> Iterator[Batch]: ...


class Target(Protocol):
    """Where they go. ``notes``: what could not be made as it was."""

    where: str
    notes: list[str]

    def check(self, infos: Sequence[CollectionInfo]) -> None: ...
    def begin(self, info: CollectionInfo, metadatas: Callable[[], Iterable[Sequence[Metadata]]]) -> None: ...
    def write(self, batch: Batch) -> None: ...
    def end(self) -> None: ...
    def finish(self) -> None: ...


@dataclass(frozen=True)
class Moved:
    """One collection."""

    name: str
    rows: int
    dimension: int | None


@dataclass(frozen=True)
class MoveReport:
    """``rows`` of all collections together; ``bytes`` those of their vectors; ``checkpoint`` and ``position`` tell
    which state of a store it was; ``notes`` what is not at the target as it was."""

    source: str
    target: str
    collections: tuple[Moved, ...]
    rows: int
    bytes: int
    seconds: float
    checkpoint: str | None = None
    position: int | None = None
    notes: tuple[str, ...] = ()


def move(
    source: Source, target: Target, names: Sequence[str] = (), progress: ProgressCallback | None = None
) -> MoveReport:
    """Move the collections of those names, or all. Nothing is written where one is missing (NotFoundError) or cannot be
    taken by the target (what its ``check`` raises)."""
    began = time.monotonic()
    tell = timed(progress) or (lambda _: None)
    infos = _chosen(source, names)
    target.check(infos)
    total, done = sum(each.rows * _width(each) for each in infos), 0
    moved: list[Moved] = []
    for info in infos:
        rows = 0
        tell(Progress("move", done, total, len(moved), len(infos)))
        target.begin(info, lambda info=info: source.metadatas(info))  # type: ignore[misc]
        for batch in source.batches(info):
            target.write(batch)
            rows += len(batch.ids)
            done += batch.embeddings.nbytes
            tell(Progress("move", done, total, len(moved), len(infos)))
        target.end()
        moved.append(Moved(info.name, rows, info.dimension))
    target.finish()
    tell(Progress("move", done, done, len(infos), len(infos)))
    return MoveReport(
        source.where,
        target.where,
        tuple(moved),
        sum(each.rows for each in moved),
        done,
        time.monotonic() - began,
        notes=tuple(target.notes),
    )


def _chosen(source: Source, names: Sequence[str]) -> list[CollectionInfo]:
    infos = source.collections()
    there = {each.name for each in infos}
    for name in names:
        if name not in there:
            raise NotFoundError(
                f"there is no collection {name!r:.100}",
                url=source.where,
                hint=f"there are: {', '.join(sorted(there)) or 'none'}"[:500],
            )
    return [each for each in infos if not names or each.name in names]


def _width(info: CollectionInfo) -> int:
    return 4 * (info.dimension or 0)
