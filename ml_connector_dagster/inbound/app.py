"""The second process, what calls us: consent pages, the sources' own routes, ``/health``. No Dagster.

It writes the mailbox and the vault, nothing else. It has no login of its own: put it behind a proxy that has one, except for
``/connect/callback``, ``/health`` and what the sources mount, which vendors and probes call.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import ConnectorError
from ml_connector_dagster.inbound.connect import ConsentPages
from ml_connector_dagster.sources.registry import all_sources


def create_app(connector: Connector, public_url: str) -> Starlette:
    """Answer the app over an opened connector; the vault key must be there, or it does not start.

    Args:
        connector: Closed by whoever opened it.
        public_url: What browsers and vendors call this app.

    Raises:
        SettingWrong: There is no vault key, or no database.
    """
    _ = connector.vault
    health = Health(connector)
    routes: list[BaseRoute] = [
        Route("/health", health.answer),
        *ConsentPages(connector, public_url.rstrip("/")).routes(),
    ]
    routes += _of_sources(connector)
    return Starlette(routes=routes)


class Health:
    """Whether this process can do its work."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def answer(self, request: Request) -> Response:
        """Answer 200 while the database answers, 503 with the reason otherwise."""
        del request
        try:
            await run_in_threadpool(self._connector.store.now)
            await run_in_threadpool(self._look)
        except ConnectorError as error:
            return JSONResponse({"status": "down", "reason": error.happened}, 503)
        return JSONResponse({"status": "up"})

    def _look(self) -> None:
        from sqlalchemy import select

        with self._connector.store.read() as connection:
            connection.execute(select(1))


def _of_sources(connector: Connector) -> Sequence[BaseRoute]:
    return [
        route
        for source in all_sources().values()
        if source.routes is not None
        for route in source.routes(connector.store)
    ]
