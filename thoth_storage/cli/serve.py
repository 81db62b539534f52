"""``thoth-storage serve``: a store for others, by MCP and HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from thoth_storage.cli.output import Output
from thoth_storage.cli.verb import options_option, verb
from thoth_storage.service.serving import serve as run
from thoth_storage.service.settings import configured
from thoth_storage.urls import mask_url

__all__ = ["serve"]


@verb(short_help="Serve a store by MCP and HTTP.")
@click.argument("url", required=False)
@click.option("--host", metavar="ADDRESS", help="Where to listen; 127.0.0.1 if nothing is said, on Cloud Run 0.0.0.0.")
@click.option("--port", type=int, help="8080 if nothing is said; 0 for one that is free.")
@click.option("--read-only", is_flag=True, help="Without the tools that write.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    help="A file with the token that requests have to bring.",
)
@options_option
def serve(
    output: Output,
    url: str | None,
    host: str | None,
    port: int | None,
    read_only: bool,
    token_file: Path | None,
    storage_options: dict[str, Any],
) -> None:
    """Serve the store at URL: MCP at /mcp, a page for people at /, /health, /ready and /metrics. The store is made if
    it is not there. Ends with SIGTERM or Ctrl-C, after a checkpoint.

    \b
    Example:
        thoth-storage serve gs://bucket/chroma_db --port 8080 --token-file /run/secrets/token
    """
    settings = configured(url, storage_options, host=host, port=port, read_only=read_only, token_file=token_file)
    place = mask_url(str(settings.url))

    def tell(address: str) -> None:
        output.document({"url": place, "address": address, "mcp": f"{address}/mcp", "read_only": settings.read_only})
        output.say(f"{place} at {address}, for MCP at {address}/mcp; Ctrl-C ends it")

    run(settings, tell)
