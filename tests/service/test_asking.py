"""Who may ask, by which name, and how much at once."""

from __future__ import annotations

import base64
import stat
from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx
import pytest
from mcp.shared.exceptions import MCPError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.service.helpers import Hosted, Service, call, client, service
from tests.store.helpers import wait_until
from thoth_storage.errors import ConfigurationError
from thoth_storage.service.auth import HostCheck
from thoth_storage.service.settings import LOOPBACK, configured

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
    env = {"LOG_LEVEL": "INFO"}
    with service(folder, "./store", "--token-file", str(folder / "token"), env=env) as started:
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
    told = answer.json()
    said = told["error"]["message"] if path == "/mcp" else f"{told['error']}; {told['hint']}"
    assert said.startswith("this service needs its token; send it as 'Authorization: Bearer TOKEN'")
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
    with pytest.raises(ConfigurationError, match="the token's file"):
        configured("memory://x", token_file=tmp_path / "token")


def test_a_token_by_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_TOKEN", TOKEN)
    chosen = configured("memory://x")
    assert chosen.token == TOKEN
    assert TOKEN not in repr(chosen)
    for wrong in ("naïve", "\t", "a\nb"):
        monkeypatch.setenv("THOTH_STORAGE_TOKEN", wrong)
        with pytest.raises(ConfigurationError, match="holds no token") as told:
            configured("memory://x")
        assert wrong not in str(told.value)


def test_logs_are_lines_where_no_platform_reads_them(guarded: Service) -> None:
    call(guarded.address, "restore", BEARER, name="nope")
    guarded.ask("/nowhere")
    wait_until(lambda: "INFO thoth_storage.service.observing: GET '/nowhere' 401 0." in guarded.logged())


def test_a_name_that_was_made_to_lead_here(running: Hosted) -> None:
    """A page of evil.example in a browser of this machine, after its name came to mean 127.0.0.1: no Origin is sent
    with what it reads then."""
    for path in ("/?q=secret", "/metrics", "/mcp"):
        answer = running.ask(path, "POST" if path == "/mcp" else "GET", headers={"Host": "evil.example:8080"})
        assert answer.status_code == 421
        assert "this service does not go by the name 'evil.example'" in answer.text
    assert call(running.address, "list_backups", {"Host": "localhost:8080"}).error is False


@pytest.mark.parametrize(
    ("host", "env", "allowed"),
    [
        (None, {}, LOOPBACK),
        ("::1", {}, LOOPBACK),
        ("0.0.0.0", {}, ()),
        (None, {"K_SERVICE": "thoth"}, ()),
        (None, {"THOTH_STORAGE_ALLOWED_HOSTS": "a.example, b"}, ("a.example", "b")),
    ],
)
def test_names_that_it_goes_by(
    monkeypatch: pytest.MonkeyPatch, host: str | None, env: dict[str, str], allowed: tuple[str, ...]
) -> None:
    """Who listens to all does not know by which names a platform calls him."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert configured("memory://x", host=host).allowed_hosts == allowed


def test_pages_of_other_sites_get_no_answer(running: Hosted) -> None:
    for origin in ("https://evil.example", "null", "http://[", "http://localhost.evil.example"):
        for path, method in (("/mcp", "POST"), ("/", "GET")):
            answer = running.ask(path, method, headers={"Origin": origin})
            assert answer.status_code == 403
            assert "a page of another site asks" in answer.text
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


def test_a_request_that_is_too_large(running: Hosted) -> None:
    limit = 4 << 20
    whole = running.ask("/mcp", "POST", headers=MCP, content=b" " * (limit + 1))
    parts = running.ask("/mcp", "POST", headers=MCP, content=(b" " * (1 << 20) for _ in range(5)))
    for answer in (whole, parts):
        assert answer.status_code == 413
        assert answer.json()["error"]["message"].startswith("the request has more than 4194304 bytes; send fewer docum")
    assert running.ask("/mcp", "POST", headers=MCP, content=b" " * limit).status_code == 400


def test_a_client_of_mcp_is_told_so(running: Hosted) -> None:
    """Also while it still sends, which breaks the connection of a server that has closed its end."""

    async def add() -> None:
        async with client(running.address) as connected:
            with pytest.raises(MCPError, match=r"more than 4194304 bytes; send fewer documents in a call"):
                await connected.call_tool("add_documents", {"documents": ["x" * (20 << 20)]})

    anyio.run(add)


def test_no_stream_on_which_nothing_comes(running: Hosted) -> None:
    """It would be waited for at the end, and on Cloud Run be paid for."""
    answer = running.ask("/mcp", headers={"Accept": "text/event-stream"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
