"""Preconditions on generations: what makes a create, or a change, safe among many writers."""

from collections.abc import Mapping
from dataclasses import dataclass

from . import errors

ENFORCED = frozenset(
    {"ifGenerationMatch", "ifGenerationNotMatch", "ifSourceGenerationMatch", "ifSourceGenerationNotMatch"}
)


@dataclass(frozen=True)
class Preconditions:
    """What must hold of the live generation, where 0 means: there is no object."""

    match: int | None = None
    not_match: int | None = None

    @classmethod
    def of(cls, query: Mapping[str, str], prefix: str = "if") -> "Preconditions":
        """Those of a request. One that is not enforced here must not pass as one that held."""
        for parameter in query:
            if parameter.startswith("if") and parameter not in ENFORCED:
                raise errors.not_implemented(parameter)
        try:
            values = [query.get(f"{prefix}Generation{kind}") for kind in ("Match", "NotMatch")]
            return cls(*(None if value is None else int(value) for value in values))
        except ValueError:
            raise errors.invalid("Invalid value for a generation precondition.") from None

    def check(self, generation: int) -> None:
        if self.match is not None and self.match != generation:
            raise errors.precondition_failed()
        if self.not_match is not None and self.not_match == generation:
            raise errors.precondition_failed()


NOTHING = Preconditions()
