"""A home of its own, connected to a running sandbox, as a person would have done it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

import ml_connector_dagster.defs
from ml_connector_dagster.connections.consent import Consents
from ml_connector_dagster.connections.entering import enter
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.connections.preparing import prepare
from ml_connector_dagster.store.environment import Environment

DEMO = Path(next(iter(ml_connector_dagster.defs.__path__))) / "demo"
UK, IE = "7d1f6a52-3c84-4b0e-9a61-2f5b8c7d9e10", "c2a9e4b7-58d3-4f16-8b7c-6e1d0f3a5b29"
MODEL = "B5C0D3F7A1E94C2B8D6F0A1B2C3D4E5F"
XERO_CLIENT = {"client_id": "sandbox-xero-client", "client_secret": "sandbox-xero-secret"}
ANAPLAN_LOGIN = {"email": "demo@calderfinch.example", "password": "sandbox-anaplan-password"}
REDIRECT = "http://localhost:8701/connect/callback"


def shell_of(folder: Path, sandbox_url: str, company: str) -> dict[str, str]:
    """The environment of a shell over a home below the folder; its connections are a copy of one demo company."""
    shutil.copytree(DEMO / company, folder / "defs" / company)
    return {
        "ML_CONNECTOR_HOME": str(folder / "home"),
        "ML_CONNECTOR_SANDBOX_URL": sandbox_url,
        "ML_CONNECTOR_CONNECTIONS": str(folder / "defs"),
        "DAGSTER_HOME": str(folder / "home" / "dagster"),
    }


def variables(folder: Path, sandbox_url: str, database: Path, company: str = "calder_uk") -> dict[str, str]:
    """The environment of a shell whose home holds a migrated database already."""
    (folder / "home").mkdir(parents=True, exist_ok=True)
    shutil.copy(database, folder / "home" / "state.db")
    return shell_of(folder, sandbox_url, company)


@contextmanager
def connected(shell: Mapping[str, str]) -> Iterator[Connector]:
    """A connector whose two credentials are entered and consented."""
    with Connector(Environment.read(shell)) as connector:
        prepare(connector.environment)
        enter(connector, "demo_xero", "xero", "oauth", XERO_CLIENT)
        enter(connector, "demo_anaplan", "anaplan", "basic", ANAPLAN_LOGIN)
        consent(connector)
        yield connector


def consent(connector: Connector, name: str = "demo_xero") -> None:
    """Consent as a browser does: open the address, follow it to the redirect."""
    consents = Consents(connector)
    began = consents.begin(name, redirect_uri=REDIRECT, session="a browser")
    consents.finish(redirect_of(began.authorize_url), session="a browser")


def redirect_of(authorize_url: str) -> str:
    """Where the vendor sends the browser after the consent."""
    answer = httpx.get(authorize_url, follow_redirects=False, trust_env=False, verify=False)
    assert answer.status_code in (302, 303), answer.text
    return answer.headers["location"]
