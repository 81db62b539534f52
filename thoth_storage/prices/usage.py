"""What an action takes of a service, and about what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from thoth_storage.prices.table import Price, price_for

__all__ = ["Cost", "Estimate", "Usage", "estimate"]

_GIB = 2**30
_CLASS_A = ("put", "create", "list")
_CLASS_B = ("get", "head")


@dataclass(frozen=True)
class Usage:
    """``requests`` by verb; bytes ``sent`` and ``received``; ``added`` and ``removed``: bytes that are stored
    afterwards and were not before, and the other way round."""

    requests: Mapping[str, int] = field(default_factory=dict)
    sent: int = 0
    received: int = 0
    added: int = 0
    removed: int = 0

    def of(self, *verbs: str) -> int:
        return sum(self.requests.get(verb, 0) for verb in verbs)


@dataclass(frozen=True)
class Cost:
    """Amounts of ``price.currency``. ``requests`` and ``egress`` are paid once, ``per_month`` for as long as what was
    added is stored, less what is removed."""

    requests: float
    egress: float
    once: float
    per_month: float


@dataclass(frozen=True)
class Estimate:
    """About what something takes. ``class_a`` are requests that write or list, ``class_b`` those that read. ``cost``
    and ``price`` are None where the price of the scheme is not known."""

    scheme: str
    requests: Mapping[str, int]
    class_a: int
    class_b: int
    sent: int
    received: int
    added: int
    removed: int
    cost: Cost | None
    price: Price | None


def estimate(scheme: str, usage: Usage) -> Estimate:
    """Raises ConfigurationError where the configured prices cannot be read."""
    price = price_for(scheme)
    class_a, class_b = usage.of(*_CLASS_A), usage.of(*_CLASS_B)
    cost = None
    if price:
        requests = class_a / 1000 * price.class_a_per_1000 + class_b / 1000 * price.class_b_per_1000
        egress = usage.received / _GIB * price.egress_per_gib
        per_month = (usage.added - usage.removed) / _GIB * price.storage_per_gib_month
        cost = Cost(requests, egress, requests + egress, per_month)
    return Estimate(
        scheme=scheme,
        requests=dict(usage.requests),
        class_a=class_a,
        class_b=class_b,
        sent=usage.sent,
        received=usage.received,
        added=usage.added,
        removed=usage.removed,
        cost=cost,
        price=price,
    )
