"""Which value a setting has, and where it came from.

First found wins: the argument; a variable of the environment; the store in ``thoth-storage.toml``; a default. What the
file says of a store holds for that store alone: for the one that is chosen by its name, and for whoever gives its URL.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from thoth_storage.config.document import Document, nearest, read_document
from thoth_storage.config.settings import BY_NAME, SETTINGS, Setting
from thoth_storage.errors import ConfigurationError, EncryptionKeyError
from thoth_storage.urls import mask_url

__all__ = ["StoreSettings", "Value", "store_settings", "value_of", "values"]

_log = logging.getLogger("thoth_storage.config")
_FALLBACK = "./chroma_db"
_OTHERS = ("THOTH_STORAGE_STORE", "THOTH_STORAGE_CONFIG", "THOTH_STORAGE_TO_KEY")
_PREFIX = "THOTH_STORAGE_"


@dataclass(frozen=True)
class StoreSettings:
    """Which store to open: its URL, the options for its file system, and what decided. ``name`` is what the file calls
    it, where it is there."""

    url: Any
    source: str
    storage_options: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None


@dataclass(frozen=True)
class Value:
    """``source`` is a variable's name, a table of the file, or ``default``."""

    name: str
    value: Any
    source: str
    secret: bool = False


def store_settings(url: Any = None, storage_options: Mapping[str, Any] | None = None) -> StoreSettings:
    """The store that an argument, the environment, the file or the default names. Says in the log when it is the
    default. Raises ConfigurationError."""
    found = _chosen(url, dict(storage_options or {}))
    if found.source == "default":
        _log.warning("no store is configured: using %s on the local disk", _FALLBACK)
    return found


def value_of(name: str, url: Any = None) -> Value:
    """What setting ``name`` is for the store at ``url``, else for the configured one. Raises ConfigurationError,
    EncryptionKeyError for a key that is set and empty."""
    setting, document = BY_NAME[name], read_document()
    for variable in setting.variables:
        given = os.environ.get(variable)
        if given == "" and setting.secret:
            # A secret that was not found leaves an empty variable, and nobody wants to go on without for that.
            raise _empty(setting, variable)
        if given:
            return Value(name, _parsed(setting, variable, given), variable, setting.secret)
    table, where = _table_of(setting, document, url)
    if name in table:
        return Value(name, table[name], f"{document.path} [{where}]", setting.secret)
    return Value(name, setting.default, "default", setting.secret)


def values(url: Any = None, storage_options: Mapping[str, Any] | None = None) -> list[Value]:
    """All settings as they are in force, with where each came from; secrets are in it. Raises ConfigurationError."""
    _check_variables()
    store = _chosen(url, dict(storage_options or {}))
    found = [Value("url", store.url, store.source)]
    for setting in SETTINGS[1:]:
        if setting.name == "storage_options":
            source = store.source if store.storage_options else "default"
            found.append(Value("storage_options", dict(store.storage_options), source))
        else:
            found.append(value_of(setting.name, store.url))
    return found


def _chosen(url: Any, options: dict[str, Any]) -> StoreSettings:
    document = read_document()
    if url is None and (value := os.environ.get("THOTH_STORAGE_URL")):
        url, source = value, "THOTH_STORAGE_URL"
    else:
        source = "argument"
    if url is not None:
        name = _name_of(document, url)
        more = document.stores[name].get("storage_options", {}) if name else {}
        return StoreSettings(url, source, {**more, **options}, name)
    if name := _named(document):
        table = document.stores[name]
        more = table.get("storage_options", {})
        return StoreSettings(table["url"], f"{document.path} [stores.{name}]", {**more, **options}, name)
    if bucket := os.environ.get("GCS_BUCKET_NAME"):
        if "/" in bucket:
            raise ConfigurationError(
                f"GCS_BUCKET_NAME is {bucket!r}, which is no bucket's name", hint="give the name alone, without gs://"
            )
        if project := os.environ.get("GCP_PROJECT_ID"):
            options.setdefault("project", project)
        return StoreSettings(f"gs://{bucket}/chroma_db", "GCS_BUCKET_NAME", options)
    return StoreSettings(_FALLBACK, "default", options)


def _named(document: Document) -> str | None:
    """The store that ``THOTH_STORAGE_STORE`` names, else the one that is called ``default``, where there is one."""
    wanted = os.environ.get("THOTH_STORAGE_STORE")
    if wanted and wanted not in document.stores:
        place = f"{document.path} has" if document.path else "without a thoth-storage.toml there is"
        raise ConfigurationError(
            f"THOTH_STORAGE_STORE is {wanted!r}, and {place} no store of that name",
            hint=nearest(wanted, document.stores) if document.stores else f"write one with [stores.{wanted}]",
        )
    return wanted or ("default" if "default" in document.stores else None)


def _table_of(setting: Setting, document: Document, url: Any) -> tuple[Mapping[str, Any], str]:
    if setting.section != "store":
        return document.sections.get(setting.section, {}), setting.section
    name = _chosen(url, {}).name if document.stores else None
    return (document.stores[name], f"stores.{name}") if name else ({}, "")


def _name_of(document: Document, url: Any) -> str | None:
    """What the file calls the store at ``url``; the one that is chosen where several have it."""
    wanted = _normal(url)
    names = [name for name, table in document.stores.items() if _normal(table["url"]) == wanted]
    chosen = os.environ.get("THOTH_STORAGE_STORE") or "default"
    return chosen if chosen in names else next(iter(names), None)


def _normal(url: Any) -> str:
    """A URL, or a plain path as the URL that it stands for; without secrets, which a backend does not show either."""
    given = getattr(url, "url", url)
    word = str(given).rstrip("/")
    return mask_url(word) if "://" in word else f"file://{Path(word).expanduser().absolute()}"


def _parsed(setting: Setting, variable: str, given: str) -> Any:
    try:
        return setting.kind(given)
    except ValueError as wanted:
        shown = "set" if setting.secret else f"{given!r:.80}"
        raise ConfigurationError(f"{variable} is {shown}, which is not {wanted}", hint=f"use {wanted}") from None


def _check_variables() -> None:
    """Raises ConfigurationError for a variable that looks like a misspelt one of ours; others may be anybody's."""
    known = [each for setting in SETTINGS for each in setting.variables if each.startswith(_PREFIX)]
    known += _OTHERS
    endings = [each.removeprefix(_PREFIX) for each in known]
    for variable in os.environ:
        ending = variable.removeprefix(_PREFIX)
        if variable.startswith(_PREFIX) and variable not in known:
            import difflib

            near = difflib.get_close_matches(ending, endings, n=1, cutoff=0.7)
            if near:
                raise ConfigurationError(f"no setting is called {variable}", hint=f"did you mean {_PREFIX}{near[0]}?")


def _empty(setting: Setting, variable: str) -> ConfigurationError:
    if setting.name == "encryption_key":
        return EncryptionKeyError(
            f"{variable} is set but empty", hint="give it the key, or unset it where nothing is to be encrypted"
        )
    return ConfigurationError(f"{variable} is set but empty", hint="give it its value, or unset it")
