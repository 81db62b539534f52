"""The verbs by name. A verb's module is imported when it is called, so that ``--help`` is quick."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import click

from thoth_storage.cli.ending import asks_for_json, ending
from thoth_storage.cli.output import Output

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["thoth_storage"]

_VERBS = {
    "add": "Add texts to a store, or replace them.",
    "backup": "Make a snapshot of a directory.",
    "check": "Prove that a bucket is fit for use.",
    "checkpoint": "Make a checkpoint of a store.",
    "completion": "Print what makes a shell complete words.",
    "config": "Show the settings in force.",
    "copy": "Copy snapshots to another repository.",
    "demo": "Build a store, back it up, bring it up elsewhere, compare.",
    "diff": "Show what changed between two snapshots.",
    "drill": "Prove that the newest checkpoint restores.",
    "export": "Write collections as Parquet files, or to a Chroma server.",
    "forget": "Drop snapshots, by name or by rules of what to keep.",
    "health": "Check whether a store can be relied on.",
    "import": "Read collections from Parquet files, or from a Chroma server.",
    "key": "List, add, rotate or remove the keys of an encrypted repository.",
    "log": "Show the write log of a store.",
    "name": "Let a name mean a snapshot.",
    "plugins": "List the installed plugins.",
    "prune": "Delete what no snapshot needs.",
    "query": "Ask a store for the texts nearest to one.",
    "repair": "Mend what verify finds.",
    "restore": "Restore a snapshot into a directory.",
    "serve": "Serve a store by MCP and HTTP.",
    "show": "Show the files of a snapshot, and how it is stored.",
    "snapshots": "List the snapshots.",
    "status": "Show the newest checkpoint and the log of a store.",
    "tag": "Add tags to a snapshot, or remove them.",
    "verify": "Check a repository for damage.",
}
"""With the line of each (its own ``short_help``, which a test holds to this): the list, and the completion of a verb,
import none of them."""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command = getattr(import_module(f"thoth_storage.cli.{name}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_VERBS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        verbs = [CompletionItem(name, help=text) for name, text in _VERBS.items() if name.startswith(incomplete)]
        return [*verbs, *click.Command.shell_complete(self, ctx, incomplete)]

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
    THOTH_STORAGE_URL, thoth-storage.toml or GCS_BUCKET_NAME supply it.
    """
