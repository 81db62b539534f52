"""Each way to name a folder names the folder that one would think."""

from pathlib import Path

import pytest

import thoth_storage as ts

ODD = "with space, 100%25 \u00fcml\u00e4ut #1 ?a=b [x] {y}"


def stored_at(folder: Path, url: object) -> bool:
    """Whether an object that is put at ``url`` is a file in ``folder``."""
    backend = ts.open_backend(url)
    backend.put("probe", b"here")
    assert [info.key for info in backend.list()] == ["probe"]
    assert ts.open_backend(backend.url).get("probe") == b"here", "the URL that it tells is one that opens it"
    return (folder / "probe").read_bytes() == b"here"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_absolute_url(home: Path) -> None:
    assert stored_at(home / "db", f"file://{home}/db")
    assert stored_at(home / "db2", f"file://{home}/db2/")


def test_a_url_as_pathlib_writes_it(home: Path) -> None:
    assert stored_at(home / ODD, (home / ODD).as_uri())


def test_a_plain_path_is_taken_as_it_is(home: Path) -> None:
    assert stored_at(home / ODD, str(home / ODD))
    assert stored_at(home / "a%20b", home / "a%20b")


def test_relative_paths_and_urls(home: Path) -> None:
    assert stored_at(home / "db", "db")
    assert stored_at(home / "db2", "./db2")
    assert stored_at(home / "x" / "db3", "file://x/db3")
    assert stored_at(home / "db4", "nothing/../db4")


def test_the_home_folder(home: Path) -> None:
    assert stored_at(home / "db", "~/db")
    assert stored_at(home / "db2", "file://~/db2")


def test_a_relative_path_keeps_its_place_when_the_working_directory_moves(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = ts.open_backend("db")
    (home / "elsewhere").mkdir()
    monkeypatch.chdir(home / "elsewhere")
    backend.put("key", b"x")
    assert (home / "db" / "key").is_file()


def test_a_store_behind_a_link(home: Path) -> None:
    (home / "real").mkdir()
    (home / "link").symlink_to("real")
    assert stored_at(home / "real", home / "link")


def test_looking_makes_no_folder(home: Path) -> None:
    backend = ts.open_backend("db")
    assert list(backend.list()) == []
    with pytest.raises(ts.errors.NotFoundError):
        backend.get("key")
    backend.delete("key")
    assert list(home.iterdir()) == []


def test_a_file_that_stands_in_the_place_of_the_folder_later(home: Path) -> None:
    backend = ts.open_backend("db")
    (home / "db").write_text("a file")
    for verb in (backend.put, backend.create):
        with pytest.raises(ts.errors.ConflictError, match="a file is where a folder is needed"):
            verb("key", b"x")
    with pytest.raises(ts.errors.ConfigurationError, match="a file is where a directory is expected"):
        ts.open_backend("db")
    assert (home / "db").read_text() == "a file"


def test_files_of_others_whose_names_are_no_keys_are_not_listed(home: Path) -> None:
    backend = ts.open_backend("db")
    backend.put("key", b"x")
    for name in ("new\nline", ".thoth-tmp-123", "back\\slash"):
        (home / "db" / name).write_text("theirs")
    (home / "db" / "empty-folder").mkdir()
    assert [info.key for info in backend.list()] == ["key"]
