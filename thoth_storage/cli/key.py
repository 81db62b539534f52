"""``thoth-storage key``: who may open an encrypted repository."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from typing import Any

import click

from thoth_storage.cli.output import Output
from thoth_storage.cli.places import open_configured, split
from thoth_storage.cli.secrets import ask_key, check_reference
from thoth_storage.cli.verb import options_option, verb
from thoth_storage.repository.keyring import KeyObject

__all__ = ["key"]


@click.group(short_help="List, add, rotate or remove the keys of an encrypted repository.")
def key() -> None:
    """Keys of an encrypted repository. The one that opens it now is THOTH_STORAGE_KEY.

    \b
    Example:
        thoth-storage key list gs://bucket/backups
    """


def _new_key_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--new-key",
        metavar="REFERENCE",
        callback=check_reference,
        help="Where the new key is: file:///path, or what a plugin resolves. Else it is asked for.",
    )(function)


@verb(name="list", short_help="List the key objects.")
@click.argument("url", required=False)
@options_option
def list_keys(output: Output, url: str | None, storage_options: dict[str, Any]) -> None:
    """List the key objects of the repository at URL: each is one key that opens it. No key is shown.

    \b
    Example:
        thoth-storage key list gs://bucket/backups
    """
    with open_configured(url, storage_options) as repository:
        found = repository.keys()
        shown = [_shown(each) for each in found]
        output.document({"url": repository.url, "keys": shown})
    output.table(
        ["id", "created", "method", "service"],
        [[each["id"][:12], each["created"][:19], each["method"], each["service"]] for each in shown],
    )


@verb(name="add", short_help="Let one more key open the repository.")
@click.argument("url", required=False)
@_new_key_option
@options_option
def add(output: Output, url: str | None, new_key: str | None, storage_options: dict[str, Any]) -> None:
    """Let a new key open the repository at URL too.

    \b
    Example:
        thoth-storage key add gs://bucket/backups --new-key file:///run/secrets/new-key
    """
    with open_configured(url, storage_options) as repository:
        added = repository.add_key(new_key or ask_key("new key"))
        output.document({"url": repository.url, "key": added})
    output.say(f"added the key {added[:12]}")


@verb(name="rotate", short_help="Put a new key in the place of the present one.")
@click.argument("url", required=False)
@_new_key_option
@options_option
def rotate(output: Output, url: str | None, new_key: str | None, storage_options: dict[str, Any]) -> None:
    """Let a new key open the repository at URL, and the present one (THOTH_STORAGE_KEY) no more.

    \b
    Example:
        thoth-storage key rotate gs://bucket/backups --new-key file:///run/secrets/new-key
    """
    with open_configured(url, storage_options) as repository:
        added = repository.rotate_key(new_key or ask_key("new key"))
        output.document({"url": repository.url, "key": added})
    output.say(f"added the key {added[:12]}; the one that was used until now opens the repository no more")


@verb(name="remove", short_help="Revoke a key.", options_metavar="[OPTIONS]")
@click.argument("places", nargs=-1, required=True, metavar="[URL] KEY")
@options_option
def remove(output: Output, places: tuple[str, ...], storage_options: dict[str, Any]) -> None:
    """Revoke a key by the id of its object, or the beginning of it. The last one is kept.

    \b
    Example:
        thoth-storage key remove gs://bucket/backups 3f9a
    """
    url, [key_id] = split(places, "KEY")
    with open_configured(url, storage_options) as repository:
        repository.remove_key(key_id)
        output.document({"url": repository.url, "removed": key_id})
    output.say(f"removed the key {key_id}")


@verb(name="generate", short_help="Print a new random key.")
def generate(output: Output) -> None:
    """Print a new random key of 32 bytes, fit for THOTH_STORAGE_KEY or a file. It is stored nowhere.

    \b
    Example:
        thoth-storage key generate
    """
    made = f"base64:{base64.b64encode(secrets.token_bytes(32)).decode()}"
    output.document({"key": made})
    output.say(made)


def _shown(each: KeyObject) -> dict[str, str]:
    """What is told of a key object; the service is empty for a password or a random key."""
    wrapping = each.wrapping
    return {
        "id": each.id,
        "created": each.created,
        "method": str(wrapping.get("method", "?")),
        "service": str(wrapping.get("service", "")),
    }


for _command in (list_keys, add, rotate, remove, generate):
    key.add_command(_command)
