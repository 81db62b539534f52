"""``thoth-storage config``: which settings are in force, and where each came from."""

from __future__ import annotations

from typing import Any

import click

from thoth_storage import config as settings
from thoth_storage.cli.output import Output
from thoth_storage.cli.verb import options_option, verb
from thoth_storage.config import Value
from thoth_storage.redaction import redact, secrets_of
from thoth_storage.urls import mask_url

__all__ = ["config"]

_HIDDEN = "***"


@click.group(short_help="Show the settings in force.")
def config() -> None:
    """Show which settings are in force. They come from arguments, variables of the environment, and
    thoth-storage.toml."""


@verb(short_help="Show every setting, its value and where that came from.")
@click.argument("url", required=False)
@options_option
def show(output: Output, url: str | None, storage_options: dict[str, Any]) -> None:
    """Show every setting for the store at URL, or for the configured one, and where its value came from. Secrets are
    masked. Exit code 2 if a setting is wrong or misspelt.

    \b
    Example:
        thoth-storage config show
    """
    found = settings.values(url, storage_options)
    secrets = secrets_of(found[0].value, found[1].value)
    rows = [(each.name, _shown(each, secrets), each.source) for each in found]
    output.document({"settings": [dict(zip(("name", "value", "source"), row, strict=True)) for row in rows]})
    output.table(["setting", "value", "from"], [[name, _text(value), source] for name, value, source in rows])


config.add_command(show)


def _shown(each: Value, secrets: Any) -> Any:
    """A value without what must not be seen: a reference to a key is none of that, the key is."""
    if each.value is None:
        return None
    if each.secret:
        return each.value if each.name == "encryption_key" and "://" in each.value else _HIDDEN
    if each.name == "url":
        return mask_url(str(each.value))
    if each.name == "storage_options":
        return {name: redact(str(value), secrets) for name, value in each.value.items()}
    return each.value


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={each}" for name, each in value.items())
    return "" if value is None else str(value)
