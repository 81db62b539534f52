"""What a service is started with, and where that comes from where nobody says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from thoth_storage import config
from thoth_storage.errors import ConfigurationError, InvalidArgumentError

__all__ = ["LOOK_EVERY", "LOOPBACK", "ServiceSettings", "configured"]

LOOK_EVERY = 5.0
"""Seconds between two looks for what other instances wrote, where the configuration says nothing."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


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
    allowed_hosts: tuple[str, ...] = LOOPBACK
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
    chosen_host = host or config.get("host") or everywhere
    chosen_port = config.get("port") if port is None else port
    if not 0 <= chosen_port <= 65535:
        raise InvalidArgumentError(f"port is {chosen_port}", hint="a number from 0 to 65535; 0 for any that is free")
    return ServiceSettings(
        url=store.url,
        storage_options=dict(store.storage_options),
        host=chosen_host,
        port=chosen_port,
        read_only=read_only or config.get("read_only"),
        token=_token_of(token_file) if token_file else _checked(config.get("token"), "the setting token"),
        # What listens on this machine alone goes by this machine's names: a browser here may be led to it by others.
        allowed_hosts=config.get("allowed_hosts") or (LOOPBACK if chosen_host in LOOPBACK else ()),
        body_limit=config.get("body_limit"),
        max_behind=config.get("max_behind"),
        deadline=config.get("deadline"),
    )


def _token_of(path: Path) -> str | None:
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the token's file {path} cannot be read: {error}") from error
    return _checked(token, f"the token's file {path}")


def _checked(token: str | None, where: str) -> str | None:
    if token is not None and not (token.strip() and token.isascii() and token.isprintable()):
        raise ConfigurationError(
            f"{where} holds no token", hint="one line of printable ASCII, such as `openssl rand -hex 32`"
        )
    return token
