"""What a service is started with, and where that comes from where nobody says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from thoth_storage import config
from thoth_storage.errors import ConfigurationError, InvalidArgumentError

__all__ = ["LOOK_EVERY", "ServiceSettings", "configured"]

LOOK_EVERY = 5.0
"""Seconds between two looks for what other instances wrote, where the configuration says nothing."""


@dataclass(frozen=True)
class ServiceSettings:
    """``url`` None: what the configuration says. ``token``: who asks must bring it; None for nobody. ``allowed_hosts``:
    names that a request may be sent to; empty for any. ``body_limit`` in bytes of a request. ``max_behind``: entries of
    the log that this instance may lack and still be ready. ``deadline``: seconds from SIGTERM to the end."""

    url: Any = None
    storage_options: Mapping[str, Any] = field(default_factory=dict)
    host: str = "127.0.0.1"
    port: int = 8080
    read_only: bool = False
    token: str | None = field(default=None, repr=False)
    allowed_hosts: tuple[str, ...] = ()
    body_limit: int = 4 << 20
    max_behind: int = 1000
    deadline: float = 8.0


def configured(
    url: Any = None,
    storage_options: Mapping[str, Any] | None = None,
    *,
    host: str | None = None,
    port: int | None = None,
    read_only: bool = False,
    token_file: Path | None = None,
) -> ServiceSettings:
    """The arguments, and the configuration for what was left out. Raises ConfigurationError."""
    store = config.store_settings(url, storage_options)
    everywhere = "0.0.0.0" if config.on_cloud_run() else "127.0.0.1"  # noqa: S104 - Cloud Run sends from outside
    chosen = port if port is not None else _get("port", 8080)
    if not 0 <= chosen <= 65535:
        raise InvalidArgumentError(f"port is {chosen}", hint="a number from 0 to 65535; 0 for any that is free")
    hosts = _get("allowed_hosts", None) or ()
    return ServiceSettings(
        url=store.url,
        storage_options=dict(store.storage_options),
        host=host or _get("host", None) or everywhere,
        port=chosen,
        read_only=read_only or bool(_get("read_only", False)),
        token=_token(token_file) if token_file else _get("token", None),
        allowed_hosts=tuple(hosts.split(",") if isinstance(hosts, str) else hosts),
    )


def _get(name: str, default: Any) -> Any:
    found = config.get(name) if any(each.name == name for each in config.SETTINGS) else None
    return default if found is None else found


def _token(path: Path) -> str:
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the token's file {path} cannot be read: {error}") from error
    if not token or not token.isascii() or not token.isprintable():
        raise ConfigurationError(
            f"the token's file {path} holds no token",
            hint="one line of printable ASCII, such as `openssl rand -hex 32`",
        )
    return token
