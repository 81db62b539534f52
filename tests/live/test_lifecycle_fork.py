"""A forked child gets a clear error at once, and nothing that it does or leaves undone touches the parent's store."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.conftest import OpenClient
from tests.live.programs import ids, lines, python
from thoth_storage import Repository

QUIET = """
import warnings
warnings.simplefilter("ignore")  # Python warns of a fork beside threads
"""

FORKED = """
client = opened(policy=CheckpointPolicy(seconds=1000))
add(client, "1")
collection = client.get_collection("notes", embedding_function=None)
uses = {{
    "query": lambda: collection.query(query_embeddings=[[1.0, 1.0]]),
    "add": lambda: collection.add(ids=["child"], embeddings=[[1.0, 1.0]]),
    "create": lambda: client.create_collection("another", embedding_function=None),
    "checkpoint": client.checkpoint,
    "refresh": client.refresh,
    "restore": client.restore,
    "snapshots": client.snapshots,
}}
def child():
    for name, use in uses.items():
        try:
            use()
        except thoth_storage.StorageError as error:
            assert "before this process was forked" in str(error), error
        else:
            raise AssertionError(name)
    assert client.status().pending == 1
    client.close()
    client.close()
    assert "closed" in repr(client)
{before}
pid = os.fork()
if not pid:
    try:
        with_alarm = signal.alarm(10)
        child()
    except BaseException as error:
        print(f"child: {{error!r}}", flush=True)
        os._exit(1)
    {leave}
{after}
_, status = os.waitpid(pid, 0)
say(f"child {{os.waitstatus_to_exitcode(status)}}")
assert os.path.isdir(client.status().local_path)
say(f"rows {{collection.count()}} at {{len(client.snapshots())}} snapshots")
add(client, "2")
client.close()
say("closed")
"""

BUSY = """
inside, leave = threading.Event(), threading.Event()
def hold():
    with client.live._publishing, client.live.gate.writers:
        inside.set()
        leave.wait()
threading.Thread(target=hold).start()
inside.wait()
"""


@pytest.mark.parametrize("leave", ["sys.exit(0)", "os._exit(0)"])
def test_a_child_is_refused_and_the_parent_goes_on(connect: OpenClient, place: str, cache: Path, leave: str) -> None:
    with python(QUIET + FORKED.format(before="", leave=leave, after=""), place, cache / "other") as process:
        lines(process, "child 0", "rows 1 at 0 snapshots", "closed")
    assert len(Repository.open(place).snapshots()) == 1
    assert ids(connect()) == {"1", "2"}


def test_a_fork_amid_a_checkpoint_of_another_thread(connect: OpenClient, place: str, cache: Path) -> None:
    """The child has the locks as they were, and nobody in it who would ever give them back."""
    program = FORKED.format(before=BUSY, leave="sys.exit(0)", after="leave.set()")
    with python(QUIET + program, place, cache / "other") as process:
        lines(process, "child 0", "rows 1 at 0 snapshots", "closed")
    assert ids(connect()) == {"1", "2"}


def test_a_child_opens_a_client_of_its_own(connect: OpenClient, place: str, cache: Path) -> None:
    """Before it touches chromadb, which hangs otherwise: a server that forks its workers late."""
    program = """
client = opened()
add(client, "1")
client.close()
pid = os.fork()
if not pid:
    signal.alarm(20)
    mine = opened(mode="r")
    os._exit(mine.get_collection("notes", embedding_function=None).count())
_, status = os.waitpid(pid, 0)
say(f"child {os.waitstatus_to_exitcode(status)}")
"""
    with python(QUIET + program, place, cache / "other") as process:
        lines(process, "child 1")


def test_sigterm_ends_a_child_at_once_and_leaves_the_parent(connect: OpenClient, place: str, cache: Path) -> None:
    program = """
thoth_storage.close_on_sigterm()
client = opened()
add(client, "1")
pid = os.fork()
if not pid:
    say("child")
    time.sleep(1000)
    os._exit(1)
sys.stdin.readline()
os.kill(pid, signal.SIGTERM)
_, status = os.waitpid(pid, 0)
say(f"child {os.waitstatus_to_exitcode(status)}")
add(client, "2")
client.close()
say("closed")
"""
    with python(QUIET + program, place, cache / "other") as process:
        lines(process, "child")
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        lines(process, "child -15", "closed")
    assert ids(connect()) == {"1", "2"}
