"""Requests that are turned away, told so that whoever sent them can read why."""

from __future__ import annotations

from starlette.responses import JSONResponse
from starlette.types import Scope

__all__ = ["MCP", "refusal"]

MCP = "/mcp"
_INVALID_REQUEST = -32600


def refusal(scope: Scope, status: int, error: str, hint: str) -> JSONResponse:
    """``error`` and ``hint`` as JSON. At ``/mcp`` as an error of JSON-RPC: of anything else that comes with such a
    status a client of MCP says no more than that it failed."""
    if scope["path"] == MCP:
        told = {"code": _INVALID_REQUEST, "message": f"{error}; {hint}"}
        return JSONResponse({"jsonrpc": "2.0", "id": None, "error": told}, status)
    return JSONResponse({"error": error, "hint": hint}, status)
