"""How the faults of ``tests.servers.faults`` look when Amazon is the one who makes them."""

import json
import re
from typing import Any
from xml.sax.saxutils import escape, unescape

from werkzeug.wrappers import Request, Response

from .faults import Call

KINDS = frozenset({"drop", "503", "503-before", "429-before", "409-before", "401", "403", "slow"})

ERRORS = {
    "401": (403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
    "403": (403, "AccessDenied", "Access Denied"),
    "409-before": (
        409,
        "ConditionalRequestConflict",
        "The conditional request cannot succeed due to a conflicting operation against this resource.",
    ),
    "429-before": (503, "SlowDown", "Please reduce your request rate."),
    "503-before": (503, "ServiceUnavailable", "Service is unable to handle request."),
    "503": (503, "ServiceUnavailable", "Service is unable to handle request."),
}
"""Status, code, message. S3 has no 401, and says 503 where others say 429: the code tells them apart."""

_LISTING = frozenset(
    {
        "continuation-token",
        "delimiter",
        "encoding-type",
        "fetch-owner",
        "list-type",
        "marker",
        "max-keys",
        "prefix",
        "start-after",
    }
)
_KEYS = re.compile(r"<Key>(.*?)</Key>", re.DOTALL)


def call_of(request: Request, body: bytes) -> Call:
    """What a request is for. Paths are ``/bucket/key``; the rest is in the query and in headers."""
    bucket, _, key = request.path.lstrip("/").partition("/")
    if not key:
        return _bucket_call(request, bucket, body)
    query, copied = request.args, "x-amz-copy-source" in request.headers
    match request.method:
        case "GET":
            operation = "read"
        case "HEAD":
            operation = "stat"
        case "DELETE":
            operation = "upload-abort" if "uploadId" in query else "delete"
        case "POST":
            operation = "upload-start" if "uploads" in query else "upload-finish"
        case _ if "partNumber" in query:
            operation = "upload-chunk"
        case _:
            operation = "copy" if copied else "write"
    return Call(request.method, operation, bucket, key)


def _bucket_call(request: Request, bucket: str, body: bytes) -> Call:
    """A GET of a bucket lists it, unless the query names another aspect of it (location, versioning, ...)."""
    if request.method == "POST" and "delete" in request.args:
        return Call("POST", "delete", bucket, "\n".join(_keys(body)))
    if bucket and request.method == "GET" and _LISTING.issuperset(request.args):
        return Call("GET", "list", bucket, request.args.get("prefix", ""))
    return Call(request.method, "bucket", bucket)


def refusal(kind: str, call: Call, body: bytes) -> Response:
    status, code, message = ERRORS[kind]
    if kind == "403" and call.operation == "delete" and call.method == "POST":
        return _denied_deletions(body, code, message)
    resource = escape(f"/{call.bucket}/{call.name}")
    return _xml(f"<Error>{_error(code, message)}<Resource>{resource}</Resource></Error>", status)


def json_response(reply: dict[str, Any]) -> Response:
    return Response(json.dumps(reply), mimetype="application/json")


def _denied_deletions(body: bytes, code: str, message: str) -> Response:
    """Many deletions in one request, all forbidden, are a success with an error for each key inside it."""
    errors = (f"<Error><Key>{escape(key)}</Key>{_error(code, message)}</Error>" for key in _keys(body))
    namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
    return _xml(f'<DeleteResult xmlns="{namespace}">{"".join(errors)}</DeleteResult>', 200)


def _error(code: str, message: str) -> str:
    return f"<Code>{code}</Code><Message>{message}</Message>"


def _xml(text: str, status: int) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}', status=status, mimetype="application/xml")


def _keys(body: bytes) -> list[str]:
    return [unescape(key) for key in _KEYS.findall(body.decode("utf-8", "replace"))]
