"""Google Cloud Storage as a backend: ``gs://`` and ``gcs://`` URLs, by gcsfs.

Credentials are found as Google's own tools do (Application Default Credentials); ``project``, ``token``,
``endpoint_url`` and the other options of gcsfs are passed through, and ``STORAGE_EMULATOR_HOST`` names an emulator.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from thoth_storage import Capabilities, FsspecBackend, hookimpl
from thoth_storage.errors import StorageError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

__all__ = ["GcsBackend"]

_BOUNDARY = b"--==0=="
"""The boundary that gcsfs puts around every simple upload. Content that has it was stored cut short, as a success."""

_STAMP = "thoth-stamp"

_FIELDS = "items(name,size,updated),nextPageToken"
"""Of each object in a listing."""


class GcsBackend(FsspecBackend):
    """Objects of a bucket. Creates carry ``ifGenerationMatch=0``, so the service decides who is first."""

    protocol = "gs"
    capabilities = Capabilities(atomic_create=True)
    permissions = MappingProxyType(
        {
            "read": "storage.objects.get",
            "list": "storage.objects.list",
            "create": "storage.objects.create",
            "overwrite": "storage.objects.delete",  # and create: the old object goes
            "delete": "storage.objects.delete",
        }
    )

    def make_fs(self) -> AbstractFileSystem:
        from thoth_storage_gcs.filesystem import make_fs

        return make_fs(self.options())

    def write(self, path: str, data: bytes) -> None:
        self.fs.put_media(path, data)

    def write_new(self, path: str, data: bytes, stamp: str) -> None:
        self.fs.pipe_file(path, data, mode="create", metadata={_STAMP: stamp}, **_upload(data))

    def read_stamp(self, path: str) -> str | None:
        stamp = self.info(path).get("metadata", {}).get(_STAMP)
        return str(stamp) if stamp else None

    def info(self, path: str) -> dict[str, Any]:
        # One request for the object itself: gcsfs's info also asks for a folder, and a refusal by a third request.
        bucket, _, key = path.partition("/")
        return self.fs.call("GET", "b/{}/o/{}", bucket, key, json_out=True)  # type: ignore[no-any-return]

    def find(self, folder: str, leaf: str) -> Iterator[dict[str, Any]]:
        # A request a page, of what is needed, and none more: gcsfs's find asks again where there is nothing. A bucket
        # that does not exist is told by the first page, so there is no container to check.
        bucket, _, above = folder.partition("/")
        more = {"prefix": f"{above}/{leaf}" if above else leaf, "fields": _FIELDS}
        while True:
            page = self.fs.call("GET", "b/{}/o", bucket, **more, json_out=True)
            for each in page.get("items", ()):
                yield {"name": f"{bucket}/{each['name']}", "size": each["size"], "updated": each.get("updated")}
            if "nextPageToken" not in page:
                return
            more["pageToken"] = page["nextPageToken"]

    def who(self) -> str | None:
        from thoth_storage_gcs.filesystem import who

        return who(self.fs)

    def refine(self, error: Exception) -> type[StorageError] | StorageError | None:
        from thoth_storage_gcs.filesystem import refine

        return refine(error, self.url)


def _upload(data: bytes) -> dict[str, int]:
    """Options for an upload that keeps ``data`` whole: a resumable one, which has no boundary, where it must be."""
    return {"chunksize": len(data)} if _BOUNDARY in data else {}


@hookimpl
def thoth_storage_backends() -> dict[str, type[GcsBackend]]:
    return {"gs": GcsBackend, "gcs": GcsBackend}
