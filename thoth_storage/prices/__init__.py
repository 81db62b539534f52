"""Estimates of cost: usage of a service, reckoned by a table of dated prices that can be edited."""

from thoth_storage.prices.table import BUILT_IN, Price, price_for
from thoth_storage.prices.usage import Cost, Estimate, Usage, estimate

__all__ = ["BUILT_IN", "Cost", "Estimate", "Price", "Usage", "estimate", "price_for"]
