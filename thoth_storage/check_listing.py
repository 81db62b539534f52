"""Steps of ``check`` about listings: complete, in order, of what is there now, and across their pages."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from thoth_storage.backend import Backend
from thoth_storage.errors import PermissionError_

__all__ = ["expect", "listing", "listing_across_pages", "listing_after_overwrite"]

_WRITERS = 16
_PAGE = 1000
"""Objects in a page of a listing, of GCS and of S3."""


def expect(right: bool, wrong: str) -> None:
    """Raises AssertionError that tells what is wrong."""
    if not right:
        raise AssertionError(wrong)


def listing(area: Backend) -> str:
    keys = [f"list/{number:02}" for number in range(20)]
    for key in keys:
        area.put(key, key.encode())
    expect([info.key for info in area.list("list/")] == keys, "a listing right after the writes is not complete")
    with suppress(PermissionError_):  # to delete
        area.delete(*keys[:10])
        expect([info.key for info in area.list("list/")] == keys[10:], "a listing right after deletes is stale")
    return "complete and in order right after writes and deletes"


def listing_across_pages(area: Backend) -> str:
    keys = [f"page/{number:04}" for number in range(_PAGE + 1)]
    with ThreadPoolExecutor(_WRITERS) as pool:
        for _ in pool.map(lambda key: area.put(key, b""), keys):
            pass
    expect([info.key for info in area.list("page/")] == keys, f"a listing of {len(keys)} objects is not complete")
    with suppress(PermissionError_):  # to delete
        area.delete(*keys)
        expect(not list(area.list("page/")), "a listing right after deletes is stale")
    return f"{len(keys)} objects, complete and in order"


def listing_after_overwrite(area: Backend) -> str:
    area.put("again/one", b"old")
    area.put("again/one", b"and longer")
    sizes = [(info.key, info.size) for info in area.list("again/")]
    expect(sizes == [("again/one", 10)], f"a listing right after an overwrite tells {sizes}")
    return "tells the new size, once"
