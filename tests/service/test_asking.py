"""Who may ask, by which name, and how much at once."""

from __future__ import annotations

import base64
import stat
from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.cli.helpers import program
from tests.service.helpers import Service, call, service
from thoth_storage.service.auth import HostCheck

TOKEN = "a token, with spaces: and more"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
CLOSED = [("GET", "/"), ("GET", "/metrics"), ("POST", "/mcp"), ("GET", "/mcp"), ("DELETE", "/mcp"), ("GET", "/nowhere")]


def basic(password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'me:{password}'.encode()).decode()}"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "token").write_text(f"{TOKEN}\n")
    (folder / "token").chmod(stat.S_IRUSR)
    with service(folder, "./store", "--token-file", str(folder / "token")) as started:
        yield started


@pytest.mark.parametrize(("method", "path"), CLOSED)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": TOKEN},
        {"Authorization": "Basic !"},
        {"Authorization": b"Bearer \xff"},
        basic("wrong"),
    ],
)
def test_nothing_without_the_token(guarded: Service, method: str, path: str, headers: dict[str, str]) -> None:
    answer = guarded.ask(path, method, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["hint"].startswith("send it as 'Authorization: Bearer TOKEN'")
    assert answer.headers["www-authenticate"].startswith("Basic" if path == "/" else "Bearer")


def test_with_the_token(guarded: Service) -> None:
    assert guarded.ask("/", headers=BEARER).status_code == 200
    assert guarded.ask("/metrics", headers=BEARER).status_code == 200
    assert call(guarded.address, "add_documents", BEARER, documents=["let in"]).data["count"] == 1


def test_a_browser_gives_it_as_a_password_for_the_page_alone(guarded: Service) -> None:
    assert guarded.ask("/?q=x", headers=basic(TOKEN)).status_code == 200
    assert guarded.ask("/metrics", headers=basic(TOKEN)).status_code == 401
    assert guarded.ask("/mcp", "POST", headers=basic(TOKEN)).status_code == 401


def test_probes_need_none_and_the_token_is_told_nowhere(guarded: Service) -> None:
    assert guarded.ask("/health").status_code == 200
    assert guarded.ready() == {"ready": True, "reasons": []}
    assert TOKEN not in guarded.logged()
    assert TOKEN.encode() not in Path(f"/proc/{guarded.process.pid}/cmdline").read_bytes()


@pytest.mark.parametrize("content", [None, b"", b"\n", "naïve".encode(), b"\xff"])
def test_a_token_that_is_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    said = program("serve", "memory://x", "--token-file", tmp_path / "token", "--json", cwd=tmp_path)
    assert (said.code, said.error["type"]) == (2, "ConfigurationError")


def test_any_name_of_a_host_will_do(running: Service) -> None:
    """Where nothing is configured: a service does not know by which names a platform calls it."""
    for path in ("/", "/health", "/ready", "/metrics"):
        assert running.ask(path, headers={"Host": "service-abc.a.run.app"}).status_code == 200
    assert call(running.address, "list_backups", {"Host": "service-abc.a.run.app"}).error is False


def test_pages_of_other_sites_get_no_answer(running: Service) -> None:
    for origin in ("https://evil.example", "null", "http://[", "http://localhost.evil.example"):
        for path, method in (("/mcp", "POST"), ("/", "GET")):
            assert running.ask(path, method, headers={"Origin": origin}).status_code == 403
    assert call(running.address, "list_backups", {"Origin": "http://localhost:6274"}).error is False


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("store.example.com", 200),
        ("STORE.example.com:8080", 200),
        ("a.b.internal", 200),
        ("internal", 421),
        ("evil-store.example.com", 421),
        ("store.example.com.evil.example", 421),
        ("127.0.0.1", 421),
        ("[", 421),
        ("", 421),
    ],
)
def test_names_that_are_allowed(host: str, status: int) -> None:
    async def answer(_request: Request) -> Response:
        return PlainTextResponse("here")

    app = HostCheck(
        Starlette(routes=[Route("/", answer), Route("/health", answer)]), ["store.example.com", " *.internal"]
    )

    async def ask(path: str) -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as asking:
            return (await asking.get(path, headers={"Host": host})).status_code

    assert anyio.run(ask, "/") == status
    assert anyio.run(ask, "/health") == 200


MCP = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


def test_a_request_that_is_too_large(running: Service) -> None:
    limit = 4 << 20
    whole = running.ask("/mcp", "POST", headers=MCP, content=b" " * (limit + 1))
    parts = running.ask("/mcp", "POST", headers=MCP, content=(b" " * (1 << 20) for _ in range(5)))
    for answer in (whole, parts):
        assert answer.status_code == 413
        assert answer.json()["error"] == "the request has more than 4194304 bytes"
        assert answer.json()["hint"].startswith("send fewer documents in a call")
    assert running.ask("/mcp", "POST", headers=MCP, content=b" " * limit).status_code == 400
