"""What a store has held, entry after entry, told in plain dictionaries: nothing of thoth_storage or chromadb is in it.

States are never changed: each write gives a new one. A collection has a number of its own, by which it is found again
when it was renamed, and not when another got its name.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, NamedTuple

__all__ = ["Collection", "Refused", "Row", "State", "create", "drop", "modify", "named", "write"]

_numbers = count(1)


class Refused(Exception):
    """Chroma does not do it, and nothing is changed."""


class Row(NamedTuple):
    """``metadata`` as sorted pairs; Chroma tells none of them and no metadata alike."""

    vector: tuple[float, ...]
    document: str | None
    metadata: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Collection:
    """``width``: how many numbers its vectors have, once it had one."""

    number: int = field(default_factory=lambda: next(_numbers))
    metadata: tuple[tuple[str, Any], ...] = ()
    rows: dict[str, Row] = field(default_factory=dict)
    width: int | None = None


State = dict[str, Collection]


def named(state: State, number: int) -> str | None:
    """What the collection of that number is called now."""
    return next((name for name, each in state.items() if each.number == number), None)


def create(state: State, name: str, *, get: bool, metadata: dict[str, Any] | None = None) -> State:
    if name in state:
        if get:
            return state
        raise Refused(f"{name} is there")
    return {**state, name: Collection(metadata=_pairs(metadata))}


def drop(state: State, name: str) -> State:
    if name not in state:
        raise Refused(f"{name} is not there")
    return {other: each for other, each in state.items() if other != name}


def modify(state: State, name: str, to: str | None, metadata: dict[str, Any] | None) -> State:
    """Another name, other metadata in the place of the old."""
    if to is not None and to != name and to in state:
        raise Refused(f"{to} is there")
    found = state[name]
    changed = found if metadata is None else replace(found, metadata=_pairs(metadata))
    return {**drop(state, name), (to or name): changed}


def write(state: State, name: str, verb: str, rows: dict[str, Any]) -> State:
    """``rows`` as one passes them to chromadb: ``ids`` and columns, or of a delete ``ids`` or ``where``."""
    found = state[name]
    if verb == "delete":
        gone = {each for each, row in found.rows.items() if _is_meant(each, row, rows)}
        left = {each: row for each, row in found.rows.items() if each not in gone}
        return {**state, name: replace(found, rows=left)}
    widths = {len(vector) for vector in rows["embeddings"]}
    if found.width is not None and widths != {found.width}:
        raise Refused(f"{name} has vectors of {found.width} numbers")
    now = dict(found.rows)
    for place, each in enumerate(rows["ids"]):
        old = now.get(each)
        if (verb == "add" and old) or (verb == "update" and not old):
            continue
        document = rows["documents"][place]
        merged = {**dict(old.metadata if old else ()), **(rows["metadatas"][place] or {})}
        now[each] = Row(
            tuple(rows["embeddings"][place]),
            document if document is not None else old.document if old else None,
            _pairs(merged),
        )
    return {**state, name: replace(found, rows=now, width=found.width or widths.pop())}


def _is_meant(each: str, row: Row, chosen: dict[str, Any]) -> bool:
    """``where``, if given, is that some number is greater than another."""
    if chosen.get("ids") is not None and each not in chosen["ids"]:
        return False
    for key, test in (chosen.get("where") or {}).items():
        value = dict(row.metadata).get(key)
        if not isinstance(value, int) or value <= test["$gt"]:
            return False
    return True


def _pairs(metadata: dict[str, Any] | None) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((key, value) for key, value in (metadata or {}).items() if value is not None))
