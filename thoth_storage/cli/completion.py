"""``thoth-storage completion``: a shell completes verbs, options and directories."""

from __future__ import annotations

import click

from thoth_storage.cli.output import Output
from thoth_storage.cli.verb import verb

__all__ = ["completion"]

_SHELLS = ("bash", "zsh", "fish")


@verb(short_help="Print what makes a shell complete words.")
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(output: Output, shell: str) -> None:
    """Print the script with which SHELL completes verbs and options. In the file that the shell reads when it starts:
    'eval "$(thoth-storage completion bash)"', the same with zsh, or for fish 'thoth-storage completion fish | source'.

    \b
    Example:
        thoth-storage completion bash
    """
    from click.shell_completion import get_completion_class

    from thoth_storage.cli.group import thoth_storage

    kind = get_completion_class(shell)
    assert kind is not None
    # As click names the variable that it heeds: after the program.
    script = kind(thoth_storage, {}, "thoth-storage", "_THOTH_STORAGE_COMPLETE").source()
    output.document({"shell": shell, "script": script})
    output.lines(script)
