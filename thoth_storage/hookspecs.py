"""The hooks that a plugin may implement. A plugin is a package with an entry point in the group ``thoth_storage``
that names a module (or object) with functions marked by ``@thoth_storage.hookimpl``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pluggy

from thoth_storage.backend import Backend

__all__ = ["PROJECT", "BackendFactory", "KeyProvider", "hookimpl"]

PROJECT = "thoth_storage"
"""The name of the hooks and of the entry-point group."""

BackendFactory = Callable[..., Backend]
"""``factory(url, **storage_options)``: usually a class. It sends no request and imports no SDK; its attribute
``capabilities``, where it has one, is shown by ``thoth-storage plugins``."""

KeyProvider = Callable[[str], object]
"""``provider(reference)`` gives the encryption key that a reference such as ``vault://team/backups`` names: text or
bytes as ``encryption_key`` takes them, or a ``KeyService`` that wraps the data key itself. It is called when a
repository is opened; what it raises reaches the caller."""

_hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@_hookspec
def thoth_storage_backends() -> Mapping[str, BackendFactory]:  # type: ignore[empty-body]
    """The URL schemes that this plugin opens, in lower case without ``://``, each with its factory."""


@_hookspec
def thoth_storage_key_providers() -> Mapping[str, KeyProvider]:  # type: ignore[empty-body]
    """The schemes of key references that this plugin resolves, as above, each with its provider: for a secret manager
    or a key service."""
