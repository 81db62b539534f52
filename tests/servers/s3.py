"""Amazon S3: moto on a werkzeug server, and in front of it what moto lacks: atomicity, faults, delay, counts.

``python -m tests.servers.s3 [PORT] [--bucket NAME] [--latency SECONDS]``
"""

import socket
import threading
import time
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlencode

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from . import s3_faults
from .common import HOST, ObjectServer, main
from .faults import WRITES, Call, Moment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


_running = threading.Lock()

STOP_POLL = 0.02
"""Seconds until ``stop()`` is noticed."""


class S3Server(ObjectServer):
    """S3 as moto plays it, over HTTP on a loopback socket.

    moto keeps its buckets per process, not per server. So only one can run at a time, and each starts empty:
    what it keeps over a ``stop()`` is gone when another has run in between.
    """

    scheme = "s3"
    kinds = s3_faults.KINDS

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._new = True
        self.page: int | None = None
        """Objects on a page of a listing at most: S3 may give fewer than it is asked for, and moto takes its time for a
        thousand. None: as many as asked for."""
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if not _running.acquire(blocking=False):
            raise RuntimeError("another S3Server is running in this process, and moto would mix their buckets")
        try:
            app = _Front(self, self._moto)
            self._server = make_server(HOST, self.port, app, threaded=True, request_handler=_QuietHandler)
        except BaseException:  # werkzeug exits where a port is taken
            _running.release()
            raise
        if self._new:
            self._new = False
            self.clear()
        self.port = self._server.port
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=[STOP_POLL], name="s3-server", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join()
            self._server = self._thread = None
            _running.release()

    def clear(self) -> None:
        Client(self._moto).post("/moto-api/reset")

    def reset(self) -> None:
        super().reset()
        self.page = None

    def create_bucket(self, name: str) -> None:
        reply = Client(self._moto).put(f"/{name}")
        if reply.status_code != HTTPStatus.OK:
            raise ValueError(f"no bucket {name!r}: {reply.text}")

    def options(self) -> dict[str, Any]:
        """For s3fs. Without a region: moto refuses to make a bucket for a client that names its own."""
        return {"key": "test", "secret": "test", "endpoint_url": self.endpoint}


class _QuietHandler(MotoRequestHandler):
    """Without a line on stderr for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class _Front:
    """The WSGI application that the socket sees."""

    def __init__(self, server: S3Server, moto: "WSGIApplication") -> None:
        self._server = server
        self._moto = moto
        self._writing = threading.Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        body = _read_body(environ)
        request = Request(environ)
        if request.path.startswith("/_"):
            return self._control(request, body)(environ, start_response)
        time.sleep(self._server.latency)
        call = s3_faults.call_of(request, body)
        response = self._answer(environ, call, body)
        sent = 0 if response is None or request.method == "HEAD" else len(response.data)
        self._server.stats.count(request.method, call.operation, len(body), sent)
        if response is None:
            _hang_up(environ)
        return response(environ, start_response)

    def _answer(self, environ: "WSGIEnvironment", call: Call, body: bytes) -> Response | None:
        """None: the work is done, and nobody shall hear of it."""
        faults = self._server.faults
        if fault := faults.take(Moment.DELAY, call):
            time.sleep(fault.seconds)
        if fault := faults.take(Moment.BEFORE, call):
            return s3_faults.refusal(fault.kind, call, body)
        if call.operation == "bucket" and call.method == "HEAD" and self._server.deny_bucket_get:
            return s3_faults.refusal("403", call, body)
        if call.operation == "list" and self._server.page:
            asked = Request(environ).args
            limit = min(self._server.page, int(asked.get("max-keys", self._server.page)))
            environ["QUERY_STRING"] = urlencode({**asked.to_dict(), "max-keys": limit})
        response = self._work(environ)
        done = response.status_code < HTTPStatus.MULTIPLE_CHOICES
        fault = faults.take(Moment.AFTER, call) if done else None
        if fault is None:
            return response
        return None if fault.kind == "drop" else s3_faults.refusal(fault.kind, call, body)

    def _work(self, environ: "WSGIEnvironment") -> Response:
        """moto's answer, all of it, before anything is sent.

        Writes one at a time. moto looks whether a key exists and stores it in two steps, on as many threads
        as there are requests: without this lock 2 of 16 writers with ``If-None-Match: *`` won in 1 of 340
        rounds. S3 itself lets one win, and that is what our callers rely on.
        """
        if environ["REQUEST_METHOD"] not in WRITES:
            return Response.from_app(self._moto, environ, buffered=True)
        with self._writing:
            return Response.from_app(self._moto, environ, buffered=True)

    def _control(self, request: Request, body: bytes) -> Response:
        try:
            reply = self._server.control(request.method, request.path, body)
        except (TypeError, ValueError) as error:
            return Response(str(error), status=400)
        return Response(status=404) if reply is None else s3_faults.json_response(reply)


def _read_body(environ: "WSGIEnvironment") -> bytes:
    """All of it, put back for moto to read. Before the lock is taken: a slow sender holds nobody up."""
    stream = environ["wsgi.input"]
    chunked = environ.get("wsgi.input_terminated", False)
    body: bytes = stream.read() if chunked else stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)
    return body


def _hang_up(environ: "WSGIEnvironment") -> NoReturn:
    """Close the connection without a word.

    The exception keeps werkzeug from writing a reply, but alone it would leave the connection open, and the
    client waiting.
    """
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("a fault dropped the reply")


if __name__ == "__main__":
    main(S3Server, "tests.servers.s3")
