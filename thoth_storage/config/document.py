"""``thoth-storage.toml``: stores by name, settings by section, prices by scheme. A key that nobody knows is an error:
a setting that is silently without effect is worse than none."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from thoth_storage.config import price_keys
from thoth_storage.config.kinds import Kind
from thoth_storage.config.settings import SETTINGS
from thoth_storage.errors import ConfigurationError

__all__ = ["FILE", "Document", "nearest", "read_document"]

FILE = "thoth-storage.toml"
_SECTIONS = tuple(sorted({each.section for each in SETTINGS} - {"store"}))
_PARSED: dict[Path, tuple[tuple[int, int], Document]] = {}
"""The last of each file: its time and size, and what it says. Many calls read settings, and few change the file."""


class Document(msgspec.Struct, frozen=True):
    """What a file says; nothing where there is none. Values are of their kind already."""

    path: Path | None = None
    stores: Mapping[str, Mapping[str, Any]] = {}
    sections: Mapping[str, Mapping[str, Any]] = {}
    prices: Mapping[str, Mapping[str, Any]] = {}


def read_document() -> Document:
    """The file that ``THOTH_STORAGE_CONFIG`` names, else ``thoth-storage.toml`` of the working directory, where there
    is one. Raises ConfigurationError."""
    named = os.environ.get("THOTH_STORAGE_CONFIG")
    path = Path(named).expanduser() if named else Path(FILE)
    try:
        seen = path.stat()
        state = seen.st_mtime_ns, seen.st_size
        known = _PARSED.get(path.absolute())
        if known and known[0] == state:
            return known[1]
        document = _document(path, _parsed(path))
    except FileNotFoundError as error:
        if not named:
            return Document()
        raise ConfigurationError(
            f"THOTH_STORAGE_CONFIG names {named}, which is not there", hint="create it, or unset the variable"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    _PARSED[path.absolute()] = state, document
    return document


def nearest(word: str, known: Iterable[str]) -> str:
    """What a hint says of a word that nobody knows."""
    import difflib

    names = sorted(known)
    found = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    return f"did you mean {found[0]!r}?" if found else f"known are {', '.join(names)}"


def _parsed(path: Path) -> dict[str, Any]:
    # Where there is no file, a short command is not to pay for what reads it.
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is no TOML: {error}") from error


def _document(path: Path, data: Mapping[str, Any]) -> Document:
    _check_names(path, "", data, ("prices", "stores", *_SECTIONS))
    stores = {
        name: _section(path, f"stores.{name}", "store", table)
        for name, table in _table(path, "stores", data.get("stores", {})).items()
    }
    for name, table in stores.items():
        if "url" not in table:
            raise ConfigurationError(f"{path}: [stores.{name}] has no url", hint=f'add: url = "gs://bucket/{name}"')
    sections = {name: _section(path, name, name, data.get(name, {})) for name in _SECTIONS}
    prices = {
        scheme: _values(path, f"prices.{scheme}", table, price_keys.KEYS)
        for scheme, table in _table(path, "prices", data.get("prices", {})).items()
    }
    return Document(path, stores, sections, prices)


def _section(path: Path, where: str, section: str, data: Any) -> dict[str, Any]:
    known = {each.key: each for each in SETTINGS if each.section == section}
    secret = {key for key, each in known.items() if each.secret}
    found = _values(path, where, data, {key: each.kind for key, each in known.items()}, secret)
    return {known[key].name: value for key, value in found.items()}


def _values(
    path: Path, where: str, data: Any, known: Mapping[str, Kind], secret: Collection[str] = ()
) -> dict[str, Any]:
    """A table whose keys are known, each value of its kind."""
    table = _table(path, where, data)
    _check_names(path, where, table, known)
    found = {}
    for key, value in table.items():
        try:
            found[key] = known[key](value)
        except ValueError as wanted:
            shown = "the value" if key in secret else repr(value)
            raise ConfigurationError(
                f"{path}: {key} in [{where}] is {shown:.80}, which is not {wanted}", hint=f"write {wanted}"
            ) from None
    return found


def _table(path: Path, where: str, data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ConfigurationError(f"{path}: {where} is {data!r:.80}, not a table", hint=f"begin it with [{where}]")
    return data


def _check_names(path: Path, where: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
    names = set(known)
    for name in table:
        if name not in names:
            place = f"[{where}] has" if where else "there is"
            raise ConfigurationError(f"{path}: {place} no setting {name!r}", hint=nearest(name, names))
