"""Whether a connection runs by itself: the demo's do, a real one's not before ``ml-connector enable``."""

from __future__ import annotations

from ml_connector_dagster.connections.opening import OpenConnection


def is_enabled(connection: OpenConnection) -> bool:
    """Answer whether schedules and sensors may start runs for the connection; one read of the state database."""
    import sqlalchemy as sa

    from ml_connector_dagster.store.tables.connections import enabled_connection

    query = sa.select(enabled_connection.c.enabled).where(enabled_connection.c.connection == connection.name)
    with connection.store.read() as database:
        said = database.execute(query).scalar()
    return bool(said) if said is not None else connection.settings.source.at == "sandbox"


def set_enabled(connection: OpenConnection, *, enabled: bool) -> None:
    """Let schedules and sensors start runs for the connection, or stop them; runs under way are not touched."""
    import sqlalchemy as sa

    from ml_connector_dagster.store.tables.connections import enabled_connection

    facts = {"enabled": enabled, "changed_at": connection.store.now()}
    with connection.store.begin() as database:
        changed = database.execute(
            sa.update(enabled_connection).where(enabled_connection.c.connection == connection.name).values(facts)
        )
        if changed.rowcount == 0:
            database.execute(sa.insert(enabled_connection).values(connection=connection.name, **facts))
