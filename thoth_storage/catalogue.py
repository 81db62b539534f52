"""Which package adds which scheme, for error messages only: the registry loads what is installed, whatever its name."""

from __future__ import annotations

__all__ = ["package_for", "schemes"]

_EXTRAS = {"local": ("file",), "gcs": ("gs", "gcs"), "s3": ("s3", "s3a")}


def schemes() -> list[str]:
    """All schemes that a package of this project adds."""
    return [scheme for schemes in _EXTRAS.values() for scheme in schemes]


def package_for(scheme: str) -> str | None:
    """The distribution that adds ``scheme``, such as ``thoth-storage-gcs``; None where we know of none."""
    return next((f"thoth-storage-{extra}" for extra, schemes in _EXTRAS.items() if scheme in schemes), None)
