"""Google Cloud Storage in memory: the JSON API as gcsfs and google-cloud-storage speak it."""

from .server import GcsServer
from .store import Store, StoredObject

__all__ = ["GcsServer", "Store", "StoredObject"]
