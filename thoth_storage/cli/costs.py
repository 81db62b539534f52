"""How an estimate is told to people: what is asked of the service, and about what that costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thoth_storage.cli.output import human_bytes

if TYPE_CHECKING:
    from thoth_storage.prices import Estimate

__all__ = ["cost_of", "cost_per_month", "estimate_lines", "money"]

_LEAST = 0.0001


def estimate_lines(told: Estimate, where: str = "") -> list[str]:
    """``where``: of which of several places this is told, such as "source: "."""
    changed = [
        f"{human_bytes(size)} {what}" for size, what in ((told.added, "more stored"), (told.removed, "freed")) if size
    ]
    usage = [
        f"{told.class_a} requests that write or list, {told.class_b} that read",
        f"{human_bytes(told.sent)} sent, {human_bytes(told.received)} received",
        *changed,
    ]
    return [f"{where}about {'; '.join(usage)}", f"{where}{cost_of(told)}"]


def cost_of(told: Estimate) -> str:
    if told.cost is None or told.price is None:
        return _unknown(told)
    currency = told.price.currency
    parts = [f"about {money(told.cost.once, currency)} once"]
    if told.cost.egress:
        parts.append(f"of which {money(told.cost.egress, currency)} only if it is received outside of the service")
    if told.cost.per_month:
        less = "less" if told.cost.per_month < 0 else "more"
        parts.append(f"and {money(abs(told.cost.per_month), currency)} a month {less}")
    return f"{', '.join(parts)} ({_priced(told)})"


def cost_per_month(told: Estimate) -> str:
    """For what is stored already."""
    if told.cost is None or told.price is None:
        return _unknown(told)
    return f"about {money(told.cost.per_month, told.price.currency)} a month ({_priced(told)})"


def money(amount: float, currency: str) -> str:
    """Small amounts to a hundredth of a cent; what is smaller still is said to be."""
    if 0 < amount < _LEAST:
        return f"less than {currency} {_LEAST:.4f}"
    return f"{currency} {amount:.4f}" if 0 < amount < 1 else f"{currency} {amount:.2f}"


def _priced(told: Estimate) -> str:
    assert told.price
    return f"prices of {told.price.date}" if told.price.date else f"prices: {told.price.source}"


def _unknown(told: Estimate) -> str:
    return f"no price is known for {told.scheme}: thoth-storage.toml may have it in [prices.{told.scheme}]"
