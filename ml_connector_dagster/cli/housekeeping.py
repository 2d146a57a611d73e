"""``housekeeping``: take away what is old and referred to by nothing; Dagster runs the same every night."""

from __future__ import annotations

from dataclasses import asdict

import click

from ml_connector_dagster.cli.output import json_option, table
from ml_connector_dagster.connections.opening import Connector


@click.command()
@click.option("--days", type=click.IntRange(min=1), default=30, show_default=True, help="Younger things stay.")
@click.option("--dry-run", is_flag=True, help="Count only.")
@json_option
def housekeeping(days: int, dry_run: bool, as_json: bool) -> None:
    """Remove replaced snapshots, done letters and files nothing refers to; loads and the audit trail stay for ever."""
    from ml_connector_dagster.flows.housekeeping import tidy  # slow to import

    with Connector.of_process() as connector:
        rows = [asdict(one) for one in tidy(connector.store, connector.blobs, keep_days=days, dry_run=dry_run)]
    title = f"Older than {days} days, {'would be removed' if dry_run else 'removed'}"
    table(rows, ("what", "removed", "size_bytes"), as_json, title=title)


COMMANDS: tuple[click.Command, ...] = (housekeeping,)
