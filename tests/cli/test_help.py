"""Help for every verb there is: whoever adds one is held to it."""

from __future__ import annotations

import re
import shlex
from importlib.metadata import version

import click
import pytest

from tests.cli.helpers import invoke
from thoth_storage.cli.group import thoth_storage

GROUP_CONTEXT = click.Context(thoth_storage, **thoth_storage.context_settings)
GROUPS = {"config": ["show"], "key": ["add", "generate", "list", "remove", "rotate"]}
VERBS = [
    each
    for verb in thoth_storage.list_commands(GROUP_CONTEXT)
    for each in ([f"{verb} {sub}" for sub in GROUPS[verb]] if verb in GROUPS else [verb])
]
"""Also those of groups, as they are typed."""


def command(verb: str) -> click.Command:
    found: click.Command | None = thoth_storage
    for word in verb.split():
        assert isinstance(found, click.Group)
        found = found.get_command(GROUP_CONTEXT, word)
    assert found is not None
    return found


def test_these_are_all() -> None:
    assert thoth_storage.list_commands(GROUP_CONTEXT) == [
        *("add", "backup", "check", "checkpoint", "completion", "config", "copy", "demo", "diff", "drill"),
        *("export", "forget", "health", "import", "key", "log", "name"),
        *("plugins", "prune", "query", "repair", "restore", "serve", "show", "snapshots", "status", "tag", "verify"),
    ]
    for group, verbs in GROUPS.items():
        found = command(group)
        assert isinstance(found, click.Group)
        assert found.list_commands(GROUP_CONTEXT) == verbs


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_an_example_that_its_parser_takes(verb: str) -> None:
    said = invoke(*verb.split(), "--help")
    assert said.code == 0
    [example] = re.findall(r"^ *Example:\n +(\S.*)$", said.out, re.MULTILINE)
    program, *arguments = shlex.split(example)
    words = verb.split()
    assert [program, *arguments[: len(words)]] == ["thoth-storage", *words]
    arguments = arguments[len(words) :]
    command(verb).make_context(verb, arguments, parent=GROUP_CONTEXT)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_the_common_options(verb: str) -> None:
    options = {name for parameter in command(verb).params for name in parameter.opts}
    assert {"--json", "--quiet", "-q", "--verbose", "-v"} <= options
    urls = {"url", "places", "source"} & {parameter.name for parameter in command(verb).params}
    assert ("--option" in options) == bool(urls)


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_tells_what_it_does(verb: str) -> None:
    for parameter in command(verb).params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_in_the_list_with_a_line_of_its_own(verb: str) -> None:
    short = command(verb).short_help
    assert short
    *group, last = verb.split()
    assert re.search(rf"^  {last} +{re.escape(short)}$", invoke(*group, "--help").out, re.MULTILINE)


def test_short_options_for_help() -> None:
    assert invoke("-h").out == invoke("--help").out
    assert invoke("verify", "-h").out == invoke("verify", "--help").out


def test_version() -> None:
    assert invoke("--version").out == f"thoth-storage, version {version('thoth-storage')}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["backup"],
        ["backup", "a", "b", "c"],
        ["restore"],
        ["restore", "a", "b", "c"],
        ["snapshots", "--nonsense"],
        ["verify", "x", "-o", "no-equals-sign"],
        ["verify", "x", "-o", "=value"],
        ["demo", "--corpus", __file__],
        ["verify", "x", "--read-data", "5%", "--no-read-data"],
        ["restore", "x", "out", "--at", "yesterday"],
        ["restore", "x", "out", "--at", "2026-01-01", "--snapshot", "first"],
        ["show"],
        ["show", "x", "a", "b"],
        ["show", "memory://x"],
        ["diff", "a"],
        ["diff", "x", "a", "b", "c"],
        ["diff", "memory://x", "a"],
        ["forget"],
        ["forget", "--keep-last", "0"],
        ["forget", "--keep-last", "-1", "x"],
        ["forget", "memory://x"],
        ["forget", "x", "a", "--keep-last", "1"],
        ["prune", "--grace", "soon"],
        ["prune", "--max-unused", "150%"],
        ["copy", "x"],
        ["copy", "x", "y", "--to-key", "a-key-in-the-clear"],
        ["copy", "x", "y", "--to-option", "no-equals-sign"],
        ["tag", "x", "a"],
        ["name", "x"],
        ["name", "x", "a", "b", "--remove"],
        ["add"],
        ["add", "x", "--part-size", "9"],
        ["completion"],
        ["completion", "tcsh"],
        ["query"],
        ["query", "--", " "],
        ["query", "x", "--where", "["],
        ["query", "x", "-n", "0"],
        ["key"],
        ["key", "nonsense"],
        ["key", "rotate", "x", "--new-key", "a-key-in-the-clear"],
        ["key", "remove"],
    ],
)
def test_wrong_usage(arguments: list[str]) -> None:
    said = invoke(*arguments)
    assert said.code == 2
    assert said.out == ""
    assert "Usage: " in said.err
    assert "a-key-in-the-clear" not in said.err
