"""``thoth-storage plugins``: which URLs can be opened here."""

from __future__ import annotations

from thoth_storage.cli.output import Output
from thoth_storage.cli.verb import FAILED, verb
from thoth_storage.registry import list_plugins

__all__ = ["plugins"]


@verb(short_help="List the installed plugins.")
def plugins(output: Output) -> int:
    """List the plugins, the URL schemes that they add, and the error of any that is broken (exit code 1).

    \b
    Example:
        thoth-storage plugins --json
    """
    found = list_plugins()
    output.document({"plugins": found})
    output.table(
        ["plugin", "version", "schemes", "atomic create", "state"],
        [
            [
                plugin.name,
                plugin.version or "?",
                " ".join(f"{scheme}://" for scheme in plugin.schemes),
                "yes" if plugin.capabilities and all(c.atomic_create for c in plugin.capabilities.values()) else "no",
                plugin.error or "ok",
            ]
            for plugin in found
        ],
    )
    return FAILED if any(plugin.error for plugin in found) else 0
