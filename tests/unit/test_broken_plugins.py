"""A plugin that is broken, in any of the ways they break: it is named, with its error, and harms nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.distributions import GOOD, Site

HOOK = "import thoth_storage as ts\n@ts.hookimpl\ndef thoth_storage_backends():\n    return "

BROKEN = {
    "raises at import": ("raise RuntimeError('no driver on this machine')", "no driver on this machine"),
    "exits at import": ("import sys; sys.exit('bad licence')", "bad licence"),
    "lacks a library": ("import no_such_sdk_anywhere", "no_such_sdk_anywhere"),
    "has a syntax error": ("def (", "SyntaxError"),
    "has an unknown hook": (
        "import thoth_storage as ts\n@ts.hookimpl\ndef thoth_storage_backend(): return {}",
        "thoth_storage_backend",
    ),
    "asks for unknown arguments": (
        "import thoth_storage as ts\n@ts.hookimpl\ndef thoth_storage_backends(config): return {}",
        "config",
    ),
    "has a hook that raises": (HOOK + "1 / 0", "ZeroDivisionError"),
    "returns a list": (HOOK + "['SCHEME']", "a mapping of schemes to factories, not a list"),
    "returns a text": (HOOK + "'SCHEME'", "str"),
    "returns a number": (HOOK + "7", "int"),
    "maps to no factory": (HOOK + "{'SCHEME': 'Backend'}", "'SCHEME'"),
    "claims a number": (HOOK + "{7: dict}", "7"),
    "claims upper case": (HOOK + "{'BAD': dict}", "'BAD'"),
    "claims a whole URL": (HOOK + "{'SCHEME://': dict}", "'SCHEME://'"),
    "claims nothing": (HOOK + "{'': dict}", "''"),
    "claims some good and some bad": (HOOK + "{'SCHEME': dict, '?': dict}", "'?'"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_it_is_named_and_harms_nobody_else(how: str, tmp_path: Path) -> None:
    code, words = BROKEN[how]
    words = words.replace("SCHEME", "bad")
    site = Site(tmp_path)
    site.install("acme-bad", code)
    site.install("acme-good", GOOD)
    answers, plugins = site.ask("bad://b/p", "good://b/p", "file:///tmp/x", "memory://b")

    version, schemes, capabilities, error = plugins["acme-bad"]
    assert (version, schemes, capabilities) == ("1.1", [], [])
    assert words in error
    kind, text, url, hint = answers["bad://b/p"]
    assert kind == "PluginError"
    assert "the plugin for bad:// is broken: acme-bad" in text
    assert words in text
    assert (url, hint) == ("bad://b/p", "reinstall or upgrade acme-bad")

    assert plugins["acme-good"] == ["1.2", ["good"], ["good"], None]
    assert [answers[url][0] for url in ("good://b/p", "file:///tmp/x", "memory://b")] == ["opened"] * 3


def test_our_own_plugin_without_its_sdk_is_told_apart_from_one_that_is_not_installed(tmp_path: Path) -> None:
    """An entry point of a broken installation: the module is gone, the metadata is not."""
    site = Site(tmp_path)
    site.install("thoth-storage-azure", "import adlfs_of_long_ago")
    answers, _ = site.ask("azure://c/p")
    assert answers["azure://c/p"][0] == "PluginError"
    assert "thoth-storage-azure" in answers["azure://c/p"][1]
    assert "adlfs_of_long_ago" in answers["azure://c/p"][1]


def test_a_scheme_of_unknown_owner_is_answered_with_what_is_broken(tmp_path: Path) -> None:
    """A plugin may add schemes that its name does not tell; so its error is shown to whom it may concern."""
    site = Site(tmp_path)
    site.install("acme-storage-drivers", "import no_such_sdk_anywhere")
    answers, _ = site.ask("tape://reel/1")
    kind, text, *_ = answers["tape://reel/1"]
    assert kind == "ConfigurationError"
    assert "broken plugins, which may have added it: acme-storage-drivers" in text
    assert "no_such_sdk_anywhere" in text


@pytest.mark.parametrize("entry", ["x = acme_bad:nothing_of_the_kind", "x = no_such_module_at_all", "x = "])
def test_an_entry_point_that_points_nowhere(entry: str, tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.install("acme-bad", "", entry=entry)
    site.install("acme-good", GOOD)
    answers, plugins = site.ask("good://b/p")
    assert answers["good://b/p"][0] == "opened"
    assert plugins["acme-bad"][3]


@pytest.mark.parametrize("metadata", ["", "Metadata-Version: 2.1\n", "\0\0\0"])
def test_a_distribution_without_a_name(metadata: str, tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.install("acme-odd", GOOD, metadata=metadata)
    site.install("acme-bad", "raise ValueError", metadata=metadata)
    answers, _ = site.ask("odd://b/p", "bad://b/p", "memory://b", "nowhere://b")
    assert answers["memory://b"][0] == "opened"
    assert answers["bad://b/p"][0] in {"ConfigurationError", "PluginError"}
    assert answers["nowhere://b"][0] == "ConfigurationError"


def test_a_module_without_hooks_adds_nothing_and_is_no_fault(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.install("acme-quiet", "")
    _, plugins = site.ask()
    assert plugins["acme-quiet"] == ["1.1", [], [], None]
