"""Which columns metadata gets: one for each key, of its values' own type; what does not fit goes, exactly, into JSON.

The reader's rule is short: a row's metadata is what its columns have, and what its JSON has comes before that.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from thoth_storage.errors import CorruptionError
from thoth_storage.store.portable import Sparse

__all__ = ["PREFIX", "REST", "Column", "Metadata", "Survey", "joined", "kind_of", "rest_of", "values_of"]

Metadata = dict[str, Any] | None
PREFIX = "meta_"
REST = "metadata_json"
_COLUMNS = 500
"""Keys at most that get a column of their own: the most frequent ones."""
_TRACKED = 20_000
"""Different keys of which is counted how often they come; more would take memory without end."""
_LONGEST = 200
_LISTS = {"bool": "bools", "int": "ints", "float": "floats", "string": "strings"}


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``column`` is its name in the file, ``key`` the metadata's."""

    column: str
    key: str
    kind: str


class Survey:
    """What a first look at all metadata tells."""

    def __init__(self) -> None:
        self._kinds: dict[str, Counter[str | None]] = {}

    def look(self, metadatas: Iterable[Metadata]) -> None:
        for metadata in metadatas:
            for key, value in (metadata or {}).items():
                if key in self._kinds or len(self._kinds) < _TRACKED:
                    self._kinds.setdefault(key, Counter())[kind_of(value)] += 1

    def columns(self) -> list[Column]:
        """In the order of their names, which no two share, whatever their case: many readers do not mind it."""
        often = sorted(self._kinds, key=lambda key: (-self._kinds[key].total(), key))
        found: dict[str, Column] = {}
        for key in often:
            kind, name = self._kind(key), PREFIX + key
            if kind and _is_name(name) and len(found) < _COLUMNS:
                found.setdefault(name.casefold(), Column(name, key, kind))
        return sorted(found.values(), key=lambda each: each.column)

    def _kind(self, key: str) -> str | None:
        counts = self._kinds[key]
        if set(counts) == {"int", "float"}:
            return "float"
        return max(counts, key=lambda kind: (counts[kind], str(kind)))


def kind_of(value: Any) -> str | None:
    """What a value is; None for what no column can hold."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int" if -(2**63) <= value < 2**63 else None
    if isinstance(value, float):
        return "float"
    if isinstance(value, str):
        return "string"
    if isinstance(value, Sparse):
        return "sparse"
    if isinstance(value, list) and value:
        kinds = {kind_of(each) for each in value}
        return _LISTS.get(kinds.pop() or "") if len(kinds) == 1 else None
    return None


def values_of(column: Column, metadatas: Sequence[Metadata]) -> list[Any]:
    """A column's values, None where a row has none. Whole numbers among others stand there as such ones, and are in
    the JSON as they are."""
    found = [metadata.get(column.key) if metadata else None for metadata in metadatas]
    kinds = [kind_of(value) for value in found]
    fits = {"int", "float"} if column.kind == "float" else {column.kind}
    found = [value if kind in fits else None for value, kind in zip(found, kinds, strict=True)]
    return [float(each) if isinstance(each, int) else each for each in found] if column.kind == "float" else found


def rest_of(columns: dict[str, str], metadata: Metadata) -> str | None:
    """JSON of what the columns (kinds by key) do not tell exactly; None where they tell all."""
    rest = {key: value for key, value in (metadata or {}).items() if kind_of(value) != columns.get(key, "")}
    if not rest:
        return None
    return json.dumps({key: _told(value) for key, value in rest.items()}, ensure_ascii=False, allow_nan=False)


def joined(found: dict[str, Any], rest: str | None) -> Metadata:
    """A row's metadata; None for none. Raises CorruptionError."""
    if rest is not None:
        try:
            more = json.loads(rest)
            found = {**found, **{key: _value(value) for key, value in more.items()}}
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise CorruptionError(f"the column {REST!r} has {rest!r:.80}, which is no metadata") from error
    return found or None


def _is_name(name: str) -> bool:
    """Whether readers take it for the name of a column, and people can type it."""
    return len(name) <= _LONGEST and all(unicodedata.category(each)[0] not in "CZ" or each == " " for each in name)


def _told(value: Any) -> Any:
    if isinstance(value, Sparse):
        return {"#sparse": [value.indices, [_told(each) for each in value.values], value.labels]}
    if isinstance(value, float) and not math.isfinite(value):
        return {"#float": repr(value)}
    return [_told(each) for each in value] if isinstance(value, list) else value


def _value(told: Any) -> Any:
    if isinstance(told, list):
        return [_value(each) for each in told]
    if isinstance(told, dict):
        if "#float" in told:
            return float(told["#float"])
        indices, values, labels = told["#sparse"]
        return Sparse(indices, [_value(each) for each in values], labels)
    return told
