"""The command line: ``thoth-storage VERB``. One module a verb, each a thin face of the library."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command line of this process; the entry point of ``thoth-storage``."""
    from thoth_storage.cli.group import thoth_storage

    thoth_storage(prog_name="thoth-storage")
