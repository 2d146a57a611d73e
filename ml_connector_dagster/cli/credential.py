"""``credential set|list``: what a person enters once; secrets go to the vault and are never shown again."""

from __future__ import annotations

import sys

import click

from ml_connector_dagster.cli.output import json_option, say, table
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.connections.settings import read_connection
from ml_connector_dagster.errors import SettingWrong


@click.group()
def credential() -> None:
    """Logins and OAuth clients, by name; several connections may share one."""


@credential.command("set")
@click.argument("name")
@click.option(
    "--vendor", help="anaplan, or the accounting system; taken from the connections that name it if left out."
)
@click.option("--kind", help="oauth, basic or certificate; oauth if left out, for Anaplan basic.")
@click.option("--from-stdin", is_flag=True, help="Read lines name=value instead of asking.")
def set_(name: str, vendor: str | None, kind: str | None, from_stdin: bool) -> None:
    """Enter or replace the credential NAME; asks for each field without showing what is typed."""
    from ml_connector_dagster.connections.addresses import ANAPLAN
    from ml_connector_dagster.connections.entering import enter, refuse_other_kinds

    with Connector.of_process() as connector:
        vendor = _vendor(connector, name, vendor)
        kind = kind or ("basic" if vendor == ANAPLAN else "oauth")
        refuse_other_kinds(vendor, kind)
        written = enter(connector, name, vendor, kind, _given() if from_stdin else _asked(kind))
        say(f"Stored {name} ({vendor}, {kind}).")
        if kind == "oauth" and written.state != "ready":
            say(f"Next: ml-connector connect {name}")


@credential.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Show every credential, how it stands and since when; never a secret."""
    from ml_connector_dagster.connections.credentials import Credentials

    with Connector.of_process() as connector:
        rows = [
            {
                "credential": one.name,
                "vendor": one.vendor,
                "kind": one.kind,
                "state": one.state,
                "reason": one.reason,
                "token_until": one.access_expires_at,
            }
            for one in Credentials(connector.store).all()
        ]
        table(rows, ("credential", "vendor", "kind", "state", "reason", "token_until"), as_json)


def _vendor(connector: Connector, name: str, said: str | None) -> str:
    """Answer the vendor: as said, else as the credential was entered before, else as the connections use it."""
    from ml_connector_dagster.connections.credentials import Credentials
    from ml_connector_dagster.connections.uses import vendors

    known = Credentials(connector.store).find(name)
    found = {known.vendor} if known and not said else {said} if said else _named_by(connector, name)
    if len(found) != 1 or not found <= set(vendors()):
        raise SettingWrong(
            f"For which vendor the credential {name!r} is, is not known ({', '.join(sorted(found)) or 'nobody says'}).",
            "Nothing was stored.",
            f"Say --vendor with one of: {', '.join(vendors())}.",
        )
    return found.pop()


def _named_by(connector: Connector, name: str) -> set[str]:
    settings = [read_connection(path)[0] for path in connector.paths.values()]
    sources = {one.source.system for one in settings if one and one.source.credential == name}
    return sources | {"anaplan" for one in settings if one and one.anaplan.credential == name}


def _given() -> dict[str, str]:
    pairs = [line.rstrip("\r\n").partition("=") for line in sys.stdin if line.strip()]
    return {name.strip(): value for name, _, value in pairs}


def _asked(kind: str) -> dict[str, str]:
    from ml_connector_dagster.connections.entering import KINDS

    answers: dict[str, str] = {}
    for field in KINDS[kind]:
        prompt = f"{field.prompt} (path of the PEM file)" if field.file else field.prompt
        hidden = field.secret and not field.file
        default = "" if field.optional else None
        answers[field.file or field.name] = click.prompt(
            prompt, hide_input=hidden, default=default, show_default=False, err=True
        )
    return answers


COMMANDS: tuple[click.Command, ...] = (credential,)
