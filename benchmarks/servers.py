"""The test servers as places: what they hold and what they counted, asked without fsspec, whose import would cost more
than what is measured.
"""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request

from benchmarks.places import BUCKET, COUNTS, Place

__all__ = ["Server"]


class Server(Place):
    """One bucket of a test server, at ``endpoint``."""

    endpoint: str

    def __init__(self, kind: str, endpoint: str) -> None:
        self.kind = kind
        self.endpoint = endpoint
        self.options = {"endpoint_url": endpoint}
        if kind == "gcs":
            self.options |= {"project": "test", "token": "anon"}
        else:
            self.options |= {"key": "test", "secret": "test"}
        self._saved: dict[str, dict[str, tuple[int, str]]] = {}

    def url(self, name: str) -> str:
        return f"{'gs' if self.kind == 'gcs' else 's3'}://{BUCKET}/{name}"

    def stored(self, name: str) -> int:
        return sum(size for size, _ in self._objects(name).values())

    def save(self, name: str) -> None:
        self._saved[name] = self._objects(name)

    def rewind(self, name: str) -> bool:
        """Delete what is new. What was overwritten or deleted does not come back."""
        before, now = self._saved[name], self._objects(name)
        for key in now.keys() - before.keys():
            quoted = urllib.parse.quote(key, safe="")
            self._open("DELETE", f"/storage/v1/b/{BUCKET}/o/{quoted}" if self.kind == "gcs" else f"/{BUCKET}/{quoted}")
        return all(now.get(key) == told for key, told in before.items())

    def requests(self) -> dict[str, int]:
        counted = json.loads(self._open("GET", "/_stats"))
        self._open("DELETE", "/_stats")
        return {name: int(counted[name]) for name in COUNTS}

    def _objects(self, name: str) -> dict[str, tuple[int, str]]:
        """Sizes and MD5 sums by key."""
        prefix = urllib.parse.quote(f"{name}/")
        if self.kind == "gcs":
            listing = json.loads(self._open("GET", f"/storage/v1/b/{BUCKET}/o?prefix={prefix}"))
            assert "nextPageToken" not in listing
            return {item["name"]: (int(item["size"]), item["md5Hash"]) for item in listing.get("items", ())}
        text = self._open("GET", f"/{BUCKET}?list-type=2&prefix={prefix}").decode()
        assert "<IsTruncated>true" not in text
        found = {}
        for item in re.findall(r"<Contents>.*?</Contents>", text, re.DOTALL):
            key, size, tag = (re.search(f"<{word}>(.*?)</{word}>", item) for word in ("Key", "Size", "ETag"))
            assert key
            assert size
            assert tag
            found[key[1]] = (int(size[1]), tag[1])
        return found

    def _open(self, method: str, path: str) -> bytes:
        # moto checks no signature, but lets nobody delete who shows none.
        headers = {"Authorization": "AWS test:test"}
        request = urllib.request.Request(f"{self.endpoint}{path}", method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as reply:
            answer: bytes = reply.read()
        return answer
