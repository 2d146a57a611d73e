"""``connect`` and ``disconnect``: a person's consent to read, and its end."""

from __future__ import annotations

import secrets
import sys
import time
import webbrowser
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from ml_connector_dagster.cli.loopback import listening
from ml_connector_dagster.cli.output import json_option, say, table
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import CredentialRefused

if TYPE_CHECKING:
    from ml_connector_dagster.connections.consent import Consents

DEFAULT_PORT = 8701
_AT = click.Choice(["vendor", "sandbox"])


@click.command()
@click.argument("credential")
@click.option(
    "--port", default=DEFAULT_PORT, show_default=True, help="Loopback port of the registered redirect address."
)
@click.option("--redirect", help="Registered redirect address that is not on this machine; its answer is pasted back.")
@click.option("--no-browser", is_flag=True, help="Print the address and read the pasted redirect address from stdin.")
@click.option("--device", is_flag=True, help="Device grant (Anaplan without SSO): type a code on another device.")
@click.option("--wait", "wait_seconds", default=300, show_default=True, help="Seconds to wait for the consent.")
@click.option("--at", type=_AT, help="For a credential that no connection names yet: the vendor, or the sandbox.")
@json_option
def connect(
    *,
    credential: str,
    port: int,
    redirect: str | None,
    no_browser: bool,
    device: bool,
    wait_seconds: int,
    at: str | None,
    as_json: bool,
) -> None:
    """Consent for CREDENTIAL in a browser, and show the companies it reaches."""
    from ml_connector_dagster.connections.consent import Consents

    with Connector.of_process() as connector:
        consents = Consents(connector)
        if device:
            _device(consents, credential, wait_seconds, at)
        elif no_browser or redirect:
            _pasted(consents, credential, redirect or f"http://localhost:{port}/connect/callback", at)
        else:
            _browser(consents, credential, port, wait_seconds, at)
        say(f"Connected {credential}.")
        companies = consents.companies(credential, at=at)
        rows = [{"company_id": one.company_id, "name": one.name, "currency": one.base_currency} for one in companies]
        if rows or as_json:
            table(rows, ("company_id", "name", "currency"), as_json, title="Companies it reaches")
        _warn(connector, credential, {one.company_id for one in companies})


@click.command()
@click.argument("credential")
@click.option("--at", type=_AT, help="For a credential that no connection names: the vendor, or the sandbox.")
def disconnect(credential: str, at: str | None) -> None:
    """Revoke the grant of CREDENTIAL at the vendor and forget its tokens; client id and secret stay."""
    from ml_connector_dagster.connections.consent import Consents

    with Connector.of_process() as connector:
        had = Consents(connector).disconnect(credential, at=at)
        say(f"Disconnected {credential}." if had else f"{credential} was not connected.")


def _browser(consents: Consents, credential: str, port: int, wait_seconds: int, at: str | None) -> None:
    session = secrets.token_urlsafe(32)
    with listening(port) as (redirect_uri, wait):
        began = consents.begin(credential, redirect_uri=redirect_uri, session=session, at=at)
        if began.note:
            say(began.note)
        if not webbrowser.open(began.authorize_url):
            say(f"Open this address in a browser of this machine:\n{began.authorize_url}")
        answer = wait(wait_seconds)
    consents.finish(answer, session=session, at=at)


def _pasted(consents: Consents, credential: str, redirect_uri: str, at: str | None) -> None:
    session = secrets.token_urlsafe(32)
    began = consents.begin(credential, redirect_uri=redirect_uri, session=session, at=at)
    if began.note:
        say(began.note)
    say("Open this address in any browser, consent, then paste the address you are sent to (the page may not load):")
    click.echo(began.authorize_url)
    sys.stdout.flush()
    consents.finish(sys.stdin.readline().strip(), session=session, at=at)


def _device(consents: Consents, credential: str, wait_seconds: int, at: str | None) -> None:
    code = consents.start_device(credential, at=at)
    say(f"Open {code.verification_url} and enter {code.user_code}. (Anaplan has the device grant off where SSO is on.)")
    deadline = time.monotonic() + min(wait_seconds, code.expires_in_seconds)
    while time.monotonic() < deadline:
        if consents.poll_device(credential, code.device_code, at=at):
            return
        time.sleep(code.interval_seconds)
    raise CredentialRefused(
        "Nobody entered the code in time.",
        "What was there before stays as it is.",
        f"Run ml-connector connect {credential} --device again.",
        credential=credential,
    )


def _warn(connector: Connector, credential: str, reached: Iterable[str]) -> None:
    """Say which connections name a company that this consent does not reach: Xero takes one company a consent."""
    from ml_connector_dagster.connections.settings import read_connection

    for name, path in connector.paths.items():
        settings, _ = read_connection(path)
        if settings and settings.source.credential == credential and settings.source.company_id not in reached:
            say(f"Careful: {name} reads company {settings.source.company_id}, which this consent does not reach yet.")


COMMANDS: tuple[click.Command, ...] = (connect, disconnect)
