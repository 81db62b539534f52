"""Finds the plugins and opens a backend for a URL. Nothing here knows any service: the scheme picks the plugin."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import pluggy

import thoth_storage
from thoth_storage import catalogue, config, hookspecs, urls
from thoth_storage.backend import Backend, Capabilities
from thoth_storage.errors import ConfigurationError, EncryptionKeyError, PluginError, StorageError
from thoth_storage.memory import MemoryBackend
from thoth_storage.wrappers import MeteredBackend, RetryingBackend

__all__ = ["PluginInfo", "Registry", "list_plugins", "open_backend", "resolve_key"]


@dataclass(frozen=True)
class PluginInfo:
    """One plugin as ``thoth-storage plugins`` shows it: what it adds, or why it is broken."""

    name: str
    version: str | None
    schemes: tuple[str, ...] = ()
    capabilities: dict[str, Capabilities] = field(default_factory=dict)
    key_schemes: tuple[str, ...] = ()
    error: str | None = None


class _Claim(NamedTuple):
    plugin: str
    factory: hookspecs.BackendFactory


class _KeyClaim(NamedTuple):
    plugin: str
    provider: hookspecs.KeyProvider


class Registry:
    """The plugins of this environment, each loaded behind a guard of its own.

    One that cannot be imported, or whose hooks are wrong, is kept with its error: it is listed, named by the
    error for its scheme, and harms no other.
    """

    def __init__(self) -> None:
        self.plugins: list[PluginInfo] = []
        self._claims: dict[str, list[_Claim]] = {}
        self._key_claims: dict[str, list[_KeyClaim]] = {}
        self._add("thoth-storage", _own_version(), _Builtin())
        for entry in sorted(_entries(), key=lambda entry: entry.name):
            self._load(entry)

    def open(self, url: str, options: dict[str, Any]) -> Backend:
        """The plugin's backend for ``url``. Raises ConfigurationError or PluginError that says what to install."""
        scheme = urls.split_url(url).scheme
        claims = self._claims.get(scheme, [])
        shown = urls.mask_url(url)
        if not claims:
            raise self._unknown(scheme, shown)
        if len(claims) > 1:
            names = " and ".join(claim.plugin for claim in claims)
            raise PluginError(
                f"{len(claims)} plugins claim the scheme {scheme}://: {names}",
                url=shown,
                hint="uninstall all but one of them",
            )
        return _open(claims[0], url, options, shown)

    def resolve_key(self, reference: str) -> object:
        """What the provider of a key reference gives. Raises EncryptionKeyError, PluginError."""
        scheme = reference.partition("://")[0].lower()
        claims = self._key_claims.get(scheme, [])
        if not claims:
            known = ", ".join(f"{each}://" for each in sorted(self._key_claims))
            raise EncryptionKeyError(
                f"no plugin resolves encryption keys of {scheme}://"
                if _is_scheme(scheme)
                else "the key is no reference",
                hint=f"installed are {known}; a password that contains :// is passed as bytes or by file://",
            )
        if len(claims) > 1:
            names = " and ".join(claim.plugin for claim in claims)
            raise PluginError(f"{len(claims)} plugins resolve encryption keys of {scheme}://: {names}")
        return claims[0].provider(reference)

    def _load(self, entry: metadata.EntryPoint) -> None:
        name, version = entry.name, None
        try:
            if entry.dist:
                told = entry.dist.metadata
                name, version = told["Name"] or name, told["Version"]
            plugin = entry.load()
        except (Exception, SystemExit) as error:
            # Whatever a stranger's module raises at import is its own fault and must stay its own.
            self._broken(name, version, error)
            return
        self._add(name, version, plugin)

    def _add(self, name: str, version: str | None, plugin: object) -> None:
        manager = pluggy.PluginManager(hookspecs.PROJECT)
        manager.add_hookspecs(hookspecs)
        try:
            manager.register(plugin, name)
            manager.check_pending()
            factories = _check_mappings("thoth_storage_backends", manager.hook.thoth_storage_backends())
            providers = _check_mappings("thoth_storage_key_providers", manager.hook.thoth_storage_key_providers())
            told = {scheme: getattr(factory, "capabilities", None) for scheme, factory in factories.items()}
        except Exception as error:
            # As above: the guard is what keeps one broken plugin from taking all down.
            self._broken(name, version, error)
            return
        for scheme, factory in factories.items():
            self._claims.setdefault(scheme, []).append(_Claim(name, factory))
        for scheme, provider in providers.items():
            self._key_claims.setdefault(scheme, []).append(_KeyClaim(name, provider))
        claimed = {scheme: each for scheme, each in told.items() if isinstance(each, Capabilities)}
        self.plugins.append(PluginInfo(name, version, tuple(sorted(factories)), claimed, tuple(sorted(providers))))

    def _broken(self, name: str, version: str | None, error: BaseException) -> None:
        self.plugins.append(PluginInfo(name, version, error=f"{type(error).__name__}: {error}"))

    def _unknown(self, scheme: str, url: str) -> ConfigurationError | PluginError:
        package = catalogue.package_for(scheme)
        for plugin in self.plugins:
            if plugin.error and (plugin.name == package or scheme in plugin.name.split("-")):
                return PluginError(
                    f"the plugin for {scheme}:// is broken: {plugin.name}: {plugin.error}",
                    url=url,
                    hint=f"reinstall or upgrade {plugin.name}",
                )
        if package:
            return ConfigurationError(
                f"no installed plugin opens {scheme}:// URLs", url=url, hint=f"pip install {package}"
            )
        import difflib

        known = sorted({*self._claims, *catalogue.schemes()})
        near = difflib.get_close_matches(scheme, known, n=1, cutoff=0.5)
        hint = f"installed are {', '.join(s + '://' for s in sorted(self._claims))}"
        if near:
            package = None if near[0] in self._claims else catalogue.package_for(near[0])
            hint = f"did you mean {near[0]}://{f' (pip install {package})' if package else ''}? " + hint
        broken = [f"{plugin.name} ({plugin.error})" for plugin in self.plugins if plugin.error]
        if broken:
            hint += f"; broken plugins, which may have added it: {', '.join(broken)}"
        return ConfigurationError(f"unknown scheme {scheme}://", url=url, hint=hint)


