"""Google's errors, word for word where we know them: clients decide by the words, not by the numbers alone.

gcsfs, for one, retries a 401 only if it says "Invalid Credentials", makes a ValueError of whatever says
"invalid", and takes a deletion that failed with "No such object" for done.
"""

from typing import Any


class ApiError(Exception):
    """An answer other than success. Raised anywhere below a handler, written to the wire in one place."""

    def __init__(self, status: int, reason: str, message: str, domain: str = "global", **more: str) -> None:
        super().__init__(message)
        self.headers: dict[str, str] = {}
        self.status = status
        self.message = message
        self.detail = {"message": message, "domain": domain, "reason": reason, **more}

    def body(self) -> dict[str, Any]:
        return {"error": {"code": self.status, "message": self.message, "errors": [self.detail]}}


class PlainError(ApiError):
    """An error that Google sends as bare text, from the part of the service that takes bytes in."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, "", message)


def bucket_missing() -> ApiError:
    return ApiError(404, "notFound", "The specified bucket does not exist.")


def object_missing(bucket: str, name: str) -> ApiError:
    return ApiError(404, "notFound", f"No such object: {bucket}/{name}")


def upload_missing(upload_id: str) -> ApiError:
    return ApiError(404, "notFound", f"No such upload session: {upload_id}")


def precondition_failed() -> ApiError:
    message = "At least one of the pre-conditions you specified did not hold."
    return ApiError(412, "conditionNotMet", message, locationType="header", location="If-Match")


def invalid(message: str) -> ApiError:
    return ApiError(400, "invalid", message)


def required(parameter: str) -> ApiError:
    return ApiError(400, "required", f"Required parameter: {parameter}", locationType="parameter", location=parameter)


def name_too_long(name: str) -> ApiError:
    size = len(name.encode())
    start = f"{name[:64]}..."
    return invalid(f"The maximum object length is 1024 characters, but got a name with {size} characters: '{start}'")


def md5_mismatch(provided: str, calculated: str) -> ApiError:
    return invalid(f'Provided MD5 hash "{provided}" doesn\'t match calculated MD5 hash "{calculated}".')


def bucket_exists() -> ApiError:
    message = "Your previous request to create the named bucket succeeded and you already own it."
    return ApiError(409, "conflict", message)


def bucket_not_empty() -> ApiError:
    return ApiError(409, "conflict", "The bucket you tried to delete is not empty.")


def unsatisfiable(size: int) -> ApiError:
    """The size goes into a header, so that the client can ask again for what there is."""
    error = ApiError(416, "requestedRangeNotSatisfiable", "Request range not satisfiable")
    error.headers["Content-Range"] = f"bytes */{size}"
    return error


def not_implemented(what: str) -> ApiError:
    """Ours, not Google's. A 400, because gcsfs would retry a 501 for half a minute."""
    return ApiError(400, "notImplemented", f"This server for tests does not implement {what}.")


def forbidden(who: str, permission: str) -> ApiError:
    return ApiError(403, "forbidden", _denied(who, permission))


def invalid_credentials() -> ApiError:
    where = {"locationType": "header", "location": "Authorization"}
    return ApiError(401, "authError", "Invalid Credentials", **where)


def anonymous(permission: str) -> ApiError:
    where = {"locationType": "header", "location": "Authorization"}
    return ApiError(401, "required", _denied("Anonymous caller", permission), **where)


def too_many(bucket: str, name: str) -> ApiError:
    message = (
        f"The object {bucket}/{name} exceeded the rate limit for object mutation operations (create, update, "
        "and delete). Please reduce your request rate. See https://cloud.google.com/storage/docs/gcs429."
    )
    return ApiError(429, "rateLimitExceeded", message, domain="usageLimits")


def unavailable() -> ApiError:
    return ApiError(503, "backendError", "We encountered an internal error. Please try again.")


def _denied(who: str, permission: str) -> str:
    on_bucket = permission == "storage.objects.list" or permission.startswith("storage.buckets.")
    resource = "bucket" if on_bucket else "object"
    return (
        f"{who} does not have {permission} access to the Google Cloud Storage {resource}. "
        f"Permission '{permission}' denied on resource (or it may not exist)."
    )
