"""The s3fs file system as this plugin needs it, and what its errors mean. Imported when a URL is first used."""

from __future__ import annotations

from typing import Any

import botocore.exceptions as boto
from fsspec.asyn import sync
from s3fs import S3FileSystem

from thoth_storage.errors import (
    AlreadyExistsError,
    ConfigurationError,
    NotFoundError,
    PermissionError_,
    StorageError,
    UnavailableError,
    for_http_status,
)

__all__ = ["make_fs", "options", "raise_first", "refine", "who"]

_CREDENTIALS_HINT = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or the options key= and secret="
_RIGHTS_HINT = (
    "give that identity s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket on the bucket, or use another "
    "(AWS_ACCESS_KEY_ID, AWS_PROFILE, or the options key= and secret=)"
)
_REFUSED = {
    "AccessDenied",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "AllAccessDisabled",
}
_BUSY = {
    "SlowDown",
    "InternalError",
    "ServiceUnavailable",
    "RequestTimeout",
    "OperationAborted",
    "ConditionalRequestConflict",
}


def options(user: tuple[str | None, str | None], given: dict[str, Any]) -> dict[str, Any]:
    """s3fs's options: those given, the URL's user part, and one try a request (RetryingBackend has the others)."""
    from_url = dict(zip(("key", "secret"), user, strict=True)) if all(user) else {}
    # boto's newer checksums are unknown to many services that are not Amazon's, wherever the endpoint was named.
    # They are sent only where the protocol demands them; what is stored carries hashes of our own.
    plain = {"request_checksum_calculation": "when_required", "response_checksum_validation": "when_required"}
    config = {"retries": {"total_max_attempts": 1}, **plain, **given.get("config_kwargs", {})}
    return {**from_url, **given, "config_kwargs": config}


def make_fs(given: dict[str, Any]) -> S3FileSystem:
    """A file system of its own (fsspec's cache of instances would share it), without a cache of listings."""
    fs = S3FileSystem(**{"use_listings_cache": False, "skip_instance_cache": True, **given})
    fs.retries = 1
    return fs


def who(fs: S3FileSystem) -> str | None:
    """The id of the access key, its middle left out, and where boto found it; no request is sent but what finding it
    takes."""
    if fs.anon:
        return "anonymous"
    key, source = fs.key, "the options"
    if not key:
        fs.connect()
        found = sync(fs.loop, fs.session.get_credentials)
        if found is None:
            return None
        key, source = found.access_key, found.method
    shown = f"{key[:4]}...{key[-4:]}" if len(key) > 12 else f"{key[:2]}..."
    return f"access key {shown} (from {source})"


def raise_first(reply: dict[str, Any]) -> None:
    """Raise for the first object that DeleteObjects could not delete: it answers 200 all the same."""
    for error in reply.get("Errors", ()):
        if error.get("Code") not in ("NoSuchKey", "NoSuchVersion"):
            raise boto.ClientError({"Error": error}, "DeleteObjects")


def refine(error: Exception, url: str) -> type[StorageError] | StorageError | None:
    """What botocore means; s3fs hangs its error on those that it raises instead."""
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError | boto.ProfileNotFound):
        return PermissionError_(f"no usable AWS credentials: {error}", url=url, hint=_CREDENTIALS_HINT)
    if isinstance(error, boto.ParamValidationError):
        return ConfigurationError
    if isinstance(error, boto.HTTPClientError | boto.ConnectionError):
        return UnavailableError
    cause = error if isinstance(error, boto.ClientError) else error.__cause__
    if not isinstance(cause, boto.ClientError):
        return None
    code = str(cause.response.get("Error", {}).get("Code", ""))
    if code in _REFUSED or code == "403":
        known = code in ("AccessDenied", "AllAccessDisabled", "403")
        hint = _RIGHTS_HINT if known else _CREDENTIALS_HINT
        return PermissionError_(f"the S3 service refused: {cause}", url=url, hint=hint)
    if code == "NoSuchBucket":
        return NotFoundError(f"no such bucket: {cause}", url=url)
    if code in ("PreconditionFailed", "412"):
        return AlreadyExistsError
    if code in _BUSY:
        return UnavailableError
    return for_http_status(code) or for_http_status(cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode"))
