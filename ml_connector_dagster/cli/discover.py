"""``discover``: what the credentials reach, and a first defs.yaml of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from ml_connector_dagster.cli.output import say
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.source import Source

NEXT = """\
  ml-connector mapping suggest {name} ledger_account --own-codes --out accounts.csv   # look it over
  ml-connector mapping import {name} ledger_account accounts.csv
  ml-connector kit {name}                  # for the model builder, where imports do not fit yet
  ml-connector check {name}                # proves everything, writes nothing
  ml-connector enable {name}               # schedules and sensors may start runs from here on"""
"""What follows once a connection's file stands, in README's order."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which company of which accounting system, and the name of the credential that stands for it."""

    source: Source
    credential: str
    company: Company


@click.command()
@click.argument("name")
@click.option("--source-credential", help="Credential of the accounting system; connect it first.")
@click.option(
    "--source", "system", help="In its place: an accounting system that calls us, such as quickbooks_desktop."
)
@click.option("--anaplan-credential", required=True, help="Credential of Anaplan.")
@click.option("--company", help="Company id, where the consent reaches several.")
@click.option("--workspace", help="Anaplan workspace id.")
@click.option("--model", "model_id", help="Anaplan model id, where the login sees several.")
@click.option("--region", default="us1", show_default=True, help="Anaplan region.")
@click.option("--entity", default="?", help="Member that stands for this company in the model, such as UK.")
@click.option("--time-zone", help="The company's own zone, such as Europe/London; it decides which month is open.")
@click.option("--start", help="First period to read; default: January of last year.")
@click.option("--at", type=click.Choice(["vendor", "sandbox"]), default="vendor", show_default=True)
@click.option("--print", "to_stdout", is_flag=True, help="Print the file instead of writing it.")
def discover(*, name: str, to_stdout: bool, **choices: str) -> None:
    """Write a first defs.yaml for the connection NAME from what the two systems offer; asks, and changes neither."""
    with Connector.of_process() as connector:
        path = Path(connector.environment.connections_root) / name / "defs.yaml"
        _free(name, path, to_stdout)
        chosen = _chosen(connector, name, **choices)
        text = _draft(connector, chosen, **choices)
    if to_stdout:
        click.echo(text, nl=False)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    say(
        f"Wrote {path}. Read it line by line: what stands for the company in the model (=…), the time zone; then:\n"
        f"{_first(chosen.source)}{NEXT.format(name=name)}"
    )


def _free(name: str, path: Path, to_stdout: bool) -> None:
    if not name.isidentifier() or (path.exists() and not to_stdout):
        raise SettingWrong(
            f"{path} exists already." if path.exists() else f"{name!r} is no name for a connection.",
            "Nothing was asked or written over.",
            "Choose another name (letters, digits, underscores), or --print to look at what it would be.",
        )


def _chosen(
    connector: Connector,
    name: str,
    *,
    source_credential: str | None,
    system: str | None,
    company: str | None,
    at: str,
    **_: str,
) -> Chosen:
    """Answer the company meant: asked of the vendor, or where its machine calls us the one that is to be.

    Raises:
        SettingWrong: Neither or both were named, or a person must consent to that system.
    """
    from ml_connector_dagster.connections.consent import Consents
    from ml_connector_dagster.connections.credentials import Credentials
    from ml_connector_dagster.connections.discovery import chosen_company, new_company
    from ml_connector_dagster.sources.registry import source_named

    if system and not source_credential:
        source = source_named(system)
        return Chosen(source, f"{name}_{system}", new_company(source, name, company))
    if not source_credential or system:
        raise SettingWrong(
            "It is not said which accounting system is meant.",
            "Nothing was asked or written.",
            "Give --source-credential, or --source where the accounting system calls us; not both.",
        )
    source = source_named(Credentials(connector.store).named(source_credential).vendor)
    found = chosen_company(Consents(connector).companies(source_credential, at=at), company, source)
    return Chosen(source, source_credential, found)


def _first(source: Source) -> str:
    """Answer what comes before everything else where the machine calls us."""
    return f"  # {source.later.how_to_connect}\n" if source.later else ""


def _draft(
    connector: Connector,
    chosen: Chosen,
    *,
    anaplan_credential: str,
    workspace: str | None,
    model_id: str | None,
    region: str,
    entity: str,
    time_zone: str | None,
    start: str | None,
    at: str,
    **_: str,
) -> str:
    from ml_connector_dagster.connections.discovery import chosen_model, draft_connection, models
    from ml_connector_dagster.connections.drafting import Draft
    from ml_connector_dagster.connections.opening import open_anaplan

    source, found = chosen.source, chosen.company
    with open_anaplan(connector, anaplan_credential, region=region, at=at) as anaplan:
        place = chosen_model(models(anaplan.http, anaplan.api_url), workspace, model_id)
        last_year = Period(datetime.now(UTC).year - 1, 1)
        draft = Draft(
            system=source.system,
            company_id=found.company_id,
            company=found.name,
            time_zone=time_zone or found.time_zone or "UTC",
            source_credential=chosen.credential,
            region=region,
            workspace_id=place.workspace_id,
            workspace=place.workspace,
            model_id=place.model_id,
            model=place.model,
            anaplan_credential=anaplan_credential,
            at=at,
            entity=entity,
            start=str(Period.parse(start) if start else last_year),
        )
        return draft_connection(draft, anaplan.model(place.workspace_id, place.model_id), source)


COMMANDS: tuple[click.Command, ...] = (discover,)
