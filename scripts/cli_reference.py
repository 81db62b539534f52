"""Prints docs/cli-reference.md, made from the code of the command line; with --write puts it there. A test holds the
page to the code."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from thoth_storage.cli import ending, verb
from thoth_storage.cli.group import thoth_storage

PAGE = Path(__file__).parent.parent / "docs" / "cli-reference.md"
EVERYWHERE = ("as_json", "quiet", "verbose")
"""Options that each verb has."""
HEAD = """\
# Command line reference

Every verb with its arguments and options, made from the code (`scripts/cli_reference.py --write`). [cli.md](cli.md)
tells what they are for, [configuration.md](configuration.md) what is taken from the configuration where it is left out.

"""
CODES = {
    0: "done",
    1: "failed, or not healthy",
    2: "wrong usage or configuration",
    3: "not found",
    4: "conflict",
    5: "data damaged",
    ending.INTERRUPTED: "interrupted (Ctrl-C)",
    ending.TERMINATED: "terminated (SIGTERM)",
}


def page() -> str:
    context = click.Context(thoth_storage, info_name="thoth-storage", **thoth_storage.context_settings)
    verbs = list(_verbs(thoth_storage, context))
    return HEAD + "\n".join([_codes(), _common(verbs[0]), *(_verb(each) for each in verbs)])


def _verbs(group: click.Group, context: click.Context) -> Iterator[click.Context]:
    """Each verb in a context of its own, which knows how it is called; those of a group behind it."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        own = click.Context(command, parent=context, info_name=name)
        if isinstance(command, click.Group):
            yield from _verbs(command, own)
        else:
            yield own


def _codes() -> str:
    kinds: dict[int, list[str]] = {}
    for kind, code in verb._EXIT_CODES:  # noqa: SLF001 - this page tells of it
        kinds.setdefault(code, []).append(f"`{kind.__name__}`")
    kinds[ending.FAILED] = ["every other error"]
    rows = [f"| {code} | {text} | {', '.join(kinds.get(code, []))} |" for code, text in CODES.items()]
    return "\n".join(["## Exit codes", "", "| code | means | errors |", "|---|---|---|", *rows, ""])


def _common(context: click.Context) -> str:
    options = [each for each in context.command.params if each.name in EVERYWHERE]
    shown = context.command.get_help_option(context)
    return "\n".join(["## Options of every verb", "", *_table([*options, *([shown] if shown else [])]), ""])


def _verb(context: click.Context) -> str:
    command = context.command
    name = context.command_path.removeprefix("thoth-storage ")
    text, _, example = inspect.cleandoc(command.help or "").partition("\b\nExample:\n")
    options = [each for each in command.params if isinstance(each, click.Option) and each.name not in EVERYWHERE]
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"## {name}", "", "```text", usage, "```", ""]
    for paragraph in text.replace("\b\n", "").strip().split("\n\n"):
        parts += [_escaped(" ".join(paragraph.split())), ""]
    parts += ["```sh", inspect.cleandoc(example).strip(), "```", ""]
    if options:
        parts += [*_table(options), ""]
    parts.append(f"With `--json`: [schemas/{name.replace(' ', '-')}.json](schemas/{name.replace(' ', '-')}.json).")
    return "\n".join([*parts, ""])


def _table(options: list[click.Parameter] | list[click.Option]) -> list[str]:
    rows = []
    for each in options:
        assert isinstance(each, click.Option)
        names = ", ".join(f"`{name}`" for name in sorted(each.opts, key=len))
        wanted = "" if each.is_flag or each.count else f" {each.make_metavar(click.Context(click.Command('x')))}"
        rows.append(f"| {names.removesuffix('`')}{wanted}` | {_escaped(each.help or '')} | {_default(each)} |")
    return ["| option | what it does | default |", "|---|---|---|", *rows]


def _default(option: click.Option) -> str:
    given = option.default
    is_nothing = option.is_flag or given in (None, "", ()) or not isinstance(given, str | int | float)
    return "" if is_nothing else f"`{given}`"


def _escaped(text: str) -> str:
    """Signs that Markdown would heed: patterns, placeholders and the borders of cells."""
    return re.sub(r"([|*<>_])", r"\\\1", text)


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
