"""Nothing public without a word about it, and no two places that tell different things."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import click
import pytest

import thoth_storage
from tests.cli.test_exit_codes import CODES
from tests.docs.pages import PAGES, ROOT, all_text
from thoth_storage import errors, hookspecs
from thoth_storage.cli.group import thoth_storage as group

VERBS = group.list_commands(click.Context(group))
HOOKS = [name for name in vars(hookspecs) if name.startswith("thoth_storage_")]
ERRORS = [kind.__name__ for kind in CODES]
PLUGINS = sorted(path.parent.name for path in (ROOT / "plugins").glob("*/pyproject.toml"))


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def project(folder: str) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(page(f"{folder}/pyproject.toml"))["project"]
    return found


def mentioned(name: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


@pytest.mark.parametrize("name", thoth_storage.__all__)
def test_every_public_name_is_in_the_documents(name: str) -> None:
    assert mentioned(name, all_text())


@pytest.mark.parametrize("method", [name for name in vars(thoth_storage.VectorStore) if not name.startswith("_")])
def test_every_method_of_the_store_is_in_the_documents(method: str) -> None:
    assert mentioned(method, all_text())


def test_there_are_hooks() -> None:
    assert HOOKS


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented_for_plugin_authors(hook: str) -> None:
    assert mentioned(hook, page("docs/plugins.md"))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_documented(verb: str) -> None:
    assert re.search(rf"^\| `{verb}\b", page("docs/cli.md"), re.MULTILINE)


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_of_a_verb_is_documented(verb: str) -> None:
    command = group.get_command(click.Context(group), verb)
    assert command is not None
    for each in [command, *(command.commands.values() if isinstance(command, click.Group) else ())]:
        for parameter in each.params:
            names = [*parameter.opts, *parameter.secondary_opts]
            if isinstance(parameter, click.Option):
                assert any(mentioned(name, page("docs/cli.md")) for name in names), names


@pytest.mark.parametrize("method", [name for name in dir(thoth_storage.Repository) if not name.startswith("_")])
def test_every_method_of_a_repository_is_in_the_documents(method: str) -> None:
    assert mentioned(method, all_text())


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_is_documented(name: str) -> None:
    assert mentioned(name, page("docs/guide.md"))
    assert errors.__doc__ is not None
    assert re.search(rf"^ +[│├└─ ]*{name} {{2,}}\S", errors.__doc__, re.MULTILINE), "not in the drawn tree"


def test_the_drawn_tree_is_the_tree() -> None:
    assert errors.__doc__ is not None
    drawn = re.findall(r"^    ([│├└─ ]*)(\w+Error_?) {2,}\S", errors.__doc__, re.MULTILINE)
    parents: list[str] = []
    for lead, name in drawn:
        depth = len(lead) // 4
        parents = [*parents[:depth], name]
        expected = parents[depth - 1] if depth else "Exception"
        assert expected in {base.__name__ for base in getattr(errors, name).__bases__}
    assert {name for _, name in drawn} == set(ERRORS)


def test_the_table_of_exit_codes_is_right() -> None:
    rows = re.findall(r"^\| (\d+) \| [^|]* \| ([^|]*) \|$", page("docs/cli.md"), re.MULTILINE)
    told = {name: int(code) for code, names in rows for name in re.findall(r"`(\w+Error_?)`", names)}
    assert told == {kind.__name__: code for kind, code in CODES.items() if kind is not errors.StorageError}


def test_every_variable_of_the_environment_is_documented() -> None:
    modules = sorted((ROOT / "thoth_storage" / "config").glob("*.py"))
    source = "".join(module.read_text(encoding="utf-8") for module in modules)
    names = set(re.findall(r'"([A-Z]+_[A-Z_]*[A-Z])"', source)) - {"BY_NAME"}
    assert len(names) >= 7
    assert {name for name in names if not mentioned(name, all_text())} == set()


def test_links_lead_somewhere() -> None:
    broken = [
        f"{name}: {target}"
        for name in [*PAGES, *(f"plugins/{plugin}/README.md" for plugin in PLUGINS)]
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page(name))
        if "://" not in target and not (ROOT / name).parent.joinpath(target).exists()
    ]
    assert broken == []


def test_one_version_for_all() -> None:
    core = project(".")
    version = core["version"]
    assert [project(f"plugins/{plugin}")["version"] for plugin in PLUGINS] == [version] * len(PLUGINS)
    pins = [
        pin for extra in core["optional-dependencies"].values() for pin in extra if pin.startswith("thoth-storage-")
    ]
    assert sorted(pins) == [f"{plugin}=={version}" for plugin in PLUGINS]
    assert thoth_storage.__version__ == version


@pytest.mark.parametrize("plugin", PLUGINS)
def test_plugins_are_named_after_what_they_are(plugin: str) -> None:
    found = project(f"plugins/{plugin}")
    assert found["name"] == plugin
    assert found["requires-python"] == project(".")["requires-python"]
    assert found["license"] == project(".")["license"]
    assert any(re.match(r"thoth-storage\b(?!-)", each) for each in found["dependencies"])
    assert mentioned(plugin, all_text())
