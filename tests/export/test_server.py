"""To a Chroma server that runs, and from it."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.export.samples import all_of, fill, made, rows_of, store
from tests.export.servers import client_of, free_port, new_database
from thoth_storage.errors import (
    AlreadyExistsError,
    ConfigurationError,
    ConflictError,
    NotFoundError,
    PermissionError_,
    StorageError,
    UnavailableError,
)
from thoth_storage.export import ServerOptions, export_store, import_store
from thoth_storage.store.chroma_server import ServerPlace, is_server


def test_there_and_back(tmp_path: Path, server: str) -> None:
    with store(tmp_path / "db") as client:
        fill(client)
        original = all_of(client)
    options = ServerOptions(database=new_database(server))
    report = export_store(tmp_path / "db", server, server=options)
    assert (report.target, report.rows, report.notes) == (server, 8, ())
    with client_of(server, str(options.database)) as client:
        assert all_of(client) == original
    assert import_store(server, tmp_path / "again", server=options).notes == ()
    with store(tmp_path / "again", mode="r") as client:
        assert all_of(client) == original


def test_many_rows_go_in_requests_of_some(tmp_path: Path, server: str) -> None:
    original = made(tmp_path / "db", rows=1000)
    options = ServerOptions(database=new_database(server))
    export_store(tmp_path / "db", server, server=options)
    import_store(server, tmp_path / "again", server=options)
    with store(tmp_path / "again", mode="r") as client:
        assert all_of(client) == original


def test_a_collection_that_is_there(tmp_path: Path, server: str) -> None:
    original = made(tmp_path / "db")
    options = ServerOptions(database=new_database(server))
    with client_of(server, str(options.database)) as client:
        notes = client.create_collection("notes", embedding_function=None)
        notes.add(ids=["n1", "other"], embeddings=[[9.0, 9.0], [8.0, 8.0]], metadatas=[{"old": 1}, {"old": 2}])
        with pytest.raises(AlreadyExistsError, match=r"'notes'.*--merge"):
            export_store(tmp_path / "db", server, server=options)
        assert notes.count() == 2
        for _ in range(2):  # as one does after an interruption
            export_store(tmp_path / "db", server, merge=True, server=options)
        found = rows_of(client, "notes")
        assert found.pop("other")[3] == [("old", "2")]
        assert found == original["notes"][3]


def test_another_dimension_is_a_conflict(tmp_path: Path, server: str) -> None:
    made(tmp_path / "db")
    options = ServerOptions(database=new_database(server))
    with client_of(server, str(options.database)) as client:
        client.create_collection("notes", embedding_function=None).add(ids=["a"], embeddings=[[1.0, 2.0, 3.0]])
    with pytest.raises(ConflictError, match="3 numbers"):
        export_store(tmp_path / "db", server, merge=True, server=options)


def test_somebody_who_writes_meanwhile(tmp_path: Path, server: str) -> None:
    database = new_database(server)
    with client_of(server, database) as client:
        notes = client.create_collection("notes", embedding_function=None)
        notes.add(ids=[str(each) for each in range(700)], embeddings=[[float(each), 1.0] for each in range(700)])
        written: list[object] = []

        def write(_progress: object) -> None:
            if not written:
                written.append(notes.delete(ids=["5", "6"]))

        with pytest.raises(ConflictError, match="somebody writes"):
            import_store(server, tmp_path / "db", server=ServerOptions(database=database), progress=write)
    with pytest.raises(NotFoundError), store(tmp_path / "db", mode="r"):
        pass


def test_nobody_is_there(tmp_path: Path) -> None:
    made(tmp_path / "db")
    url = f"chroma+http://127.0.0.1:{free_port()}"
    with pytest.raises(UnavailableError, match="chroma run") as caught:
        export_store(tmp_path / "db", url)
    assert caught.value.url == url
    with pytest.raises(UnavailableError, match="chroma run"):
        import_store(url, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_database_that_is_not_there(tmp_path: Path, server: str) -> None:
    with pytest.raises(NotFoundError, match="nowhere"):
        import_store(server, tmp_path / "db", server=ServerOptions(database="nowhere"))


@contextmanager
def answering(status: int, body: bytes, heard: list[dict[str, str]]) -> Iterator[str]:
    """The URL of a server that gives the same to everybody."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield f"chroma+http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b"who are you", PermissionError_),
        (403, b'{"error": "AuthError", "message": "no"}', PermissionError_),
        (503, b"later", UnavailableError),
        (200, b"<html>hello</html>", StorageError),
    ],
)
def test_who_is_no_chroma_server_or_lets_nobody_in(
    tmp_path: Path, status: int, body: bytes, kind: type[StorageError]
) -> None:
    with answering(status, body, []) as url, pytest.raises(kind) as caught:
        import_store(url, tmp_path / "db", server=ServerOptions(token="a-secret"))
    assert caught.value.url == url
    assert "a-secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "name", "value"), [(None, "x-chroma-token", "open"), ("Authorization", "authorization", "Bearer open")]
)
def test_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, header: str | None, name: str, value: str) -> None:
    heard: list[dict[str, str]] = []
    (tmp_path / "token").write_text("open\n")
    if header:
        monkeypatch.setenv("THOTH_STORAGE_CHROMA_TOKEN_HEADER", header)
    monkeypatch.setenv("THOTH_STORAGE_CHROMA_TOKEN", f"file://{tmp_path}/token")
    with answering(401, b"no", heard) as url, pytest.raises(PermissionError_):
        import_store(url, tmp_path / "db")
    assert {each[name] for each in heard} == {value}


@pytest.mark.parametrize(
    "url",
    [
        "chroma+http://",
        "chroma+http://h:port",
        "chroma+http://u:secret@h",
        "chroma+https://h/path",
        "chroma+http://h?x=1",
    ],
)
def test_urls_of_no_server(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        import_store(url, "memory://tests/nothing")
    assert "secret" not in str(caught.value)


def test_ports() -> None:
    assert is_server("CHROMA+HTTP://h")
    assert not is_server("chroma+http")
    places = [
        ServerPlace.parse(each, "t", "d", {})
        for each in ("chroma+http://h/", "chroma+https://h", "chroma+http://[::1]:1")
    ]
    assert [(each.host, each.port, each.ssl) for each in places] == [
        ("h", 8000, False),
        ("h", 443, True),
        ("::1", 1, False),
    ]
