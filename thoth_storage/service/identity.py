"""Ids of documents that came without any.

A request whose answer is lost is sent again, by the client or by a proxy. With ids at random each try would store its
documents anew; made of the content, they are the same each time, and the later try replaces what the first one stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

__all__ = ["content_ids"]


def content_ids(documents: Sequence[str], metadatas: Sequence[dict[str, Any] | None]) -> list[str]:
    """32 hexadecimal digits for each document with its metadata; equal for what is equal."""
    return [_id(document, metadata) for document, metadata in zip(documents, metadatas, strict=True)]


def _id(document: str, metadata: dict[str, Any] | None) -> str:
    text = json.dumps([document, metadata or None], sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16, person=b"thoth-document").hexdigest()