def _open(claim: _Claim, url: str, options: dict[str, Any], shown: str) -> Backend:
    try:
        backend = claim.factory(url, **options)
    except StorageError:
        raise
    except Exception as error:
        raise PluginError(
            f"the plugin {claim.plugin} failed to open the URL: {type(error).__name__}", url=shown
        ) from error
    if not isinstance(backend, Backend):
        raise PluginError(
            f"the plugin {claim.plugin} gave a {type(backend).__name__}, which lacks verbs of a Backend", url=shown
        )
    return backend


class _Builtin:
    @hookspecs.hookimpl
    def thoth_storage_backends(self) -> dict[str, hookspecs.BackendFactory]:
        return {"memory": MemoryBackend}

    @hookspecs.hookimpl
    def thoth_storage_key_providers(self) -> dict[str, hookspecs.KeyProvider]:
        return {"file": _read_key_file}


@functools.cache
def _registry() -> Registry:
    return Registry()


def open_backend(url: Any, **storage_options: Any) -> Backend:
    """Open the backend for a URL (``str``, ``pathlib.Path`` or ``UPath``); options go to its file system.

    No request is sent: a wrong bucket or identity shows at the first verb. Transient failures are retried
    beneath every verb (``RetryingBackend``), for as long as the setting ``retry_deadline`` says; each try is counted
    for the figures of this process (``MeteredBackend``). Raises ConfigurationError for an unknown scheme or a malformed
    URL, PluginError where the plugin is broken or two claim the scheme.
    """
    target, carried = urls.url_of(url)
    deadline = config.get("retry_deadline", target)
    backend = _registry().open(target, {**carried, **storage_options})
    return RetryingBackend(MeteredBackend(backend, urls.split_url(target).scheme), deadline=deadline)


def resolve_key(reference: str) -> object:
    """The encryption key that a reference such as ``file:///run/secrets/key`` names: text, bytes, or a key service."""
    return _registry().resolve_key(reference)


def list_plugins() -> list[PluginInfo]:
    """All plugins found: name, version, schemes and capabilities, or the error that broke it."""
    return list(_registry().plugins)


def _check_mappings(hook: str, answers: list[Any]) -> dict[str, Any]:
    claimed: dict[str, Any] = {}
    for answer in answers:
        if not isinstance(answer, Mapping):
            raise PluginError(f"{hook} returns a mapping of schemes to factories, not a {type(answer).__name__}")
        for scheme, factory in answer.items():
            if not _is_scheme(scheme) or not callable(factory):
                raise PluginError(f"it claims {scheme!r}, which is no lower-case scheme with a callable")
            claimed[scheme] = factory
    return claimed


def _read_key_file(reference: str) -> str | bytes:
    """The content of a file, without the line break that editors put behind it. What nobody can type stays bytes."""
    path = Path(unquote(reference.partition("://")[2]))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EncryptionKeyError(f"the key file {path} cannot be read ({error.strerror})") from error
    try:
        text = data.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        return data
    return text if text.isprintable() else data


def _is_scheme(scheme: object) -> bool:
    return isinstance(scheme, str) and scheme == scheme.lower() and urls.is_scheme(scheme)


def _entries() -> Iterator[metadata.EntryPoint]:
    """The entry points of our group, as ``metadata.entry_points`` has them. That parses those of every package there
    is, which took a tenth of a small backup; here those of the others are only searched for our name."""
    seen = set()
    for distribution in metadata.distributions():
        if hookspecs.PROJECT not in (distribution.read_text("entry_points.txt") or ""):
            continue
        name = _name_of(distribution)
        if name is None:
            yield from distribution.entry_points.select(group=hookspecs.PROJECT)
        elif name not in seen:
            seen.add(name)
            # Of those of one name only the first on the path is meant, which may be another one.
            first = next(iter(metadata.distributions(name=name)), distribution)
            yield from first.entry_points.select(group=hookspecs.PROJECT)


def _name_of(distribution: metadata.Distribution) -> str | None:
    try:
        return distribution.name or None
    except Exception:
        # What is wrong with it is told when it is loaded, and stays its own.
        return None


def _own_version() -> str | None:
    try:
        return thoth_storage.__version__
    except metadata.PackageNotFoundError:
        return None
