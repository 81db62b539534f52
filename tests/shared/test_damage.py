"""A log that is damaged is told by name, to who opens the store and to who has it open; nothing behind the damage is
applied; and there is a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.helpers import invoke
from tests.live.conftest import OpenClient
from tests.live.programs import directories
from tests.log.logs import Sleep
from tests.shared.damaging import DAMAGES, Damage, Shop, add, rows, told
from thoth_storage.errors import CorruptionError, StorageError
from thoth_storage.log import list_all
from thoth_storage.log.layout import entry_key


@pytest.fixture
def shop(connect: OpenClient, tmp_path: Path) -> Shop:
    return Shop(connect, tmp_path / "store")


@pytest.fixture(params=list(DAMAGES.values()), ids=list(DAMAGES))
def damage(request: pytest.FixtureRequest, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Damage:
    found: Damage = request.param
    if found.is_gone:
        # Who saw the end of the log a moment ago takes an entry that is not there for the end: see ``log.tail``.
        Sleep(monkeypatch)(3600)
    return found


def check_named(error: StorageError | None, damage: Damage) -> None:
    assert isinstance(error, CorruptionError), error
    assert damage.names in str(error)
    assert error.hint
    assert error.url


def set_state(shop: Shop, snapshot: str) -> str:
    done = invoke("log", "--set-state", snapshot, f"file://{shop.folder}")
    assert done.code == 0, done.err
    return done.out


def test_whoever_opens_it_is_told(shop: Shop, damage: Damage, cache: Path) -> None:
    damage.wound(shop)
    before = directories(cache)
    for mode in ("rw", "r"):
        check_named(told(lambda mode=mode: shop.connect(mode=mode)), damage)  # type: ignore[misc]
    assert directories(cache) == before


def test_whoever_has_it_open_is_told_and_sees_nothing_behind(shop: Shop, damage: Damage) -> None:
    damage.wound(shop)
    before = list_all(shop.backend).entries
    for _ in range(2):
        check_named(told(lambda: rows(shop.reader)), damage)
        check_named(told(shop.follower.refresh), damage)
        check_named(told(lambda: add(shop.writer, "lost")), damage)
    for each in (shop.follower, shop.writer):
        try:
            assert rows(each) <= damage.left
        except CorruptionError as error:
            check_named(error, damage)
    assert list_all(shop.backend).entries == before


def test_the_way_out(shop: Shop, damage: Damage) -> None:
    snapshot = damage.wound(shop)
    check_named(told(lambda: rows(shop.reader)), damage)
    check_named(told(lambda: add(shop.writer, "lost")), damage)
    assert snapshot[:12] in set_state(shop, snapshot)
    assert rows(shop.reader) == {"2", "3"}
    add(shop.writer, "new")
    assert shop.follower.refresh()
    opened = [shop.connect(), shop.connect(mode="r")]
    for each in (*opened, shop.reader, shop.follower, shop.writer):
        assert rows(each) == {"2", "3", "new"}
    add(opened[0], "newer")
    shop.follower.refresh()
    shop.author.refresh()
    for each in (shop.reader, shop.follower, shop.author):
        assert rows(each) == {"2", "3", "new", "newer"}


def test_a_writer_that_nobody_told_goes_on_too(shop: Shop, damage: Damage) -> None:
    """Its first look is a write, when the damage and the way out are both behind it."""
    set_state(shop, damage.wound(shop))
    add(shop.writer, "new")
    assert rows(shop.writer) == {"2", "3", "new"}
    assert rows(shop.connect(mode="r")) == {"2", "3", "new"}


def test_a_checkpoint_behind_the_damage_is_as_good(shop: Shop) -> None:
    """Whoever had applied the entry before it was damaged stored what it did."""
    DAMAGES["a bit"].wound(shop)
    shop.author.checkpoint()
    everything = {str(number) for number in range(2, 9)}
    assert rows(shop.connect(mode="r")) == everything
    assert rows(shop.reader) == everything
    add(shop.writer, "new")
    shop.follower.refresh()
    assert rows(shop.follower) == {*everything, "new"}


def test_work_that_was_not_logged_whose_entry_is_damaged(shop: Shop) -> None:
    """Nobody can tell whether its checkpoint counts, so it does not; the way out is the same."""
    with shop.connect(durability="checkpoint") as bulk:
        add(bulk, "bulk")
        bulk.checkpoint("bulk")
    data = bytearray(shop.entry(5).read_bytes())
    data[-1] ^= 1
    shop.entry(5).write_bytes(data)
    for call in (lambda: shop.connect(mode="r"), lambda: rows(shop.reader), lambda: add(shop.writer, "lost")):
        error = told(call)
        assert isinstance(error, CorruptionError)
        assert error.key == entry_key(5)
    set_state(shop, "bulk")
    for each in (shop.reader, shop.connect(), shop.connect(mode="r")):
        assert rows(each) == {"2", "3", "4", "bulk"}


def test_a_deleted_checkpoint_is_no_damage_while_the_log_is_there(shop: Shop) -> None:
    shop.go_on()
    second = shop.author.checkpoint("second").id
    add(shop.author, "9")
    shop.drop(second)
    everything = {str(number) for number in range(2, 10)}
    assert rows(shop.connect(mode="r")) == everything
    shop.drop(shop.first)
    for each in (shop.connect(), shop.connect(mode="r"), shop.reader):
        assert rows(each) == everything


def test_a_state_that_was_deleted_is_no_damage_where_a_later_checkpoint_holds_it(shop: Shop) -> None:
    shop.author.restore("first")
    add(shop.author, "new")
    shop.author.checkpoint("later")
    shop.drop(shop.first)
    for each in (shop.connect(mode="r"), shop.reader):
        assert rows(each) == {"2", "3", "new"}
    add(shop.writer, "newer")
    shop.follower.refresh()
    assert rows(shop.follower) == {"2", "3", "new", "newer"}


def test_the_very_next_entry_is_missed_when_what_was_seen_is_no_longer_believed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To look for a hole before each read would cost a listing each. So who has just seen the end believes it for half
    an hour; then it is found."""
    shop.go_on()
    assert shop.reader.live.shared
    shop.entry(5).unlink()
    Sleep(monkeypatch)(3600)
    error = told(lambda: rows(shop.reader))
    assert isinstance(error, CorruptionError)
    assert "log entry 5 is missing, though 6 is there" in str(error)
