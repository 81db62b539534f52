"""The clients of ``tests.live``: closed when the test ends, on a fresh place, each write logged."""

from __future__ import annotations

from tests.live.conftest import _nothing_configured, cache, connect, durability, place

__all__ = ["_nothing_configured", "cache", "connect", "durability", "place"]
