"""Nothing that was given in confidence is shown: not in results, not in errors, not in the log or a trace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.helpers import Said, invoke, program
from tests.servers.s3 import S3Server

USER, PASSWORD, OPTION = "AKIAUSERUSERUSERUSER", "PASSWORDpassword+word", "OPTIONoption/option"
URL = f"s3://{USER}:{PASSWORD}@bucket"
VERBS = (
    *(["backup", "tree"], ["snapshots"], ["verify"], ["check"], ["demo"]),
    *(["prune"], ["repair"], ["forget", "--keep-last", "1"], ["key", "list"], ["copy", "repository"]),
)


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with S3Server() as server:
        server.create_bucket("bucket")
        yield server


@pytest.fixture
def options(server: S3Server) -> list[str]:
    return ["-o", f"endpoint_url={server.endpoint}", "-o", f"secret={OPTION}"]


def check(said: Said, code: int) -> None:
    assert said.code == code, said
    for secret in (USER, PASSWORD, OPTION):
        assert secret not in said.out + said.err


def test_results(repository: Path, options: list[str]) -> None:
    for arguments in (["backup", "tree"], ["snapshots"], ["verify"], ["demo"]):
        said = invoke(*arguments, f"{URL}/results", *options, "--json")
        check(said, 0)
        assert said.document["url"] == "s3://bucket/results"
    for verb in ("snapshots", "verify"):
        check(invoke(verb, f"{URL}/results", *options), 0)


def test_commands_to_type_next_are_masked(options: list[str]) -> None:
    said = invoke("demo", f"{URL}/next", *options)
    check(said, 0)
    assert "thoth-storage snapshots s3://***@bucket/next" in said.out
    assert "-o secret=***" in said.out


def test_restore(tree: Path, options: list[str]) -> None:
    check(invoke("backup", "tree", f"{URL}/restored", *options), 0)
    check(invoke("restore", f"{URL}/restored", "out", *options, "--json"), 0)
    check(invoke("restore", f"{URL}/restored", "out", *options, "--json"), 4)


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_errors(repository: Path, server: S3Server, options: list[str], form: list[str]) -> None:
    missing = f"s3://{USER}:{PASSWORD}@no-such-bucket/x"
    for arguments in VERBS:
        to = [each.replace("-o", "--to-option") for each in options] if arguments[0] == "copy" else options
        check(invoke(*arguments, missing, *to, *form), 3)
    for verb, words in (("show", ["x"]), ("diff", ["x", "y"]), ("tag", ["x", "--add", "y"]), ("name", ["x", "y"])):
        check(invoke(verb, missing, *words, *options, *form), 3)
    check(invoke("restore", missing, "out", *options, *form), 3)
    check(invoke("snapshots", f"{URL}//two-slashes", *options, *form), 2)
    check(invoke("snapshots", f"x{URL}/x", *options, *form), 2)
    server.faults.add("403", 1 << 30, methods=["GET", "PUT", "POST"])
    try:
        check(invoke("snapshots", f"{URL}/x", *options, *form), 1)
    finally:
        server.faults.clear()


def test_the_log_and_the_trace(tree: Path, options: list[str]) -> None:
    """In a process of its own, where --verbose makes the whole log."""
    said = program("backup", tree, f"{URL}/verbose", "--verbose", *options, env={"LOG_LEVEL": "DEBUG"})
    check(said, 0)
    said = program("snapshots", f"s3://{USER}:{PASSWORD}@no-such-bucket/x", "--verbose", *options)
    check(said, 3)
    assert "Traceback" in said.err
    assert "NotFoundError" in said.err


def test_secrets_of_the_environment(tree: Path, server: S3Server) -> None:
    env = {"THOTH_STORAGE_URL": f"{URL}/environment", "AWS_ENDPOINT_URL": server.endpoint}
    check(program("backup", tree, env=env), 0)
    check(program("snapshots", "--json", env=env), 0)
