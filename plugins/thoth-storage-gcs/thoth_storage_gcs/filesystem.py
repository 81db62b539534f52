"""The gcsfs file system as this plugin needs it, and what its errors mean. Imported when a URL is first used."""

from __future__ import annotations

import io
import os
from typing import Any

import aiohttp
import google.auth.environment_vars
import google.auth.exceptions
import requests
from fsspec.asyn import sync_wrapper
from gcsfs.core import GCSFileSystem, quote
from gcsfs.retry import HttpError

from thoth_storage.errors import ConfigurationError, PermissionError_, StorageError, UnavailableError, for_http_status

__all__ = ["make_fs", "refine", "who"]

_CREDENTIALS_HINT = (
    "check GOOGLE_APPLICATION_CREDENTIALS, run 'gcloud auth application-default login', or give the service account of "
    "this machine roles/storage.objectUser on the bucket"
)


class _SingleTry(GCSFileSystem):  # type: ignore[misc]  # gcsfs has no types
    """gcsfs without its own six tries: retries belong to RetryingBackend, which knows that a create whose reply was
    lost may have won, and when to give up.

    It is always the plain file system over JSON: the extended one, which gcsfs gives by default, asks for the type of
    each bucket over gRPC (45 to 90 s an operation where there is none) and ignores ``mode="create"`` on zonal ones.
    """

    async def _request(self, *args: Any, data: Any = None, **kwargs: Any) -> Any:
        if isinstance(data, bytes | bytearray | memoryview):
            # Sent in pieces, so that other requests get their turn. aiohttp warns of large bytes, with reason.
            data = io.BytesIO(data)
        return await GCSFileSystem._request.__wrapped__(self, *args, data=data, **kwargs)  # noqa: SLF001 - as told above

    async def _put_media(self, path: str, data: bytes) -> None:
        """A plain upload: one request, no boundary that the content could break, and no copy of it. gcsfs itself builds
        a multipart body around the content, which takes the memory of two more copies. It cannot carry metadata.
        """
        bucket, _, key = path.partition("/")
        url = f"{self._location}/upload/storage/v1/b/{quote(bucket)}/o"
        reply = await self._call(
            "POST",
            url,
            uploadType="media",
            name=key,
            headers={"Content-Type": "application/octet-stream"},
            data=data,
            json_out=True,
        )
        if int(reply["size"]) != len(data):
            raise OSError(f"the service stored {reply['size']} bytes of {len(data)}")

    put_media = sync_wrapper(_put_media)


def make_fs(options: dict[str, Any]) -> GCSFileSystem:
    """A file system of its own (fsspec's cache of instances would share it), without a cache of listings."""
    if options.get("token") is None and os.environ.get(google.auth.environment_vars.CREDENTIALS):
        # Else gcsfs passes over a key file that is missing or broken, asks for a metadata server for 15 s, and goes on
        # as nobody, so that the refusal blames the bucket's permissions.
        options = {**options, "token": "google_default"}
    return _SingleTry(**{"use_listings_cache": False, "skip_instance_cache": True, **options})


def who(fs: GCSFileSystem) -> str:
    """The account of the credentials that gcsfs found, as far as they tell; no request is sent for it."""
    found = fs.credentials.credentials
    if found is None:
        return "anonymous"
    if type(found).__name__ == "AnonymousCredentials":
        return "anonymous"
    account = getattr(found, "service_account_email", None) or getattr(found, "account", None)
    if account == "default":
        return "the service account of this machine"
    return str(account or f"{type(found).__module__}.{type(found).__name__}".removeprefix("google."))


def refine(error: Exception, url: str) -> type[StorageError] | StorageError | None:
    """What gcsfs, aiohttp and google-auth mean: many of theirs are plain OSError or Exception."""
    text = " ".join(str(error).split())  # gcsfs puts the address on a line of its own
    if isinstance(error, OSError) and text.startswith("Forbidden"):
        return PermissionError_(f"Google Cloud Storage refused: {text}", url=url, hint=_CREDENTIALS_HINT)
    if isinstance(error, HttpError):
        kind = for_http_status(error.code)
        if kind is PermissionError_:
            return PermissionError_(f"Google Cloud Storage refused: {text}", url=url, hint=_CREDENTIALS_HINT)
        return kind
    if isinstance(error, google.auth.exceptions.TransportError):
        return UnavailableError
    if isinstance(error, google.auth.exceptions.GoogleAuthError):
        return PermissionError_(f"no usable Google credentials: {text}", url=url, hint=_CREDENTIALS_HINT)
    if isinstance(error, aiohttp.ClientError | requests.exceptions.RequestException):
        return UnavailableError
    if isinstance(error, ValueError) and text.startswith("Bad Request"):
        return ConfigurationError
    return None
