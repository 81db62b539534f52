"""URL to backend: the scheme picks the plugin; where none fits, the error says what to install or to write."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from upath import UPath

import thoth_storage as ts
from tests.unit.distributions import GOOD, Site
from thoth_storage import registry
from thoth_storage.errors import ConfigurationError
from thoth_storage.wrappers import MeteredBackend, RetryingBackend

TWO = """
    import thoth_storage as ts

    @ts.hookimpl
    def thoth_storage_backends():
        return {"SCHEME": dict, "shared": dict}
"""


def test_every_plugin_installed_here_is_listed() -> None:
    listed = {plugin.name: plugin for plugin in ts.list_plugins()}
    assert listed["thoth-storage"].schemes == ("memory",)
    assert listed["thoth-storage-gcs"].schemes == ("gcs", "gs")
    assert listed["thoth-storage-s3"].schemes == ("s3", "s3a")
    assert listed["thoth-storage-local"].schemes == ("file",)
    assert all(plugin.error is None and plugin.version for plugin in listed.values())
    assert all(plugin.capabilities[scheme].atomic_create for plugin in listed.values() for scheme in plugin.schemes)
    assert not listed["thoth-storage-s3"].capabilities["s3"].process_local
    assert listed["thoth-storage"].capabilities["memory"].process_local


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("memory://b/p", "memory://b/p"),
        ("MEMORY://b/P", "memory://b/P"),
        ("GS://bucket/P", "gs://bucket/P"),
        ("s3a://bucket/", "s3a://bucket"),
        ("/tmp/a b", "file:///tmp/a b"),
        ("file:///tmp/a%20b", "file:///tmp/a b"),
        (Path("/tmp/x"), "file:///tmp/x"),
        (UPath("/tmp/x"), "file:///tmp/x"),
        (UPath("file:///tmp/a%20b"), "file:///tmp/a%2520b"),
        (UPath("memory://b/p"), "memory://b/p"),
        (UPath("gs://bucket/p", token="anon"), "gs://bucket/p"),
    ],
    ids=str,
)
def test_open(target: Any, url: str) -> None:
    backend = ts.open_backend(target)
    assert backend.url == url
    assert isinstance(backend, RetryingBackend)
    assert isinstance(backend.inner, MeteredBackend)
    assert isinstance(backend, ts.Backend)


def test_options_reach_the_backend_and_win_over_those_of_a_upath() -> None:
    backend: Any = ts.open_backend(UPath("gs://b/p", token="anon", project="theirs"), project="mine", timeout=3)
    assert backend.inner.inner.options() == {"token": "anon", "project": "mine", "timeout": 3}


def test_two_claims_on_one_scheme_name_both(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.install("acme-one", TWO)
    site.install("acme-two", TWO)
    site.install("acme-gs", TWO)
    site.install("acme-good", GOOD)
    answers, plugins = site.ask("shared://b", "gs://b", "good://b", "s3://b")
    kind, text, url, hint = answers["shared://b"]
    assert (kind, url) == ("PluginError", "shared://b")
    assert all(name in text for name in ("acme-one", "acme-two", "acme-gs", "shared://"))
    assert "uninstall" in hint
    assert "thoth-storage-gcs" in answers["gs://b"][1]
    assert "acme-gs" in answers["gs://b"][1]
    assert [answers[url][0] for url in ("good://b", "s3://b")] == ["opened"] * 2
    assert plugins["acme-one"][1] == ["one", "shared"]


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("gcp://b", "gcs://"),
        ("gss://b", "gs://"),
        ("S4://b", "s3://"),
        ("flie:///x", "file://"),
        ("memry://b", "memory://"),
    ],
)
def test_a_slip_of_the_pen_is_answered_with_the_nearest_scheme(url: str, near: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ts.open_backend(url)
    assert f"unknown scheme {url.partition(':')[0].lower()}://" in str(caught.value)
    assert caught.value.url == url
    assert caught.value.hint is not None
    assert f"did you mean {near}?" in caught.value.hint


def test_what_is_near_to_nothing_is_answered_with_what_there_is() -> None:
    with pytest.raises(ConfigurationError) as caught:
        ts.open_backend("hdfs+kerberos://me:s3cret@b/p")
    assert caught.value.url == "hdfs+kerberos://***@b/p"
    assert caught.value.hint == "installed are file://, gcs://, gs://, memory://, s3://, s3a://"
    assert "s3cret" not in repr(caught.value) + str(caught.value)


@pytest.mark.parametrize(
    ("url", "package", "words"),
    [
        ("gs://b", "thoth-storage-gcs", "no installed plugin opens gs://"),
        ("GCS://b", "thoth-storage-gcs", "no installed plugin opens gcs://"),
        ("s3a://b", "thoth-storage-s3", "no installed plugin opens s3a://"),
        ("s33://b", "thoth-storage-s3", "unknown scheme s33://"),
        ("file:///x", "thoth-storage-local", "no installed plugin opens file://"),
        ("./x", "thoth-storage-local", "no installed plugin opens file://"),
    ],
)
def test_a_plugin_that_is_not_installed_is_named(
    url: str, package: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "distributions", list)
    monkeypatch.setattr(registry, "_registry", registry.Registry)
    with pytest.raises(ConfigurationError) as caught:
        ts.open_backend(url)
    assert words in str(caught.value)
    assert f"pip install {package}" in str(caught.value)
    assert ts.open_backend("memory://still/works").url == "memory://still/works"


FAILING = """
    import thoth_storage as ts

    def factory(url, **options):
        BODY

    @ts.hookimpl
    def thoth_storage_backends():
        return {"SCHEME": factory}
"""


@pytest.mark.parametrize(("body", "word"), [("raise OSError('no device')", "OSError"), ("return {}", "lacks verbs")])
def test_a_factory_that_fails_is_named(tmp_path: Path, body: str, word: str) -> None:
    site = Site(tmp_path)
    site.install("acme-failing", FAILING.replace("BODY", body))
    answers, _ = site.ask("failing://b")
    kind, text, url, _ = answers["failing://b"]
    assert (kind, url) == ("PluginError", "failing://b")
    assert "acme-failing" in text
    assert word in text


def test_of_two_distributions_of_one_name_only_the_first_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, entries in (("new", "[other]\nx = x\n"), ("old", "[thoth_storage]\nx = no_such_module\n")):
        info = tmp_path / folder / "thoth_shadowed-1.dist-info"
        info.mkdir(parents=True)
        info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: thoth-shadowed\nVersion: 1\n")
        info.joinpath("entry_points.txt").write_text(entries)
        monkeypatch.syspath_prepend(tmp_path / folder)
    assert "thoth-shadowed" in {plugin.name for plugin in registry.Registry().plugins}
    monkeypatch.syspath_prepend(tmp_path / "new")
    assert "thoth-shadowed" not in {plugin.name for plugin in registry.Registry().plugins}
