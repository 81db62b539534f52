"""A Chroma server that runs somewhere, known by ``chroma+http://host:port``."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from thoth_storage.errors import (
    ConfigurationError,
    InvalidArgumentError,
    NotFoundError,
    PermissionError_,
    StorageError,
    UnavailableError,
    for_http_status,
)
from thoth_storage.store.portable import PortableReader, Telling
from thoth_storage.store.portable_writing import PortableWriter

__all__ = ["SCHEMES", "ServerPlace", "is_server", "reading_server", "writing_server"]

SCHEMES = ("chroma+http", "chroma+https")
_PORTS = {"chroma+http": 8000, "chroma+https": 443}
_ROWS = 300
"""Rows of one request: what Chroma's cloud takes at most. A server that is nearer is hardly slower for it."""
_CONNECT, _ANSWER = 10.0, 120.0
"""Seconds to wait for a connection, and for an answer."""


@dataclass(frozen=True)
class ServerPlace:
    """``headers`` go with every request, and have the token if there is one: nothing of them is ever shown."""

    url: str
    host: str
    port: int
    ssl: bool
    tenant: str
    database: str
    headers: Mapping[str, str]

    @classmethod
    def parse(cls, url: str, tenant: str, database: str, headers: Mapping[str, str]) -> ServerPlace:
        """Raises ConfigurationError."""
        hint = "write chroma+http://host:port, and a token by --token or the configuration"
        try:
            parts = urlsplit(url)
            port, scheme = parts.port, parts.scheme.lower()
        except ValueError as error:
            raise ConfigurationError(f"the URL of the Chroma server is none: {error}", hint=hint) from error
        if parts.username is not None or parts.password is not None:
            raise ConfigurationError("the URL of a Chroma server takes no user and password", hint=hint)
        if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
            raise ConfigurationError(f"{url!r} is not the URL of a Chroma server", hint=hint)
        return cls(
            url.rstrip("/"), parts.hostname, port or _PORTS[scheme], scheme.endswith("s"), tenant, database, headers
        )


def is_server(url: Any) -> bool:
    """Whether ``url`` names a Chroma server."""
    return isinstance(url, str) and url.partition("://")[0].lower() in SCHEMES and "://" in url


@contextmanager
def reading_server(place: ServerPlace) -> Iterator[PortableReader]:
    """Raises UnavailableError, PermissionError_, NotFoundError for the tenant or the database."""
    with _connected(place) as server:
        yield PortableReader(server, place.tenant, place.database, place.url, _ROWS)


@contextmanager
def writing_server(place: ServerPlace, *, merge: bool) -> Iterator[PortableWriter]:
    """Raises the same."""
    with _connected(place) as server:
        most = min(_ROWS, server.get_max_batch_size())
        yield PortableWriter(server, lambda: server, place.tenant, place.database, place.url, most=most, merge=merge)


@contextmanager
def _connected(place: ServerPlace) -> Iterator[Any]:
    """chromadb's server object without its client around it, which asks who this is, hides why nobody answers, and
    leaves connections open."""
    from chromadb.api import ServerAPI
    from chromadb.config import System

    from thoth_storage.store.quiet import quiet_settings

    _knock(place)
    settings = quiet_settings()
    settings.chroma_api_impl = "chromadb.api.fastapi.FastAPI"
    settings.chroma_server_host = place.host
    settings.chroma_server_http_port = place.port
    settings.chroma_server_ssl_enabled = place.ssl
    settings.chroma_server_headers = dict(place.headers)
    system = System(settings)
    server: Any = system.instance(ServerAPI)  # type: ignore[type-abstract]
    session = server._session  # noqa: SLF001 - chromadb waits for ever, and closes nothing
    session.timeout = _ANSWER
    system.start()
    told = Telling(server, lambda: _told(place))
    try:
        told.get_database(place.database, place.tenant)
        yield told
    finally:
        system.stop()
        session.close()


def _knock(place: ServerPlace) -> None:
    """chromadb waits for a connection as long as the system lets it, and tells nothing of why there is none."""
    try:
        with socket.create_connection((place.host, place.port), _CONNECT):
            pass
    except OSError as error:
        raise _away(place, error) from error


def _away(place: ServerPlace, error: BaseException) -> StorageError:
    status = getattr(getattr(error, "response", None), "status_code", None)
    kind = for_http_status(status) or UnavailableError
    return kind(
        f"no Chroma server answers: {error}",
        url=place.url,
        hint="start it with 'chroma run', and check host, port and token",
    )


@contextmanager
def _told(place: ServerPlace) -> Iterator[None]:
    """What goes wrong on the way to a server, as errors of ours."""
    import httpx
    from chromadb.errors import ChromaError

    try:
        yield
    except StorageError:
        raise
    except httpx.HTTPStatusError as error:
        raise _away(place, error) from error
    except httpx.HTTPError as error:
        raise UnavailableError(
            f"the Chroma server does not answer: {type(error).__name__}: {error}", url=place.url, hint="try again later"
        ) from error
    except ChromaError as error:
        raise _kind(error)(f"the Chroma server says: {error.message()}", url=place.url) from error
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise StorageError(
            f"what answers is no Chroma server that this chromadb knows: {error!r:.200}", url=place.url
        ) from error
    except Exception as error:
        # What chromadb has no class for it raises as the text of the reply, and forgets the status.
        if isinstance(error.__context__, httpx.HTTPStatusError):
            raise _away(place, error.__context__) from error
        raise


def _kind(error: Any) -> type[StorageError]:
    from chromadb.errors import ChromaAuthError
    from chromadb.errors import NotFoundError as ChromaNotFoundError

    if isinstance(error, ChromaAuthError):
        return PermissionError_
    if isinstance(error, ChromaNotFoundError):
        return NotFoundError
    return InvalidArgumentError if error.code() < 500 else StorageError
