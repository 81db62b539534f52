"""chromadb's settings where the caller gives none."""

from __future__ import annotations

from chromadb.config import Settings

__all__ = ["quiet_settings"]


def quiet_settings() -> Settings:
    """As chromadb's own, but that nothing is told to its makers: a store at a URL often runs where that is not
    allowed."""
    return Settings(anonymized_telemetry=False)
