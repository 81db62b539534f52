"""Backends around backends: one concern each, put together like sleeves, so that no plugin has to know them."""

from thoth_storage.wrappers.metered import MeteredBackend, VerbMeter
from thoth_storage.wrappers.prefixed import PrefixedBackend
from thoth_storage.wrappers.pretending import PretendBackend
from thoth_storage.wrappers.readonly import ReadOnlyBackend
from thoth_storage.wrappers.retrying import RetryingBackend
from thoth_storage.wrappers.throttled import ThrottledBackend

__all__ = [
    "MeteredBackend",
    "PrefixedBackend",
    "PretendBackend",
    "ReadOnlyBackend",
    "RetryingBackend",
    "ThrottledBackend",
    "VerbMeter",
]
