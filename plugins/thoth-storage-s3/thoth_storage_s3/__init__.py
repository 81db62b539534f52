"""S3 and what speaks its protocol (MinIO, R2, Ceph) as a backend: ``s3://`` URLs, by s3fs.

Credentials are found as boto does (environment, profile, role of the machine), or given as the options ``key`` and
``secret``, or in the URL's user part. ``endpoint_url`` (or ``AWS_ENDPOINT_URL``) names another service than Amazon's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from thoth_storage import Capabilities, FsspecBackend, hookimpl
from thoth_storage.errors import InvalidArgumentError, StorageError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

__all__ = ["S3Backend"]

_STAMP = "thoth-stamp"
_BATCH = 1000
"""Keys in one DeleteObjects request; the service's limit."""


class S3Backend(FsspecBackend):
    """Objects of a bucket. Creates carry ``If-None-Match: *``, so the service decides who is first."""

    protocol = "s3"
    capabilities = Capabilities(atomic_create=True)
    permissions = MappingProxyType(
        {
            "read": "s3:GetObject",
            "list": "s3:ListBucket",
            "create": "s3:PutObject",
            "overwrite": "s3:PutObject",
            "delete": "s3:DeleteObject",
        }
    )

    def options(self) -> dict[str, Any]:
        from thoth_storage_s3.filesystem import options

        return options(self.user, super().options())

    def make_fs(self) -> AbstractFileSystem:
        from thoth_storage_s3.filesystem import make_fs

        return make_fs(self.options())

    def read(self, path: str, start: int, end: int | None) -> bytes:
        if start == 0 and end is None:
            # One request: s3fs would fetch a large object in parts, and mix two versions of it.
            return self.fs.cat_file(path, max_concurrency=1)  # type: ignore[no-any-return]
        return super().read(path, start, end)

    def write_new(self, path: str, data: bytes, stamp: str) -> None:
        # pipe_file, never open("xb"): s3fs closes an empty file with a plain PUT, which overwrites.
        self.fs.pipe_file(path, data, mode="create", Metadata={_STAMP: stamp})

    def read_stamp(self, path: str) -> str | None:
        bucket, _, key = path.partition("/")
        stamp = self.fs.call_s3("head_object", Bucket=bucket, Key=key).get("Metadata", {}).get(_STAMP)
        return str(stamp) if stamp else None

    def find(self, folder: str, leaf: str) -> Iterator[dict[str, Any]]:
        # A request a page, and none more: s3fs's find asks twice again where there is nothing. A bucket that does not
        # exist is told by the first page, so there is no container to check.
        bucket, _, above = folder.partition("/")
        asked = {"Bucket": bucket, "Prefix": f"{above}/{leaf}" if above else leaf, **self.fs.req_kw}
        while True:
            page = self.fs.call_s3("list_objects_v2", **asked)
            for each in page.get("Contents", ()):
                yield {"name": f"{bucket}/{each['Key']}", "size": each["Size"], "LastModified": each["LastModified"]}
            if not page.get("IsTruncated"):
                return
            asked["ContinuationToken"] = page["NextContinuationToken"]

    def remove(self, paths: Sequence[str]) -> None:
        from thoth_storage_s3.filesystem import raise_first

        for first in range(0, len(paths), _BATCH):
            names = [path.partition("/") for path in paths[first : first + _BATCH]]
            reply = self.fs.call_s3(
                "delete_objects",
                Bucket=names[0][0],
                Delete={"Objects": [{"Key": key} for _, _, key in names], "Quiet": True},
            )
            raise_first(reply)

    def who(self) -> str | None:
        from thoth_storage_s3.filesystem import who

        return who(self.fs)

    def refine(self, error: Exception) -> type[StorageError] | StorageError | None:
        from thoth_storage_s3.filesystem import refine

        return refine(error, self.url)

    def _path(self, key: str) -> str:
        path = super()._path(key)
        if "?versionId=" in key:
            raise InvalidArgumentError(
                f"invalid key {key!r}: s3fs takes '?versionId=' for the version of an object", url=self.url
            )
        return path


@hookimpl
def thoth_storage_backends() -> dict[str, type[S3Backend]]:
    return {"s3": S3Backend, "s3a": S3Backend}
