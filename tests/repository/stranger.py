"""What becomes of a sound repository that a stranger has written to: each verb works, or fails as it should.

Only errors of this package; little memory; nothing is written beside a target; and what verification calls sound can
be restored.
"""

from __future__ import annotations

import shutil
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from hypothesis import strategies as st

from tests.repository.subject import Subject
from tests.repository.trees import write_tree
from thoth_storage.errors import ConfigurationError, StorageError
from thoth_storage.repository import Repository
from thoth_storage.repository.reports import VerifyReport

__all__ = ["anything", "little_memory", "opened", "outlive", "tried"]

_T = TypeVar("_T")
MIB = 1024 * 1024

_leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=40)
    | st.sampled_from([b"", "", 2**63, -1, "latest", "f" * 32])
)
anything = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
"""Whatever MessagePack can hold."""


def tried(verb: Callable[[], _T]) -> _T | StorageError:
    """What a verb gives, or its error. Any other exception than those of this package goes through."""
    try:
        return verb()
    except StorageError as error:
        return error


@contextmanager
def little_memory(most: int = 32 * MIB) -> Iterator[None]:
    """Whatever is claimed, no more than this is taken at once."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


def outlive(subject: Subject, stored: Mapping[str, bytes]) -> VerifyReport:
    """Store these objects, use the repository, take them away again; gives what verification said."""
    repository, box = subject.repository, subject.folder / "box"
    write_tree(box / "source", {"new": b"new", "a": b"another"})
    for key, data in stored.items():
        repository.backend.put(key, data)
    with little_memory():
        report = repository.verify()
    repository.snapshots()
    for wanted in ("latest", subject.third):
        before = list(subject.folder.iterdir()), list(box.iterdir())
        found = tried(partial(repository.restore, wanted, box / "target"))
        # A disk may refuse what is sound, such as a long name.
        assert not isinstance(found, StorageError) or isinstance(found, ConfigurationError) or not report.ok
        shutil.rmtree(box / "target", ignore_errors=isinstance(found, StorageError))
        assert before == (list(subject.folder.iterdir()), list(box.iterdir()))
    tried(partial(repository.prune, dry_run=True))
    made = tried(partial(repository.backup, box / "source"))
    assert isinstance(made, StorageError) or repository.get(made.id).size == len(b"newanother")
    subject.reset()
    return report


def opened(subject: Subject, stored: Mapping[str, bytes]) -> Repository | StorageError:
    """Open a repository whose settings or keys are a stranger's."""
    for key, data in stored.items():
        subject.repository.backend.put(key, data)
    with little_memory():
        found = tried(partial(Repository.open, subject.repository.backend, encryption_key=subject.key))
        report = subject.repository.verify()
    assert isinstance(found, Repository) or not report.ok
    subject.reset()
    return found
