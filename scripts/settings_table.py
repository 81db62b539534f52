"""Prints the tables of settings and variables that the docs have, from the code; with --write puts them there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from thoth_storage.config import SETTINGS, Setting

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "configuration.md"
VARIABLES = ROOT / "docs" / "ENVIRONMENT_CONFIG.md"
BEGIN, END = "<!-- settings -->\n", "<!-- /settings -->\n"
USERS = {
    "store": "library, command line, service",
    "log": "command line, service",
    "service": "service",
    "chroma": "library, command line",
}
"""Who reads the settings of a section; those of a section that is not named here, all three."""
NEEDED = {
    "url": "else the store is `./chroma_db`",
    "encryption_key": "where the store is encrypted",
    "token": "where IAM does not keep others out",
}


def table() -> str:
    rows = ["| setting | in the file | variable | default | what it is |", "|---|---|---|---|---|"]
    return "\n".join(rows + [_row(each) for each in SETTINGS]) + "\n"


def variables() -> str:
    """A row for each variable that stands for a setting."""
    given = _given_by_terraform()
    rows = [
        "| variable | what it is | default | example | needed | read by | Terraform |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in SETTINGS:
        for number, name in enumerate(each.variables):
            about = f"The same as `{each.variables[0]}`, which goes first." if number else each.about
            cells = [about, _code(each.default), _code(each.example), NEEDED.get(each.name, "no")]
            cells += [USERS.get(each.section, USERS["store"]), _code(given.get(name))]
            rows.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _row(each: Setting) -> str:
    place = "`[stores.NAME]`" if each.section == "store" else f"`[{each.section}]`, `{each.key}`"
    names = " or ".join(f"`{name}`" for name in each.variables)
    return f"| `{each.name}` | {place} | {names} | {_code(each.default)} | {each.about} |"


def _code(value: object) -> str:
    return "" if value in (None, {}, "") else f"`{value}`"


def _given_by_terraform() -> dict[str, str]:
    """Variables of the container, and the variable of infra/ that each comes from."""
    text = (ROOT / "infra" / "main.tf").read_text(encoding="utf-8")
    found = dict(re.findall(r"^ +([A-Z_]+) += (?:local|var)\.(\w+)$", text, re.MULTILINE))
    found |= dict(re.findall(r"\{ ([A-Z_]+) += var\.(\w+) \}", text))
    found |= {name: given for given, name in re.findall(r"var\.(\w+) \? \{ ([A-Z_]+) += \"true\" \}", text)}
    return found


def page(path: Path = PAGE) -> str:
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    made = table() if path == PAGE else variables()
    return f"{before}{BEGIN}{made}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    if "--write" in sys.argv:
        for each in (PAGE, VARIABLES):
            each.write_text(page(each), encoding="utf-8")
    else:
        print(table(), variables(), sep="\n", end="")
