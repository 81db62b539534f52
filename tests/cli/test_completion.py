"""What a shell completes: by bash itself, and for zsh and fish by what their scripts ask for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.helpers import environment, invoke
from tests.cli.test_help import VERBS

BIN = Path(sys.executable).parent
ASK = """
source /dev/stdin
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
compopt() { echo "compopt $2"; }
_thoth_storage_completion thoth-storage
printf '%s\\n' "${COMPREPLY[@]}"
"""


def in_bash(*words: str) -> list[str]:
    """What bash offers for the last word."""
    script = invoke("completion", "bash").out
    env = environment({"PATH": f"{BIN}:/usr/bin:/bin"})
    command = ["bash", "--norc", "-c", ASK, "bash", "thoth-storage", *words]
    done = subprocess.run(command, input=script, env=env, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


def asked(shell: str, *words: str) -> str:
    """What the program answers to the script of another shell."""
    line = " ".join(["thoth-storage", *words])
    last = {"zsh": str(len(words)), "fish": words[-1]}[shell]
    more = {"_THOTH_STORAGE_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": last}
    done = subprocess.run([BIN / "thoth-storage"], env=environment(more), capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["re"], ["repair", "restore"]),
        (["key", "r"], ["remove", "rotate"]),
        (["restore", "--sn"], ["--snapshot"]),
        (["completion", "f"], ["fish"]),
        (["snapshots", "./x"], ["compopt dirnames", ""]),
        (["add", "./x"], ["compopt default", ""]),
        (["query", "x"], [""]),
        (["nonsense", "x"], [""]),
    ],
)
def test_bash(words: list[str], offered: list[str]) -> None:
    assert in_bash(*words) == offered


def test_bash_offers_all_verbs() -> None:
    assert set(in_bash("")) == {verb.split()[0] for verb in VERBS}


def test_zsh_and_fish_show_the_line_of_a_verb() -> None:
    assert asked("zsh", "rep") == "plain\nrepair\nMend what verify finds.\n"
    assert asked("fish", "rep").split() == ["plain,repair", "Mend", "what", "verify", "finds."]


@pytest.mark.parametrize(("shell", "begin"), [("zsh", "#compdef thoth-storage"), ("fish", "function _thoth_storage_")])
def test_the_scripts_of_other_shells(shell: str, begin: str) -> None:
    said = invoke("completion", shell)
    assert said.code == 0
    assert said.out.startswith(begin)
    assert f"_THOTH_STORAGE_COMPLETE={shell}_complete" in said.out
    assert invoke("completion", shell, "--json").document == {"shell": shell, "script": said.out}


def test_a_list_or_a_completion_of_verbs_imports_none() -> None:
    code = """
import sys
from thoth_storage.cli.group import thoth_storage
try:
    thoth_storage(prog_name="thoth-storage")
finally:
    print([name for name in sys.modules if name.startswith(("thoth_storage.repository", "thoth_storage.store"))])
"""
    more = {"_THOTH_STORAGE_COMPLETE": "bash_complete", "COMP_WORDS": "thoth-storage ver", "COMP_CWORD": "1"}
    for arguments, env in ((["--help"], {}), ([], more)):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], env=environment(env), capture_output=True, text=True, check=True
        )
        assert "verify" in done.stdout
        assert done.stdout.endswith("\n[]\n")
