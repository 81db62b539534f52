"""The file system below a backend: when it is made, with which options, and who shares it."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.unit.fake_fs import UnitBackend, UnitFileSystem, box
from tests.unit.helpers import run_python
from thoth_storage.backend import Backend, Capabilities


def made() -> list[dict[str, Any]]:
    return [{k: v for k, v in each.items() if k not in {"thread", "pid"}} for each in UnitFileSystem.made]


def test_a_subclass_of_one_line_is_a_backend_that_claims_nothing() -> None:
    backend = box()
    assert isinstance(backend, Backend)
    assert backend.capabilities == Capabilities() == Capabilities(atomic_create=False, process_local=False)


def test_no_file_system_before_the_first_verb() -> None:
    backend = box(secret="s")
    assert repr(backend) == f"UnitBackend({backend.url!r})"
    assert backend.capabilities is not None
    pickle.dumps(backend)
    backend.close()
    assert made() == []
    assert list(backend.list()) == []
    assert len(made()) == 1


def test_options_are_passed_through_and_listings_are_not_cached() -> None:
    backend = box(project="p", nested={"a": 1})
    backend.put("a", b"")
    assert made() == [{"project": "p", "nested": {"a": 1}, "use_listings_cache": False}]


def test_the_callers_options_win_over_the_urls_and_over_ours() -> None:
    backend = UnitBackend("unitfs://me@b/p", user="you", use_listings_cache=True)
    backend.put("a", b"")
    assert made() == [{"user": "you", "from_url": "yes", "use_listings_cache": True}]


def test_the_url_gives_what_the_caller_does_not() -> None:
    UnitBackend("unitfs://me:pw@b/p").put("a", b"")
    assert made()[0]["user"] == "me:pw"


def test_two_backends_never_share_one_through_fsspecs_cache() -> None:
    url = box()._full_url
    one, two = UnitBackend(url, o=1), UnitBackend(url, o=1)
    assert one.fs is not two.fs


def test_a_subclass_adds_options_and_the_caller_still_wins() -> None:
    class Sub(UnitBackend):
        def options(self) -> dict[str, Any]:
            return {"timeout": 5, "user_seen": self.user, **super().options()}

    Sub("unitfs://me:p%2Fw@b/p", timeout=9).put("a", b"")
    assert (made()[0]["timeout"], made()[0]["user_seen"]) == (9, ("me", "p/w"))


@pytest.mark.parametrize(("shared", "instances"), [(False, 4), (True, 1)])
def test_threads_share_only_what_is_built_for_it(shared: bool, instances: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most synchronous file systems hold one connection (SFTP, SMB), which two threads would garble."""
    monkeypatch.setattr(UnitFileSystem, "async_impl", shared)
    backend = box()
    with ThreadPoolExecutor(1) as a, ThreadPoolExecutor(1) as b, ThreadPoolExecutor(1) as c:
        for pool in (a, b, c, a, b, c):
            pool.submit(backend.put, "k", b"").result()
    backend.put("k", b"")
    assert len(made()) == instances
    assert len({each["thread"] for each in UnitFileSystem.made}) == instances


def test_close_lets_go_and_the_next_verb_connects_again() -> None:
    backend = box()
    backend.put("a", b"1")
    backend.close()
    backend.close()
    assert backend.get("a") == b"1"
    assert len(made()) == 2


def test_a_pickle_keeps_class_url_and_options_but_no_connection() -> None:
    backend = box(secret="hunter22", nested={"a": 1})
    backend.put("a", b"1")
    again = pickle.loads(pickle.dumps(backend))
    assert (type(again), again.url, again.get("a")) == (UnitBackend, backend.url, b"1")
    assert made()[1] == made()[0]
    assert again.fs is not backend.fs


def test_the_options_of_a_backend_are_its_own() -> None:
    backend = box(a=1)
    backend.options()["a"] = 2
    assert backend.options() == {"a": 1}


FORK = """
    import os, sys
    from tests.unit.fake_fs import UnitFileSystem, box

    for is_async in (False, True):
        UnitFileSystem.async_impl = is_async
        backend = box(secret="s3cret")
        backend.put("a", b"1")
        parents = backend.fs
        sys.stdout.flush()
        if pid := os.fork():
            assert os.waitpid(pid, 0)[1] == 0
            print("parent:", backend.fs is parents)
        else:
            print("child:", backend.fs is not parents, backend.get("a"), UnitFileSystem.made[-1]["pid"] == os.getpid(),
                  UnitFileSystem.made[-1]["secret"])
            sys.stdout.flush()
            os._exit(0)
"""


def test_a_forked_child_connects_for_itself() -> None:
    lines = run_python(FORK, "-Wignore").splitlines()
    assert lines == ["child: True b'1' True s3cret", "parent: True"] * 2
