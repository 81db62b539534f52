"""What services charge: a built-in table of published list prices, and an operator's own in ``thoth-storage.toml``.

Prices differ by region, class of storage, contract and year, so each says where it is from and of which day it is. They
serve to choose between two ways of doing something, not to predict a bill.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from thoth_storage import config

__all__ = ["BUILT_IN", "Price", "price_for"]


@dataclass(frozen=True)
class Price:
    """Amounts of ``currency``. Class A writes and lists, class B reads; deleting costs nothing. ``egress`` is for bytes
    that leave the service's network: within a region it is nothing. ``date``: when ``source`` was looked up."""

    scheme: str
    class_a_per_1000: float = 0.0
    class_b_per_1000: float = 0.0
    storage_per_gib_month: float = 0.0
    egress_per_gib: float = 0.0
    currency: str = "USD"
    date: str | None = None
    source: str = ""


_GCS = Price(
    *("gs", 0.005, 0.0004, 0.020, 0.12),
    date="2026-11-28",
    source="https://cloud.google.com/storage/pricing-examples (Standard, us-east1, one region)",
)
_S3 = Price(
    *("s3", 0.005, 0.0004, 0.023, 0.09),
    date="2026-11-28",
    source="https://aws.amazon.com/s3/pricing (Standard, us-east-1; as others quote it)",
)
_LOCAL = "a disk or memory of one's own"
BUILT_IN: Mapping[str, Price] = {
    "gs": _GCS,
    "gcs": Price(**{**vars(_GCS), "scheme": "gcs"}),
    "s3": _S3,
    "file": Price("file", source=_LOCAL),
    "memory": Price("memory", source=_LOCAL),
}
"""List prices as they were published, without taxes, discounts and free allowances; ``date`` is when they were looked
up. To be overridden by ``[prices.SCHEME]``: see docs/cost.md."""


def price_for(scheme: str) -> Price | None:
    """The price that holds here: what the configuration says, else what is built in; None where neither knows the
    scheme. Raises ConfigurationError for a broken file."""
    tables, path = config.prices()
    # One table serves both names of one service.
    name = next((each for each in (scheme, *_ALIASES.get(scheme, ())) if each in tables), None)
    built_in = BUILT_IN.get(scheme)
    if name is None:
        return built_in
    told = _per_1000(tables[name])
    begun = {**vars(built_in or Price(scheme)), "date": None, "source": f"{path} [prices.{name}]"}
    return Price(**{**begun, **told})


_ALIASES = {"gcs": ("gs",), "gs": ("gcs",)}


def _per_1000(table: Mapping[str, Any]) -> dict[str, Any]:
    told = dict(table)
    for each in ("class_a", "class_b"):
        if (price := told.pop(f"{each}_per_10000", None)) is not None:
            told.setdefault(f"{each}_per_1000", price / 10)
    return told
