"""Settings that were not passed as arguments, and where each came from. The only reader of ``os.environ`` and of
``thoth-storage.toml``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from thoth_storage.config.document import read_document
from thoth_storage.config.effective import StoreSettings, Value, store_settings, value_of, values
from thoth_storage.config.settings import SETTINGS, Setting
from thoth_storage.errors import EncryptionKeyError

__all__ = [
    "SETTINGS",
    "Setting",
    "StoreSettings",
    "Value",
    "cache_root",
    "embedder_name",
    "encryption_key",
    "get",
    "is_dumb_terminal",
    "log_format",
    "log_level",
    "on_cloud_run",
    "prices",
    "retention",
    "store_settings",
    "target_encryption_key",
    "values",
    "wants_no_color",
]


def get(name: str, url: Any = None) -> Any:
    """The value of a setting (``SETTINGS`` has them all) for the store at ``url``, else for the configured one. Raises
    ConfigurationError."""
    return value_of(name, url).value


def retention(url: Any = None) -> tuple[dict[str, Any], str]:
    """What ``Repository.forget`` is to keep of the store at ``url``, else of the configured one, and where that was
    said; nothing where it was not."""
    found = [value_of(each.name, url) for each in SETTINGS if each.name.startswith("keep_")]
    rules = {each.name: each.value for each in found if each.value}
    return rules, next((each.source for each in found if each.value), "")


def cache_root(argument: str | os.PathLike[str] | None = None, url: Any = None) -> Path:
    """The folder below which local, disposable Chroma directories are made."""
    if argument is not None:
        return Path(argument).expanduser()
    if (configured := get("cache_dir", url)) is not None:
        return Path(configured).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("thoth_storage", appauthor=False)


def embedder_name(url: Any = None) -> str:
    """``default`` (Chroma's own model), ``lexical`` (ours, without a model) or ``module:object``."""
    return str(get("embedder", url))


def encryption_key(url: Any = None) -> str | None:
    """The key of encrypted repositories: a password, ``base64:`` and 32 bytes, or a reference with ``://``. Raises
    EncryptionKeyError where it is set and empty."""
    found = get("encryption_key", url)
    return None if found is None else str(found)


def target_encryption_key() -> str | None:
    """The key of the repository that a copy goes to, where it is another than that of ``encryption_key``. Raises
    EncryptionKeyError where it is set and empty."""
    value = os.environ.get("THOTH_STORAGE_TO_KEY")
    if value == "":
        raise EncryptionKeyError(
            "THOTH_STORAGE_TO_KEY is set but empty",
            hint="give it the key, or unset it where nothing is to be encrypted",
        )
    return value


def on_cloud_run() -> bool:
    """Whether this is an instance of a Cloud Run service or job, where files are memory."""
    return bool(os.environ.get("K_SERVICE") or os.environ.get("CLOUD_RUN_JOB"))


def log_format() -> str:
    """``json`` for Cloud Logging, ``plain`` for people: what is set, else json on Cloud Run."""
    return str(get("log_format") or ("json" if on_cloud_run() else "plain"))


def prices() -> tuple[Mapping[str, Mapping[str, Any]], str]:
    """What the file says of prices, by scheme (``price_keys.KEYS`` has the keys), and which file that is; nothing
    where there is none. Raises ConfigurationError."""
    document = read_document()
    return document.prices, str(document.path or "")


def is_dumb_terminal() -> bool:
    """Whether the terminal, if there is one, only takes text: it can move no cursor."""
    return os.environ.get("TERM", "") in ("", "dumb", "unknown")


def wants_no_color() -> bool:
    """Whether colours and the like are not wanted (https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


def log_level() -> str:
    """The level for the command line's log. Raises ConfigurationError for one that does not exist."""
    return str(get("log_level"))
