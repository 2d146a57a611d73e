"""Every variable the product reads from its environment, read once; the only place that looks at ``os.environ``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from ml_connector_dagster.errors import SettingWrong

HOME = "ML_CONNECTOR_HOME"
DATABASE_URL = "ML_CONNECTOR_DATABASE_URL"
BLOBS_URL = "ML_CONNECTOR_BLOBS_URL"
VAULT_KEY = "ML_CONNECTOR_VAULT_KEY"
VAULT_KEY_FILE = "ML_CONNECTOR_VAULT_KEY_FILE"
SANDBOX_URL = "ML_CONNECTOR_SANDBOX_URL"
CONNECTIONS = "ML_CONNECTOR_CONNECTIONS"
RUN_LIMIT_SECONDS = "ML_CONNECTOR_RUN_LIMIT_SECONDS"
DAGSTER_HOME = "DAGSTER_HOME"

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Environment:
    """Where this shell's connector keeps its state, and what it may reach."""

    home: Path
    """Folder of everything local: marker, locks, and by default database, blobs and key. Absolute."""
    database_url: str = field(repr=False)
    """SQLAlchemy URL, ``sqlite:///…`` or ``postgresql+psycopg2://…``; may carry a password, so it is never printed."""
    blobs_url: str
    vault_key_file: Path
    vault_key: str | None = field(repr=False)
    """The keyring's text where it was given directly; None where the file is to be read."""
    sandbox_url: str
    """Base of the sandbox, loopback only, no trailing slash."""
    connections_root: Path
    dagster_home: Path
    run_limit_seconds: int
    """Longest time one run may take; lease wait + upload + task deadline must stay below it."""

    @classmethod
    def read(cls, variables: Mapping[str, str] | None = None) -> Environment:
        """Answer the environment of this process, or of the variables given.

        Raises:
            SettingWrong: A variable cannot be used: sandbox not on loopback, a number that is none.
        """
        given = os.environ if variables is None else variables
        home = Path(given.get(HOME) or ".home").absolute()
        return cls(
            home=home,
            database_url=with_driver(given.get(DATABASE_URL) or f"sqlite:///{home / 'state.db'}"),
            blobs_url=given.get(BLOBS_URL) or str(home / "blobs"),
            vault_key_file=Path(given.get(VAULT_KEY_FILE) or home / "vault.key").absolute(),
            vault_key=given.get(VAULT_KEY) or None,
            sandbox_url=_loopback_only(given.get(SANDBOX_URL) or "http://127.0.0.1:8700"),
            connections_root=Path(given.get(CONNECTIONS) or Path(__file__).parents[1] / "defs").absolute(),
            dagster_home=Path(given.get(DAGSTER_HOME) or home / "dagster").absolute(),
            run_limit_seconds=_whole_number(RUN_LIMIT_SECONDS, given.get(RUN_LIMIT_SECONDS) or "7200"),
        )

    @property
    def profile(self) -> str:
        """``sqlite`` or ``postgres``: which of the two ways of keeping state this shell points at."""
        return "postgres" if self.database_url.startswith("postgresql") else "sqlite"


def with_driver(url: str) -> str:
    """Answer the URL with psycopg2 named: a bare ``postgresql://`` would ask SQLAlchemy 2.1 for psycopg 3.

    Raises:
        SettingWrong: The URL is neither of SQLite nor of Postgres.
    """
    scheme, separator, rest = url.partition("://")
    if scheme in {"postgres", "postgresql"}:
        return f"postgresql+psycopg2://{rest}"
    if separator and scheme in {"sqlite", "postgresql+psycopg2"}:
        return url
    raise SettingWrong(
        f"{DATABASE_URL} starts with {scheme!r}.",
        "Only SQLite files and Postgres keep the connector's state.",
        "Set it to sqlite:///<file> or postgresql://<user>@<host>/<database>, or unset it.",
    )


def _loopback_only(url: str) -> str:
    if urlsplit(url).scheme != "http" or urlsplit(url).hostname not in LOOPBACK:
        raise SettingWrong(
            f"{SANDBOX_URL} is {url!r}.",
            "The sandbox answers on this machine alone; demo credentials must never leave it.",
            f"Set {SANDBOX_URL} to http://127.0.0.1:<port>, or unset it.",
        )
    return url.rstrip("/")


def _whole_number(name: str, text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise SettingWrong(
            f"{name} is {text!r}.", "A run without a limit in seconds would never end.", f"Set {name} to a number."
        )
    return int(text)
