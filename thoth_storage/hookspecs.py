"""The hooks that a plugin may implement. A plugin is a package with an entry point in the group ``thoth_storage``
that names a module (or object) with functions marked by ``@thoth_storage.hookimpl``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pluggy

from thoth_storage.backend import Backend

__all__ = ["PROJECT", "BackendFactory", "hookimpl"]

PROJECT = "thoth_storage"
"""The name of the hooks and of the entry-point group."""

BackendFactory = Callable[..., Backend]
"""``factory(url, **storage_options)``: usually a class. It sends no request and imports no SDK; its attribute
``capabilities``, where it has one, is shown by ``thoth-storage plugins``."""

_hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@_hookspec
def thoth_storage_backends() -> Mapping[str, BackendFactory]:  # type: ignore[empty-body]
    """The URL schemes that this plugin opens, in lower case without ``://``, each with its factory."""
