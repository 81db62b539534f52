"""What writers leave to a checkpoint that is being taken."""

from __future__ import annotations

import threading
import time

import pytest

from thoth_storage.store.gate import Gate


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, in seconds."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


def write(gate: Gate, seconds: float = 0.0) -> None:
    with gate.writing():
        threading.Event().wait(seconds)


def test_writers_give_way_only_while_something_hurries(slept: list[float]) -> None:
    gate = Gate()
    write(gate, 0.03)
    write(gate, 0.03)
    assert slept == []
    with gate.hurrying(), gate.hurrying():
        write(gate)
    assert len(slept) == 1
    write(gate)
    assert len(slept) == 1


def test_a_pause_is_as_long_as_the_write_before_and_short_at_most(slept: list[float]) -> None:
    gate = Gate()
    with gate.hurrying():
        write(gate, 0.05)
        write(gate)
        write(gate)
    assert slept[:2] == [0.0, 0.01]
    assert 0 < slept[2] < 0.01


def test_no_other_writer_uses_the_pause_and_readers_do(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, read = Gate(), threading.Event()
    took: list[bool] = []

    def other() -> None:
        took.append(gate.writers.acquire(blocking=False))
        with gate.reading():
            read.set()

    def pause(_: float) -> None:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(20)

    monkeypatch.setattr(time, "sleep", pause)
    with gate.hurrying():
        write(gate)
    assert took == [False]
    assert read.is_set()


def test_a_forked_child_hurries_for_nobody(slept: list[float]) -> None:
    gate = Gate()
    with gate.hurrying():
        gate.abandon()
        write(gate)
    assert slept == []
    write(gate)
    assert slept == []
