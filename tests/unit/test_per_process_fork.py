"""A fork: the child makes its own instances, and leaves its parent's as they are."""

from __future__ import annotations

from tests.unit.helpers import run_python

FORKS = """
    import gc, os, sys, threading, weakref
    from thoth_storage.per_process import PerProcess

    class Thing:
        pass

    def child(do):
        sys.stdout.flush()
        pid = os.fork()
        if not pid:
            do()
            sys.stdout.flush()
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0

    kept = []
    for name, rule in (("shared", True), ("unshared", False)):
        holder = PerProcess(Thing, lambda thing: rule)
        kept.append(holder)
        mine = id(holder.get())
        weakref.finalize(holder.get(), print, "the parent's was finalized")

        def inside():
            holder.clear()
            theirs = holder.get()
            print(name, "other:", id(theirs) != mine, "kept:", theirs is holder.get())
            theirs = None
            holder.clear()
            gc.collect()
            child(lambda: print(name, "grandchild other:", id(holder.get()) != mine))

        child(inside)
        print(name, "parent same:", id(holder.get()) == mine)

    # A thread is in the middle of making one while another forks.
    begun, go = threading.Event(), threading.Event()
    parent = os.getpid()

    def make():
        if os.getpid() == parent:
            begun.set()
            go.wait()
        return Thing()

    holder = PerProcess(make, lambda thing: True)
    thread = threading.Thread(target=holder.get)
    thread.start()
    begun.wait()
    child(lambda: print("child made one while the parent's lock was held:", bool(holder.get())))
    go.set()
    thread.join()
    os._exit(0 if not sys.stdout.flush() else 1)
"""


def test_a_forked_child_makes_its_own_and_never_ends_its_parents() -> None:
    """A finalizer of fsspec's would wait in the child for a thread that exists in the parent only."""
    assert run_python(FORKS, "-Wignore").splitlines() == [
        "shared other: True kept: True",
        "shared grandchild other: True",
        "shared parent same: True",
        "unshared other: True kept: True",
        "unshared grandchild other: True",
        "unshared parent same: True",
        "child made one while the parent's lock was held: True",
    ]
