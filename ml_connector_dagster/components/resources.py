"""The one resource: it carries nothing, opens what a run needs when it is first asked, and closes it at the run's end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import PrivateAttr

from ml_connector_dagster.store.environment import Environment

if TYPE_CHECKING:
    from ml_connector_dagster.connections.opening import Connector, OpenConnection


class ConnectorResource(dg.ConfigurableResource["ConnectorResource"]):
    """Opens connections by name. Secrets never pass through it: the token store hands them to the HTTP client alone."""

    _opened: ExitStack = PrivateAttr(default_factory=ExitStack)
    _connector: Connector | None = PrivateAttr(default=None)
    _connections: dict[str, OpenConnection] = PrivateAttr(default_factory=dict)

    def connector(self) -> Connector:
        """Answer the process's connector; the state database is opened here, not when definitions load."""
        if self._connector is None:
            from ml_connector_dagster.connections.opening import Connector  # noqa: PLC0415

            self._connector = self._opened.enter_context(Connector(Environment.read(os.environ)))
        return self._connector

    def connection(self, name: str) -> OpenConnection:
        """Answer the opened connection; one per run, so that a run logs in once."""
        if name not in self._connections:
            connection = self.connector().connection(name)
            self._opened.callback(connection.close)
            self._connections[name] = connection
        return self._connections[name]

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[ConnectorResource]:
        """Give everything back when the run or the tick ends."""
        del context
        with self._opened:
            yield self
        self._connector = None
        self._connections.clear()
