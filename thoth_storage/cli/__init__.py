"""The command line: ``thoth-storage VERB``. One module a verb, each a thin face of the library."""

from __future__ import annotations

import gc

__all__ = ["main"]

_GARBAGE = 50_000
"""New objects between two looks for cycles, instead of Python's 700: imports make none, and looking through them again
and again is a twelfth of a short command."""


def main() -> None:
    """Run the command line of this process; the entry point of ``thoth-storage``."""
    gc.set_threshold(_GARBAGE)
    try:
        from thoth_storage.cli.group import thoth_storage

        thoth_storage(prog_name="thoth-storage")
    finally:
        # All there is goes with the process: Python would look through it for cycles once more, a twentieth of a
        # short command.
        gc.freeze()
