"""Keys as they are given on the command line: a reference to one, or typed where nobody sees it; never in the clear.

What stands in a command can be read by everybody on the machine, and stays in the shell's history.
"""

from __future__ import annotations

import sys

import click

__all__ = ["ask_key", "check_reference"]


def check_reference(
    _context: click.Context | None, parameter: click.Parameter | None, reference: str | None
) -> str | None:
    """Refuse a key itself, without showing it. Raises BadParameter."""
    if reference is not None and "://" not in reference:
        raise click.BadParameter(
            "a reference is expected, such as file:///run/secrets/key, and never the key itself", param=parameter
        )
    return reference


def ask_key(prompt: str) -> str:
    """Ask for a key twice, unseen. Raises UsageError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise click.UsageError("no new key was given; pass --new-key file:///path, or run this on a terminal")
    given: str = click.prompt(prompt, hide_input=True, confirmation_prompt=True, err=True)
    if "://" in given:
        raise click.UsageError("a key with :// in it would be taken for a reference; choose another")
    return given
