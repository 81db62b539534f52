"""No credentials, or broken ones: told at once, by the name of what to set, without asking a network for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.helpers import run_python

TELL = """
    import json, time
    import thoth_storage as ts
    backend, told = ts.open_backend({url!r}, **{options!r}), []
    for verb in (lambda: backend.get("a"), lambda: list(backend.list()), lambda: backend.put("a", b"")):
        began = time.monotonic()
        try:
            verb()
            told.append(["done"])
        except ts.StorageError as error:
            told.append([type(error).__name__, str(error), error.url, error.hint, time.monotonic() - began])
    print(json.dumps(told))
"""


def tell(url: str, home: Path, env: dict[str, str], **options: Any) -> list[list[Any]]:
    whole = {"HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true", "NO_GCE_CHECK": "true", **env}
    answer: list[list[Any]] = json.loads(run_python(TELL.format(url=url, options=options), env=whole))
    return answer


def refused(told: list[list[Any]], url: str) -> list[str]:
    """The texts, if each verb was refused for want of credentials, and without waiting."""
    for kind, text, where, hint, seconds in told:
        assert kind == "PermissionError_", text
        assert where == url
        assert hint in text
        assert seconds < 5, "no retry will bring credentials"
    return [text for _, text, *_ in told]


def test_a_google_key_file_that_is_missing(tmp_path: Path) -> None:
    missing = str(tmp_path / "no-such-key.json")
    told = tell("gs://bucket/db", tmp_path, {"GOOGLE_APPLICATION_CREDENTIALS": missing})
    for text in refused(told, "gs://bucket/db"):
        assert "no usable Google credentials" in text
        assert missing in text
        assert "GOOGLE_APPLICATION_CREDENTIALS" in text
        assert "gcloud auth application-default login" in text


@pytest.mark.parametrize(
    "content", ["not json", '{"type": "service_account", "private_key": "-----BEGIN s3cret-----"}'], ids=["text", "key"]
)
def test_a_google_key_file_that_is_broken(content: str, tmp_path: Path) -> None:
    broken = tmp_path / "key.json"
    broken.write_text(content)
    told = tell("gs://bucket/db", tmp_path, {"GOOGLE_APPLICATION_CREDENTIALS": str(broken)})
    for text in refused(told, "gs://bucket/db"):
        assert "Google credentials" in text
        assert "s3cret" not in text


def test_no_amazon_keys(tmp_path: Path) -> None:
    for text in refused(tell("s3://bucket/db", tmp_path, {}), "s3://bucket/db"):
        assert "no usable AWS credentials: Unable to locate credentials" in text
        assert "AWS_ACCESS_KEY_ID" in text
        assert "AWS_PROFILE" in text
        assert "key= and secret=" in text


def test_half_of_the_amazon_keys(tmp_path: Path) -> None:
    told = tell("s3://bucket/db", tmp_path, {"AWS_ACCESS_KEY_ID": "AKIA-half"})
    for text in refused(told, "s3://bucket/db"):
        assert "Partial credentials" in text
        assert "secret" in text


def test_an_amazon_profile_that_is_not_there(tmp_path: Path) -> None:
    for text in refused(tell("s3://bucket/db", tmp_path, {"AWS_PROFILE": "typo"}), "s3://bucket/db"):
        assert "The config profile (typo) could not be found" in text
        assert "AWS_PROFILE" in text
