"""Every setting there is: one table, from which the file is checked, the variables are read and the docs are made."""

from __future__ import annotations

from typing import Any

import msgspec

from thoth_storage.config import kinds
from thoth_storage.config.kinds import Kind

__all__ = ["BY_NAME", "LEVELS", "SETTINGS", "Setting"]

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def _level(value: Any) -> str:
    if not isinstance(value, str) or value.upper() not in LEVELS:
        raise ValueError(f"one of {', '.join(LEVELS)}")
    return value.upper()


class Setting(msgspec.Struct, frozen=True):
    """``section``: "store" for what each ``[stores.NAME]`` may have, else the table of the file that has it.
    ``variables``: environment variables, the first that is set wins. ``about``: one sentence for people."""

    name: str
    section: str
    kind: Kind
    default: Any
    about: str
    variables: tuple[str, ...] = ()
    example: str = ""
    secret: bool = False

    @property
    def key(self) -> str:
        """How it is called in its table of the file: ``level`` in ``[log]``."""
        return self.name.removeprefix(f"{self.section}_")


SETTINGS = (
    Setting(
        "url", "store", kinds.text, None, "Where the store lives.", ("THOTH_STORAGE_URL",), "gs://bucket/chroma_db"
    ),
    Setting(
        *("storage_options", "store", kinds.options, {}),
        "Options for the backend's file system: project, endpoint, time limits of requests.",
        example='{ project = "my-project" }',
    ),
    Setting(
        *("encryption_key", "store", kinds.text, None),
        "Password, base64: and 32 bytes, or a reference with :// such as file:///run/secrets/key.",
        *(("THOTH_STORAGE_KEY",), "file:///run/secrets/key", True),
    ),
    Setting(
        *("embedder", "store", kinds.text, "default"),
        "What makes vectors of texts: default (Chroma's model), lexical (no model), or module:object.",
        *(("THOTH_STORAGE_EMBEDDER",), "lexical"),
    ),
    Setting(
        *("durability", "store", kinds.choice("log", "checkpoint"), "log"),
        "When a write is safe: log (when it returns) or checkpoint (when the next one is made; for bulk loads).",
        *(("THOTH_STORAGE_DURABILITY",), "checkpoint"),
    ),
    Setting(
        *("refresh", "store", kinds.seconds, None),
        "Seconds between two looks for what others wrote; 0 before each read; none where it is left out.",
        *(("THOTH_STORAGE_REFRESH",), "5"),
    ),
    Setting(
        *("cache_dir", "store", kinds.text, None),
        "The folder below which local, disposable copies lie; else the user's cache folder.",
        *(("THOTH_STORAGE_CACHE_DIR", "CHROMA_PERSIST_DIRECTORY"), "/var/cache/thoth"),
    ),
    Setting(
        *("cache_limit", "store", kinds.number_of_bytes, 10 * 2**30),
        "Bytes of local copies that are kept for later openings, all stores together.",
        *(("THOTH_STORAGE_CACHE_LIMIT",), "2GiB"),
    ),
    Setting(
        *("memory_budget", "store", kinds.number_of_bytes, None),
        "Bytes that the store may take on this machine; else what there is.",
        *(("THOTH_STORAGE_MEMORY_BUDGET",), "3GiB"),
    ),
    Setting(
        *("checkpoint_rows", "store", kinds.count(1), 20_000),
        "A checkpoint is made when so many rows were written since the last.",
        *(("THOTH_STORAGE_CHECKPOINT_ROWS",), "50000"),
    ),
    Setting(
        *("checkpoint_bytes", "store", kinds.number_of_bytes, 64 * 2**20),
        "The same for bytes of documents and vectors.",
        *(("THOTH_STORAGE_CHECKPOINT_BYTES",), "256MiB"),
    ),
    Setting(
        *("checkpoint_seconds", "store", kinds.seconds, None),
        "The same for the time since the first write that no checkpoint has.",
        *(("THOTH_STORAGE_CHECKPOINT_SECONDS",), "10m"),
    ),
    Setting(
        *("retry_deadline", "store", kinds.seconds, 60.0),
        "Seconds for which a request that failed for the moment is tried again.",
        *(("THOTH_STORAGE_RETRY_DEADLINE",), "20"),
    ),
    Setting(
        *("uploads", "store", kinds.count(1, 64), 3),
        "Packs of 16 MiB that are sent at once; each takes its size in memory.",
        *(("THOTH_STORAGE_UPLOADS",), "8"),
    ),
    Setting(
        *("downloads", "store", kinds.count(1, 64), 3),
        "Ranges of up to 16 MiB that are asked for at once; each takes its size in memory.",
        *(("THOTH_STORAGE_DOWNLOADS",), "8"),
    ),
    # Without variables: what is to be forgotten is said of one store, and never of whichever is named.
    Setting(
        *("keep_last", "store", kinds.count(0), 0),
        "What forget keeps where it is told neither snapshots nor rules: the newest so many.",
        example="3",
    ),
    Setting(
        *("keep_hourly", "store", kinds.count(0), 0),
        "The same: the newest of each of the last so many hours (UTC) that have one.",
        example="24",
    ),
    Setting(*("keep_daily", "store", kinds.count(0), 0, "The same for days."), example="7"),
    Setting(*("keep_weekly", "store", kinds.count(0), 0, "The same for weeks (ISO 8601)."), example="4"),
    Setting(*("keep_monthly", "store", kinds.count(0), 0, "The same for months."), example="12"),
    Setting(
        *("keep_tags", "store", kinds.words, None, "The same: all that have one of these tags."), example='["prod"]'
    ),
    Setting(
        *("chroma_token", "chroma", kinds.text, None),
        "What a Chroma server that is exported to or imported from wants as its token: itself, or a reference.",
        *(("THOTH_STORAGE_CHROMA_TOKEN",), "file:///run/secrets/chroma", True),
    ),
    Setting(
        *("chroma_token_header", "chroma", kinds.text, "x-chroma-token"),
        "The header that the token goes in; with Authorization as a bearer token.",
        *(("THOTH_STORAGE_CHROMA_TOKEN_HEADER",), "Authorization"),
    ),
    Setting(
        *("chroma_tenant", "chroma", kinds.text, "default_tenant", "The tenant on that server."),
        *(("THOTH_STORAGE_CHROMA_TENANT",), "acme"),
    ),
    Setting(
        *("chroma_database", "chroma", kinds.text, "default_database", "The database on that server."),
        *(("THOTH_STORAGE_CHROMA_DATABASE",), "handbook"),
    ),
    Setting(
        *("log_level", "log", _level, "WARNING", "From which level on the command line logs."),
        *(("THOTH_STORAGE_LOG_LEVEL", "LOG_LEVEL"), "INFO"),
    ),
    Setting(
        *("log_format", "log", kinds.choice("plain", "json"), None),
        "How the command line logs: plain lines, or json for Cloud Logging; else json on Cloud Run.",
        *(("THOTH_STORAGE_LOG_FORMAT",), "json"),
    ),
    Setting(
        *("log_project", "log", kinds.text, None, "The Google Cloud project, which a trace's full name has in it."),
        *(("GCP_PROJECT_ID",), "my-project"),
    ),
    Setting(
        *("host", "service", kinds.text, None),
        "The address that the service listens on; else 127.0.0.1, on Cloud Run all.",
        *(("THOTH_STORAGE_HOST",), "0.0.0.0"),  # noqa: S104 - an example
    ),
    Setting(*("port", "service", kinds.count(0, 65535), 8080, "The port of the service; 0 for a free one."), ("PORT",)),
    Setting(
        *(
            "read_only",
            "service",
            kinds.flag,
            False,
            "The service has no tools that write, and opens the store to read.",
        ),
        ("THOTH_STORAGE_READ_ONLY",),
    ),
    Setting(
        *("token", "service", kinds.text, None),
        "What a request to the service has to bring as its bearer token; nothing where it is left out.",
        *(("THOTH_STORAGE_TOKEN",), "", True),
    ),
    Setting(
        *("allowed_hosts", "service", kinds.words, None),
        "Names that a request may be sent to; where it is left out any, and on 127.0.0.1 those of this machine.",
        *(("THOTH_STORAGE_ALLOWED_HOSTS",), "store.example.com"),
    ),
    Setting(
        *("body_limit", "service", kinds.number_of_bytes, 4 * 2**20),
        "Bytes that a request to the service may have.",
        *(("THOTH_STORAGE_BODY_LIMIT",), "16MiB"),
    ),
    Setting(
        *("max_behind", "service", kinds.count(0), 1000),
        "Entries of the log that an instance of the service may lack and still be ready.",
        *(("THOTH_STORAGE_MAX_BEHIND",), "100"),
    ),
    Setting(
        *("deadline", "service", kinds.seconds, 8.0),
        "Seconds from SIGTERM to the end of the service; Cloud Run kills after 10.",
        *(("THOTH_STORAGE_DEADLINE",), "8"),
    ),
    Setting(
        *("health_checkpoint_age", "health", kinds.seconds, 26 * 3600.0),
        "How old the newest checkpoint may be while there is something newer to save; health fails at twice that.",
        *(("THOTH_STORAGE_HEALTH_CHECKPOINT_AGE",), "2h"),
    ),
    Setting(
        *("health_log_entries", "health", kinds.count(1), 10_000),
        "How many entries of the log an opening may have to replay; health fails at twice that.",
        *(("THOTH_STORAGE_HEALTH_LOG_ENTRIES",), "5000"),
    ),
    Setting(
        *("health_drill_age", "health", kinds.seconds, 8 * 86400.0),
        "How long ago the last restore drill may be that succeeded; health fails at twice that.",
        *(("THOTH_STORAGE_HEALTH_DRILL_AGE",), "26h"),
    ),
    Setting(
        *("health_deadline", "health", kinds.seconds, 10.0),
        "Seconds for all checks of health together.",
        *(("THOTH_STORAGE_HEALTH_DEADLINE",), "5"),
    ),
)
BY_NAME = {each.name: each for each in SETTINGS}
