"""What a report of numbers tells people: one line, in the words of its fields."""

from __future__ import annotations

import dataclasses
from typing import Any

from thoth_storage.cli.output import Output, human_bytes

__all__ = ["say_numbers"]


def say_numbers(output: Output, report: Any) -> None:
    """A line with all numbers of a report that are not zero."""
    parts = []
    for field in dataclasses.fields(report):
        value = getattr(report, field.name)
        if isinstance(value, int) and not isinstance(value, bool) and value:
            shown = human_bytes(value) if "bytes" in field.name else str(value)
            parts.append(f"{field.name.replace('_', ' ')} {shown}")
    output.say(", ".join(parts) or "nothing to do")
