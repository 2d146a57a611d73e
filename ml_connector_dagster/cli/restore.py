"""``restore drill``: proof that what you back up could be restored."""

from __future__ import annotations

from dataclasses import asdict

import click

from ml_connector_dagster.cli.output import json_option, progress, say, table
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import SettingWrong


@click.group()
def restore() -> None:
    """Prove that a backup of what is there could be restored."""


@restore.command()
@json_option
def drill(as_json: bool) -> None:
    """Copy the state into an empty place and prove schema, secrets, audit trail and files there; changes nothing."""
    from ml_connector_dagster.flows.restore_drill import drill as try_restore  # slow to import

    with Connector.of_process() as connector:
        with progress("restore drill") as step:
            parts = try_restore(connector, step)
        table([asdict(one) for one in parts], ("part", "holds", "says"), as_json, title="Restore drill")
        say(
            "Back up together: database (Postgres: pg_dump --format=custom; SQLite: stop the runs, copy the home), blobs, "
            "and the vault's key file, that one kept apart. After a real restore: ml-connector load … --from-model."
        )
    failed = [one for one in parts if not one.holds]
    if failed:
        raise SettingWrong(
            f"{len(failed)} of {len(parts)} parts of the restore drill do not hold: {failed[0].part}: {failed[0].says}",
            "A restore of what is there now would lose that part.",
            "Put back what the table names (blobs and key from their own backup), or read the periods again; then drill again.",
        )


COMMANDS: tuple[click.Command, ...] = (restore,)
