"""``vault rotate`` and ``vault check``: new keys for old secrets, and proof that every one of them opens."""

from __future__ import annotations

import click

from ml_connector_dagster.cli.output import json_option, progress, say, table
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import SettingWrong


@click.group()
def vault() -> None:
    """The encrypted secrets of credentials."""


@vault.command()
@click.option(
    "--drop-old", is_flag=True, help="Take keys that wrap nothing any more out of the key file; old backups need them."
)
def rotate(drop_old: bool) -> None:
    """Wrap every credential's data key with a new key; may be stopped and run again at any point."""
    with Connector.of_process() as connector:
        count = 0
        with progress("wrapping data keys") as step:
            for name in connector.vault.rotate():
                count += 1
                step(name)
        say(f"{count} data keys are wrapped with the newest key.")
        if drop_old:
            _check(connector, as_json=False, shown=False)
            say(f"{connector.vault.drop_old_keys()} old keys were dropped.")


@vault.command()
@json_option
def check(as_json: bool) -> None:
    """Open every stored secret and show which ones do not; never shows a secret."""
    with Connector.of_process() as connector:
        _check(connector, as_json=as_json, shown=True)


def _check(connector: Connector, *, as_json: bool, shown: bool) -> None:
    findings = list(connector.vault.findings())
    if shown:
        rows = [
            {"credential": one.credential, "field": one.field, "key": one.kid, "opens": one.opens} for one in findings
        ]
        table(rows, ("credential", "field", "key", "opens"), as_json)
    shut = [one for one in findings if not one.opens]
    if shut:
        raise SettingWrong(
            f"{len(shut)} of {len(findings)} secrets do not open: {shut[0].says}",
            "Credentials with them cannot be used.",
            "Put the key file of this database back, or enter them again with ml-connector credential set.",
        )


COMMANDS: tuple[click.Command, ...] = (vault,)
