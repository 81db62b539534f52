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
VERBS = thoth_storage.list_commands(GROUP_CONTEXT)


def command(verb: str) -> click.Command:
    found = thoth_storage.get_command(GROUP_CONTEXT, verb)
    assert found is not None
    return found


def test_these_are_all() -> None:
    assert VERBS == ["backup", "check", "demo", "plugins", "restore", "snapshots", "verify"]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_an_example_that_its_parser_takes(verb: str) -> None:
    said = invoke(verb, "--help")
    assert said.code == 0
    [example] = re.findall(r"^ *Example:\n +(\S.*)$", said.out, re.MULTILINE)
    program, named, *arguments = shlex.split(example)
    assert (program, named) == ("thoth-storage", verb)
    command(verb).make_context(verb, arguments, parent=GROUP_CONTEXT)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_the_common_options(verb: str) -> None:
    options = {name for parameter in command(verb).params for name in parameter.opts}
    assert {"--json", "--quiet", "-q", "--verbose", "-v"} <= options
    urls = {"url", "places"} & {parameter.name for parameter in command(verb).params}
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
    assert re.search(rf"^  {verb} +{re.escape(short)}$", invoke("--help").out, re.MULTILINE)


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
    ],
)
def test_wrong_usage(arguments: list[str]) -> None:
    said = invoke(*arguments)
    assert said.code == 2
    assert said.out == ""
    assert "Usage: " in said.err
