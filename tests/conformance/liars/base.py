"""What all liars share: an honest store beneath, and the names of the tests that have to see through them."""

from typing import Any, ClassVar

from thoth_storage.memory import MemoryBackend

SECRET = "hunter2-of-the-liars"
MACHINE = "test_any_sequence_of_verbs"


class Liar(MemoryBackend):
    """``caught_by`` names tests of the suite that must fail, each of them."""

    caught_by: ClassVar[tuple[str, ...]] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._url,)


class Honest(MemoryBackend):
    """The control: where it fails a test, the test's failure against a liar says nothing."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._url,)
