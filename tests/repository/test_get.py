"""Snapshots are found by what people call them."""

from __future__ import annotations

from pathlib import Path

import pytest

from thoth_storage.errors import ConfigurationError, CorruptionError, InvalidArgumentError, NotFoundError
from thoth_storage.repository import Repository, layout


@pytest.fixture
def ids(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids that the next snapshots get; packs get random ones."""
    wanted: list[str] = []
    monkeypatch.setattr(layout, "new_id", lambda: wanted.pop(0))
    return wanted


def test_by_latest_id_and_prefix(repository: Repository, source: Path, ids: list[str]) -> None:
    ids += ["abcd" + "0" * 28, "abce" + "0" * 28, "abcd" + "f" * 28]
    made = [repository.backup(source) for _ in range(3)]
    assert repository.get("latest") == made[2]
    for snapshot in made:
        assert repository.get(snapshot.id) == snapshot
        assert repository.get(snapshot.id.upper()) == snapshot
    assert repository.get("abce") == made[1]
    assert repository.get("ABCE") == made[1]
    assert repository.get("abcdf") == made[2]
    with pytest.raises(ConfigurationError, match="2 snapshots") as caught:
        repository.get("abcd")
    assert not isinstance(caught.value, NotFoundError)
    assert caught.value.hint
    for unknown in ("abc", "abcf", "abcd1", "bcd0", made[0].id + "0", "1" * 32):
        with pytest.raises(NotFoundError, match=unknown):
            repository.get(unknown)


def test_by_name_the_newest_bearer(repository: Repository, source: Path) -> None:
    repository.backup(source, name="nightly")
    second = repository.backup(source, name="nightly")
    repository.backup(source, name="other")
    assert repository.get("nightly") == second
    for unknown in ("Nightly", "night", "nightly "):
        with pytest.raises(NotFoundError):
            repository.get(unknown)


def test_an_id_goes_before_a_name_and_a_name_before_a_prefix(
    repository: Repository, source: Path, ids: list[str]
) -> None:
    ids += ["abcd" + "0" * 28, "1" * 32, "2" * 32]
    first = repository.backup(source)
    named_as_prefix = repository.backup(source, name="abcd")
    repository.backup(source, name=first.id)
    assert repository.get("abcd") == named_as_prefix
    assert repository.get(first.id) == first


def test_a_tag_is_no_name(repository: Repository, source: Path) -> None:
    repository.backup(source, tags=["prod"])
    with pytest.raises(NotFoundError):
        repository.get("prod")


@pytest.mark.parametrize("wanted", ["latest", "nightly", "0" * 32])
def test_an_empty_repository_says_so(wanted: str, repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no snapshot yet"):
        repository.get(wanted)
    with pytest.raises(NotFoundError, match="no snapshot yet"):
        repository.restore(wanted, tmp_path / "target")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_string_is_no_snapshot(repository: Repository, source: Path) -> None:
    with pytest.raises(InvalidArgumentError):
        repository.get("")
    repository.backup(source)
    with pytest.raises(InvalidArgumentError):
        repository.get("")


def test_latest_is_never_an_older_one_in_disguise(repository: Repository, source: Path) -> None:
    """A damaged newest snapshot is an error that names it: restoring the one before in silence would lose data."""
    repository.backup(source)
    newest = repository.backup(source)
    key = next(info.key for info in repository.backend.list("snapshots/") if newest.id in info.key)
    repository.backend.put(key, b"")
    with pytest.raises(CorruptionError) as caught:
        repository.get("latest")
    assert caught.value.key == key
