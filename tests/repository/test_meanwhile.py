"""Readers beside prunes without grace: what was moved or forgotten meanwhile is no damage, and never lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.effort import NIGHT
from tests.repository.copies import blocks_of, check_equal, make
from tests.repository.pruning import NOW, forget_all_but, grown, restored
from tests.repository.stores import fresh_backend, new_repository, objects, over, put_back
from tests.repository.test_prune_races import Meanwhile
from tests.repository.trees import contents
from tests.repository.wounded import flip
from tests.repository.wrappers import AtRequest, Do
from thoth_storage.errors import ConflictError, CorruptionError, NotFoundError
from thoth_storage.repository import Repository
from thoth_storage.wrappers import MeteredBackend

pytestmark = pytest.mark.exhaustive


@dataclass
class Prepared:
    """The objects of a repository of which a prune packs nearly all anew: of four snapshots two are forgotten."""

    stored: dict[str, bytes]
    ids: list[str]
    want: dict[str, dict[str, bytes]]

    def open(self) -> Repository:
        backend = fresh_backend()
        put_back(backend, self.stored)
        return Repository.open(backend)


def prune(repository: Repository) -> None:
    repository.prune(grace=NOW, max_unused=0)


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prepared:
    monkeypatch.setattr("os.fsync", lambda _: None)
    repository = new_repository()
    ids = grown(repository, tmp_path, 4)
    want = {id_: restored(repository, id_, tmp_path) for id_ in ids}
    forget_all_but(repository, *ids[1:3])
    return Prepared(objects(repository.backend), ids[1:3], want)


def at_each_request(
    prepared: Prepared, act: Callable[[Repository], Any], other: Callable[[Repository], Any]
) -> list[tuple[int, Repository, Any]]:
    """What ``act`` gave, and the repository behind it, for each request before which the ``other`` is done; by day for
    each third."""
    meter = MeteredBackend(prepared.open().backend)
    act(Repository.open(meter))
    told = []
    for number in range(1, 2 * meter.total().requests + 20, 1 if NIGHT else 3):
        repository = prepared.open()
        racing = Meanwhile(repository.backend, -1, lambda: other(repository))  # noqa: B023
        opened = Repository.open(racing)
        racing.number = racing.count + number
        told.append((number, repository, act(opened)))
        if racing.count < racing.number:
            return told
    raise AssertionError("it never ends")


class Always(AtRequest):
    """Somebody else does something before every request."""

    def __init__(self, inner: Any, act: Do) -> None:
        super().__init__(inner, 0)
        self._act = act

    def later(self) -> None:
        self._act()


def test_a_prune_at_each_request_of_a_verification(prepared: Prepared) -> None:
    for number, _, report in at_each_request(prepared, lambda repository: repository.verify(), prune):
        assert report.ok, (number, report.problems)


def test_a_prune_at_each_request_of_a_repair_of_what_is_sound(prepared: Prepared, tmp_path: Path) -> None:
    for number, repository, report in at_each_request(prepared, lambda each: each.repair(drop=True), prune):
        assert report.ok, (number, report.problems)
        assert (report.lost, report.removed, report.records) == ([], [], [])
        assert {each.id for each in repository.snapshots()} == set(prepared.ids)
        assert {id_: restored(repository, id_, tmp_path) for id_ in prepared.ids}.items() <= prepared.want.items()


def test_a_prune_before_every_request_of_a_repair(prepared: Prepared, tmp_path: Path) -> None:
    repository = prepared.open()
    report = over(repository, Always(repository.backend, lambda: prune(repository))).repair(drop=True)
    assert (report.ok, report.lost) == (True, [])
    assert {id_: restored(repository, id_, tmp_path) for id_ in prepared.ids}.items() <= prepared.want.items()


def damaged(prepared: Prepared) -> None:
    """One bit of one block that only the first snapshot has."""
    repository = prepared.open()
    mine, other = (blocks_of(repository, id_) for id_ in prepared.ids)
    names = {block.digest for block in other}
    places = {link.place for block in other for link in block.chain}
    alone = next(block for block in mine if block.digest not in names and block.place not in places and not block.base)
    pack = f"packs/{alone.pack[:2]}/{alone.pack}"
    prepared.stored[pack] = flip(prepared.stored[pack], alone.offset + alone.stored - 3)


def test_a_prune_at_each_request_of_a_repair_of_real_damage(prepared: Prepared, tmp_path: Path) -> None:
    damaged(prepared)
    first, second = prepared.ids
    plain = prepared.open().repair(drop=True)
    ((lost,), names) = (plain.lost, {file.path for file in plain.lost[0].files})
    assert lost.snapshot == first
    assert names == {"all"}
    for number, repository, report in at_each_request(prepared, lambda each: each.repair(drop=True), prune):
        assert report.lost == plain.lost, number
        # A prune that takes what the repair has just stored keeps it from its end, and is told.
        new = report.replaced.get(first, first)
        assert (new != first) == report.ok, (number, report.problems)
        assert {each.id for each in repository.snapshots()} == {new, second}
        assert restored(repository, second, tmp_path) == prepared.want[second]
        kept = {path: data for path, data in prepared.want[first].items() if path not in names}
        repository.restore(new, tmp_path / "kept", include=[*kept], overwrite=True)
        assert {path: (tmp_path / "kept" / path).read_bytes() for path in kept if kept[path] is not None} == kept
        assert repository.repair(drop=True).ok


def test_a_prune_before_every_request_of_a_repair_of_real_damage(prepared: Prepared, tmp_path: Path) -> None:
    damaged(prepared)
    plain = prepared.open().repair(drop=True)
    repository = prepared.open()
    report = over(repository, Always(repository.backend, lambda: prune(repository))).repair(drop=True)
    assert report.lost == plain.lost
    second = prepared.ids[1]
    assert restored(repository, second, tmp_path) == prepared.want[second]


def test_a_forget_at_each_request_of_a_repair(prepared: Prepared) -> None:
    """What was forgotten does not come back with files that it lost by that."""
    first, second = prepared.ids

    def forget(repository: Repository) -> None:
        repository.backend.delete(*(key for key in objects(repository.backend, "snapshots/") if first in key))
        prune(repository)

    for number, repository, report in at_each_request(prepared, lambda each: each.repair(drop=True), forget):
        assert report.ok, (number, report.problems)
        assert report.replaced == {}
        assert {each.id for each in repository.snapshots()} <= {first, second}


def fresh(repository: Repository, id_: str, folder: Path) -> dict[str, bytes]:
    """What a snapshot gives back where nothing is there that needs not be read."""
    target = folder / uuid4().hex
    repository.restore(id_, target)
    return contents(target)


def test_a_prune_at_each_request_of_a_restore(prepared: Prepared, tmp_path: Path) -> None:
    id_ = prepared.ids[0]
    for number, _, found in at_each_request(prepared, lambda each: fresh(each, id_, tmp_path), prune):
        assert found == prepared.want[id_], number


def test_a_forget_and_prune_at_each_request_of_a_restore(prepared: Prepared, tmp_path: Path) -> None:
    """Of the snapshot itself: it is not there, and nothing is damaged."""

    def restore(repository: Repository) -> object:
        try:
            return fresh(repository, prepared.ids[0], tmp_path)
        except NotFoundError as error:
            return error

    outcomes = [found for _, _, found in at_each_request(prepared, restore, forget_first(prepared))]
    assert any(isinstance(each, NotFoundError) for each in outcomes)
    assert all(isinstance(each, NotFoundError) or each == prepared.want[prepared.ids[0]] for each in outcomes)
    assert list(tmp_path.glob(".*")) == []


def forget_first(prepared: Prepared) -> Callable[[Repository], None]:
    def act(repository: Repository) -> None:
        forget_all_but(repository, prepared.ids[1])
        prune(repository)

    return act


def test_a_prune_at_each_request_of_the_source_of_a_copy(prepared: Prepared, tmp_path: Path) -> None:
    def copy(repository: Repository) -> Repository:
        target = make()
        assert list(repository.copy_to(target).snapshots) == prepared.ids
        return target

    for _, repository, target in at_each_request(prepared, copy, prune):
        check_equal(repository, target, tmp_path)


@pytest.mark.parametrize("alone", [False, True])
def test_a_forget_and_prune_at_each_request_of_the_source_of_a_copy(
    alone: bool, prepared: Prepared, tmp_path: Path
) -> None:
    """A copy of all passes over what is not there any more; of that one alone it says so."""
    first, second = prepared.ids

    def copy(repository: Repository) -> tuple[Repository, list[str]]:
        target = make()
        try:
            return target, list(repository.copy_to(target, [first] if alone else None).snapshots)
        except NotFoundError as error:
            return target, [str(error)]

    found = at_each_request(prepared, copy, forget_first(prepared))
    assert any(first not in copied for _, _, (_, copied) in found)
    for _, repository, (target, copied) in found:
        if alone:
            assert copied == [first] or (len(copied) == 1 and first in copied[0])
        else:
            assert copied in ([first, second], [second])
        check_equal(repository, target, tmp_path, [second] if second in copied else [])


def test_what_is_really_missing_is_damage(prepared: Prepared, tmp_path: Path) -> None:
    repository = prepared.open()
    repository.backend.delete(*objects(repository.backend, "packs/"))
    with pytest.raises(CorruptionError, match="a pack is missing"):
        repository.restore(prepared.ids[0], tmp_path / "out")
    with pytest.raises(CorruptionError, match="a pack is missing"):
        repository.copy_to(make())


def test_moves_without_end(prepared: Prepared, tmp_path: Path) -> None:
    """After some attempts it says so, and nothing was dropped."""
    from thoth_storage.repository.index import Index
    from thoth_storage.repository.moves import NO_MOVES, write_moves

    repository = prepared.open()
    packs = objects(repository.backend, "packs/")
    repository.backend.delete(*packs)
    before = objects(repository.backend, "snapshots/")

    class Moving(AtRequest):
        """A record of moves, whatever it says, is stored whenever a pack is looked at."""

        def _through(self, verb: str, key: str, do: Do) -> Any:
            if key.startswith("packs/"):
                write_moves(repository.vault, NO_MOVES, Index(repository.vault))
            return super()._through(verb, key, do)

    moving = over(repository, Moving(repository.backend, -1))
    for act in (
        moving.verify,
        lambda: moving.repair(drop=True),
        lambda: moving.restore(prepared.ids[0], tmp_path / "out"),
        lambda: moving.copy_to(make()),
    ):
        with pytest.raises(ConflictError, match="moved blocks during each of 5 attempts"):
            act()
    assert objects(repository.backend, "snapshots/") == before
