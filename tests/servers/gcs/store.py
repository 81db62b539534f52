"""The buckets and objects, without a word of HTTP.

One lock guards all of it, and a precondition is judged under the same lock that stores the object: of N
writers with ``ifGenerationMatch=0`` exactly one wins, whichever threads or tasks they come from.
"""

import base64
import hashlib
import itertools
import threading
import time
from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import google_crc32c

from . import errors
from .listing import Page, list_page
from .preconditions import NOTHING, Preconditions

MAX_NAME_BYTES = 1024
SETTABLE = (
    "cacheControl",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
    "contentType",
    "customTime",
    "metadata",
)
"""What a client may say of an object. Kept and given back, and otherwise without effect."""


@dataclass(frozen=True)
class StoredObject:
    """One generation of an object. Never changed: an overwrite makes another."""

    bucket: str
    name: str
    data: bytes = field(repr=False)
    generation: int
    settable: Mapping[str, Any]
    md5: str
    crc32c: str
    time: datetime

    @property
    def content_type(self) -> str:
        return str(self.settable.get("contentType", "application/octet-stream"))

    @property
    def etag(self) -> str:
        return base64.b64encode(str(self.generation).encode()).decode()

    def resource(self) -> dict[str, Any]:
        """The object as the JSON API describes it. 64-bit numbers are strings there."""
        moment = self.time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {
            "contentType": self.content_type,
            **self.settable,
            "kind": "storage#object",
            "id": f"{self.bucket}/{self.name}/{self.generation}",
            "name": self.name,
            "bucket": self.bucket,
            "generation": str(self.generation),
            "metageneration": "1",
            "size": str(len(self.data)),
            "md5Hash": self.md5,
            "crc32c": self.crc32c,
            "etag": self.etag,
            "storageClass": "STANDARD",
            "timeCreated": moment,
            "updated": moment,
        }


class Bucket:
    """Objects by name, and the names in order, so that a page of a listing costs its own length."""

    def __init__(self) -> None:
        self.objects: dict[str, StoredObject] = {}
        self.names: list[str] = []

    def generation(self, name: str) -> int:
        found = self.objects.get(name)
        return found.generation if found else 0

    def put(self, stored: StoredObject) -> None:
        if stored.name not in self.objects:
            insort(self.names, stored.name)
        self.objects[stored.name] = stored

    def remove(self, name: str) -> None:
        del self.objects[name]
        del self.names[bisect_left(self.names, name)]


class Store:
    """All buckets. Tests look into it past the socket: this is what is stored, whatever a client was told."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._buckets: dict[str, Bucket] = {}
        self._generations = itertools.count(time.time_ns() // 1000)

    def create_bucket(self, name: str) -> None:
        with self._lock:
            if name in self._buckets:
                raise errors.bucket_exists()
            self._buckets[name] = Bucket()

    def delete_bucket(self, name: str) -> None:
        with self._lock:
            if self._bucket(name).names:
                raise errors.bucket_not_empty()
            del self._buckets[name]

    def buckets(self) -> list[str]:
        with self._lock:
            return sorted(self._buckets)

    def require_bucket(self, name: str) -> None:
        with self._lock:
            self._bucket(name)

    def clear(self) -> None:
        with self._lock:
            self._buckets.clear()

    def get(self, bucket: str, name: str, generation: int | None = None) -> StoredObject:
        with self._lock:
            found = self._bucket(bucket).objects.get(name)
        if found is None or generation not in (None, found.generation):
            raise errors.object_missing(bucket, name)
        return found

    def put(
        self,
        bucket: str,
        name: str,
        data: bytes,
        resource: Mapping[str, Any],
        conditions: Preconditions = NOTHING,
    ) -> StoredObject:
        """Store an object as ``resource`` describes it. What that says of the content must be true."""
        if not name:
            raise errors.required("name")
        if len(name.encode()) > MAX_NAME_BYTES:
            raise errors.name_too_long(name)
        md5 = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
        if resource.get("md5Hash", md5) != md5:
            raise errors.md5_mismatch(resource["md5Hash"], md5)
        crc32c = base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()
        settable = {key: resource[key] for key in SETTABLE if resource.get(key) is not None}
        with self._lock:
            home = self._bucket(bucket)
            conditions.check(home.generation(name))
            number = next(self._generations)
            stored = StoredObject(bucket, name, data, number, settable, md5, crc32c, datetime.now(UTC))
            home.put(stored)
        return stored

    def copy(
        self,
        source: tuple[str, str],
        target: tuple[str, str],
        conditions: Preconditions,
        of_source: Preconditions,
    ) -> StoredObject:
        """Copy on the server's side, content and description."""
        with self._lock:
            found = self.get(*source)
            of_source.check(found.generation)
            return self.put(*target, found.data, found.settable, conditions)

    def move(
        self, bucket: str, name: str, target: str, conditions: Preconditions, of_source: Preconditions
    ) -> StoredObject:
        """Rename within a bucket: no reader sees both names, or neither."""
        with self._lock:
            moved = self.copy((bucket, name), (bucket, target), conditions, of_source)
            if name != target:
                self._bucket(bucket).remove(name)
            return moved

    def delete(
        self, bucket: str, name: str, conditions: Preconditions = NOTHING, generation: int | None = None
    ) -> None:
        with self._lock:
            conditions.check(self.get(bucket, name, generation).generation)
            self._bucket(bucket).remove(name)

    def list(self, bucket: str, query: Mapping[str, str]) -> tuple[list[StoredObject], Page]:
        """A page of a listing: the objects of this moment, and the page that names them."""
        with self._lock:
            home = self._bucket(bucket)
            page = list_page(home.names, query)
            return [home.objects[name] for name in page.names], page

    def _bucket(self, name: str) -> Bucket:
        try:
            return self._buckets[name]
        except KeyError:
            raise errors.bucket_missing() from None
