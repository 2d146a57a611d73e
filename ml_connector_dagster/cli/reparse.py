"""``reparse``: translate a period anew from the answers that were kept, without a call to the accounting system."""

from __future__ import annotations

from dataclasses import asdict

import click

from ml_connector_dagster.cli.output import json_option, progress, say, table
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.ledger.period import Period


@click.command()
@click.argument("connection")
@click.argument("period")
@click.option("--entity", "entities", multiple=True, help="Only this entity; may be given several times.")
@json_option
def reparse(connection: str, period: str, entities: tuple[str, ...], as_json: bool) -> None:
    """Read the kept answers of CONNECTION for PERIOD (2026-10) with this release's parser; spends no quota."""
    from ml_connector_dagster.flows.reparse import reparse as read_again  # slow to import

    asked = str(Period.parse(period))
    with Connector.of_process() as connector, progress(f"{connection} {asked}") as step:
        done = read_again(connector.connection(connection), asked, entities, run_id="command line", step=step)
    columns = ("entity", "parser_before", "parser", "records", "quarantined_before", "quarantined", "changed", "says")
    table([asdict(one) for one in done], columns, as_json, title=f"{connection} {asked}")
    changed = sum(one.changed for one in done)
    say(
        f"{changed} of {len(done)} changed; what is made from them is loaded at the next look."
        if changed
        else "Nothing changed."
    )


COMMANDS: tuple[click.Command, ...] = (reparse,)
