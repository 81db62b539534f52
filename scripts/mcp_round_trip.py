#!/usr/bin/env python3
"""Writes a document through a running service, finds it, deletes it: what a caller does, by MCP over streamable HTTP.

Needs nothing but Python 3.9, so that it runs where thoth_storage is not installed. Prints one line of JSON: `ok`,
`what` went wrong if it did, `seconds`. Headers are read from the environment variable MCP_HEADERS (a JSON object),
since arguments can be seen by every user of a machine. usage: mcp_round_trip.py URL [--read-only]
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from typing import Any


class FailedError(Exception):
    """What is told to the operator."""


class Client:
    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.url, self.headers, self.number = f"{url.rstrip('/')}/mcp", headers, 0

    def post(self, method: str, params: dict[str, Any], *, answer: bool = True) -> Any:
        self.number += 1
        body = {"jsonrpc": "2.0", "method": method, "params": params, **({"id": self.number} if answer else {})}
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **self.headers}
        request = urllib.request.Request(self.url, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=120) as reply:
                if session := reply.headers.get("Mcp-Session-Id"):
                    self.headers["Mcp-Session-Id"] = session
                text = reply.read().decode()
                events = reply.headers.get_content_type() == "text/event-stream"
        except urllib.error.HTTPError as error:
            raise FailedError(f"{method}: HTTP {error.code} {error.read(300).decode(errors='replace')}") from error
        except OSError as error:
            raise FailedError(f"{method}: {error}") from error
        if not answer:
            return {}
        lines = [line[5:] for line in text.splitlines() if line.startswith("data:")] if events else [text]
        replies = [json.loads(line) for line in lines if line.strip()]
        found = next((reply for reply in replies if reply.get("id") == self.number), None)
        if found is None or "error" in found:
            raise FailedError(f"{method}: {json.dumps(found)[:300]}")
        return found["result"]

    def begin(self) -> None:
        about = {"name": "verify_deployment", "version": "1"}
        version = "2025-06-18"
        result = self.post("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": about})
        self.headers["MCP-Protocol-Version"] = result["protocolVersion"]
        self.post("notifications/initialized", {}, answer=False)

    def call(self, tool: str, **arguments: Any) -> str:
        result = self.post("tools/call", {"name": tool, "arguments": arguments})
        text = " ".join(part.get("text", "") for part in result.get("content", ()))
        if result.get("isError"):
            raise FailedError(f"{tool}: {text[:300]}")
        return text + json.dumps(result.get("structuredContent"))


def round_trip(client: Client, read_only: bool) -> None:
    client.begin()
    client.call("status")
    if read_only:
        return
    name = f"verify-deployment-{uuid.uuid4().hex}"
    text = f"Written by verify_deployment.sh to be read and deleted: {name}"
    client.call("add_documents", documents=[text], ids=[name], metadatas=[{"source": "verify_deployment"}])
    try:
        if text not in client.call("get_documents", ids=[name]):
            raise FailedError("get_documents does not give back what add_documents wrote")
        if name not in client.call("search", query=text, n_results=1, where={"source": "verify_deployment"}):
            raise FailedError("search does not find what add_documents wrote")
    finally:
        client.call("delete_documents", ids=[name])
    if text in client.call("get_documents", ids=[name]):
        raise FailedError("get_documents still gives what delete_documents deleted")


def main() -> int:
    began = time.monotonic()
    url, *options = sys.argv[1:]
    what = None
    try:
        round_trip(Client(url, json.loads(os.environ.get("MCP_HEADERS", "{}"))), "--read-only" in options)
    except (FailedError, ValueError, KeyError) as error:
        what = str(error) or repr(error)
    print(json.dumps({"ok": what is None, "what": what, "seconds": round(time.monotonic() - began, 2)}))
    return 0 if what is None else 1


if __name__ == "__main__":
    sys.exit(main())
