"""Prints the table of settings of docs/configuration.md from the code; with --write puts it there."""

from __future__ import annotations

import sys
from pathlib import Path

from thoth_storage.config import SETTINGS, Setting

PAGE = Path(__file__).parent.parent / "docs" / "configuration.md"
BEGIN, END = "<!-- settings -->\n", "<!-- /settings -->\n"


def table() -> str:
    rows = ["| setting | in the file | variable | default | what it is |", "|---|---|---|---|---|"]
    return "\n".join(rows + [_row(each) for each in SETTINGS]) + "\n"


def _row(each: Setting) -> str:
    place = "`[stores.NAME]`" if each.section == "store" else f"`[{each.section}]`, `{each.key}`"
    variables = " or ".join(f"`{name}`" for name in each.variables)
    default = "" if each.default in (None, {}) else f"`{each.default}`"
    return f"| `{each.name}` | {place} | {variables} | {default} | {each.about} |"


def page() -> str:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(table(), end="")
