"""The one resource: it carries nothing, opens what a run needs when it is first asked, and closes it at the run's end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from pydantic import PrivateAttr

from ml_connector_dagster.connections.enablement import is_enabled
from ml_connector_dagster.connections.opening import Connector, OpenConnection


class ConnectorResource(dg.ConfigurableResource["ConnectorResource"]):
    """Opens connections by name. Secrets never pass through it: the token store hands them to the HTTP client alone."""

    _connector: Connector | None = PrivateAttr(default=None)
    _read_from: set[str] = PrivateAttr(default_factory=set)

    def connector(self) -> Connector:
        """Answer the process's connector; the state database opens when it is first asked something."""
        if self._connector is None:
            self._connector = Connector.of_process()
        return self._connector

    def connection(self, name: str) -> OpenConnection:
        """Answer the opened connection; one per run, so that a run logs in once."""
        return self.connector().connection(name)

    def is_first_read(self, name: str) -> bool:
        """Answer whether nothing of the connection was read in this run yet; from then on something was."""
        first = name not in self._read_from
        self._read_from.add(name)
        return first

    def is_enabled(self, name: str) -> bool:
        """Answer whether the connection's schedules and sensors may start runs."""
        return is_enabled(self.connection(name))

    def enabled_names(self) -> list[str]:
        """Answer the connections that may start runs by themselves."""
        return [name for name in self.connector().names() if self.is_enabled(name)]

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[ConnectorResource]:
        """Give everything back when the run or the tick ends."""
        del context
        try:
            yield self
        finally:
            if self._connector is not None:
                self._connector.close()
                self._connector = None
            self._read_from.clear()
