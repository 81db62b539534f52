"""The options of verbs that work on the documents of one collection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

__all__ = ["collection_options"]


def collection_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--url`` (a text may look like a URL, so it is told apart), ``--collection`` and ``--embedder``."""
    for option in (
        click.option(
            "--embedder",
            metavar="NAME",
            help="What makes vectors of texts: default, lexical or module:object; else the configuration tells.",
        ),
        click.option(
            "--collection", default="thoth_documents", show_default=True, metavar="NAME", help="Which collection."
        ),
        click.option("--url", metavar="URL", help="Where the store is; else the configuration tells."),
    ):
        function = option(function)
    return function
