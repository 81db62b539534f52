"""Writers of one log that race: each appends its payloads, and reads what the others wrote."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Sequence

from thoth_storage.errors import UnavailableError
from thoth_storage.log import Entry, Log, Tail
from thoth_storage.registry import open_backend

__all__ = ["append_all", "everything", "run"]


def append_all(log: Log, name: str, count: int) -> list[bytes]:
    """Append so many payloads, each until it is acknowledged or found; and give what this writer saw, in order."""
    tail, seen, mine = Tail(log, 0), list[bytes](), set[bytes]()

    def take(entry: Entry) -> None:
        tail.take(entry)
        seen.append(entry.payload)
        mine.add(entry.payload)

    for number in range(count):
        payload = f"{name} {number}".encode()
        while payload not in mine:
            try:
                entry, ours = tail.append(payload)
            except UnavailableError:
                continue  # stored or not: the next number tells
            assert entry.payload == payload or not ours
            take(entry)
            if not ours and random.random() < 0.5:
                for each in tail.read():
                    take(each)
    return seen


def everything(log: Log) -> list[bytes]:
    """All payloads, in the order of the log."""
    tail, found = Tail(log, 0), list[bytes]()
    while entries := tail.read():
        for each in entries:
            tail.take(each)
            found.append(each.payload)
    return found


def run(url: str, names: Sequence[str], count: int) -> list[list[bytes]]:
    """One process for each name, all beginning at once; what each saw."""
    begin = str(time.time() + 2)
    command = [sys.executable, "-m", "tests.log.racing", url, begin, str(count)]
    processes = [subprocess.Popen([*command, name], stdout=subprocess.PIPE) for name in names]
    outputs = [process.communicate(timeout=240)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(names)
    return [output.splitlines() for output in outputs]


def _main(url: str, begin: str, count: str, name: str) -> None:
    log = Log(open_backend(url), name)
    time.sleep(max(float(begin) - time.time(), 0))
    sys.stdout.buffer.write(b"\n".join(append_all(log, name, int(count))))


if __name__ == "__main__":
    _main(*sys.argv[1:])
