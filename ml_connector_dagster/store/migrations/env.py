"""Alembic's entry: migrates on the connection ``store.migrate`` hands over, or on the environment's database."""

from __future__ import annotations

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from ml_connector_dagster.store.engine import build_engine
from ml_connector_dagster.store.environment import Environment
from ml_connector_dagster.store.migrate import VERSION_TABLE
from ml_connector_dagster.store.tables.metadata import Moment, Money
from ml_connector_dagster.store.tables.schema import schema


def render_item(kind: str, item: object, autogen: AutogenContext) -> str | Literal[False]:
    """Write our column types as what they are in the database, so that a revision never depends on today's code."""
    del autogen
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return "sa.Text()" if kind == "type" and isinstance(item, Money) else False


def run(connection: Connection) -> None:
    """Run the revisions in the connection's own transaction."""
    context.configure(
        connection=connection,
        target_metadata=schema(),
        version_table=VERSION_TABLE,
        render_item=render_item,
        render_as_batch=False,
    )
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    """Use the connection given, else open the environment's database (``alembic revision`` by a developer)."""
    given = context.config.attributes.get("connection")
    if given is not None:
        run(given)
        return
    with build_engine(Environment.read().database_url).connect().execution_options(write=True) as connection:
        run(connection)
        connection.commit()


main()
