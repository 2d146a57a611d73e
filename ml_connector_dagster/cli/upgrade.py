"""``upgrade``: bring the state database, and Dagster's own, to this release."""

from __future__ import annotations

import subprocess
import sys

import click

from ml_connector_dagster.cli.output import say
from ml_connector_dagster.errors import TemporarilyRefused


@click.command()
@click.option("--without-dagster", is_flag=True, help="Leave Dagster's instance as it is.")
def upgrade(without_dagster: bool) -> None:
    """Migrate the state database and Dagster's instance; stop every run first, and keep a backup."""
    from ml_connector_dagster.store.environment import Environment
    from ml_connector_dagster.store.migrate import upgrade as migrate

    environment = Environment.read()
    migrate(environment.database_url)
    say("State database: at this release.")
    if without_dagster or not (environment.dagster_home / "dagster.yaml").exists():
        return
    home = f"DAGSTER_HOME={environment.dagster_home}"
    command = ["/usr/bin/env", home, sys.executable, "-m", "dagster", "instance", "migrate"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our own interpreter)
    if ran.returncode:
        raise TemporarilyRefused(
            f"dagster instance migrate ended with {ran.returncode}: {ran.stderr.strip()[-400:]}",
            "The state database is at this release, Dagster's instance may not be.",
            "Stop webserver and daemon, mend what it names, then run ml-connector upgrade again.",
        )
    say("Dagster's instance: at this release.")


COMMANDS: tuple[click.Command, ...] = (upgrade,)
