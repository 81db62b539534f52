"""The verbs by name. A verb's module is imported when it is called, so that ``--help`` is quick."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from thoth_storage.cli.ending import asks_for_json, ending
from thoth_storage.cli.output import Output

__all__ = ["thoth_storage"]

_VERBS = (
    *(
        "add",
        "backup",
        "check",
        "checkpoint",
        "config",
        "copy",
        "demo",
        "diff",
        "drill",
        "forget",
        "key",
        "log",
        "name",
        "plugins",
        "prune",
        "query",
    ),
    *("repair", "restore", "serve", "show", "snapshots", "status", "tag", "verify"),
)


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command = getattr(import_module(f"thoth_storage.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """As click has it, but for how it ends. Who wants no ``standalone_mode`` sees to that himself."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        words = sys.argv[1:] if args is None else list(args)
        with ending(Output(as_json=asks_for_json(words), quiet=False)):
            code = super().main(words, prog_name, complete_var, standalone_mode=False, **extra)
        sys.exit(code if isinstance(code, int) else 0)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="thoth-storage")
def thoth_storage() -> None:
    """Snapshots of Chroma stores (and of any directory) at a URL.

    URLs are gs://bucket/prefix, s3://bucket/prefix, file:///path, memory://name or a plain path. Where URL is left out,
    THOTH_STORAGE_URL or GCS_BUCKET_NAME supply it.
    """
