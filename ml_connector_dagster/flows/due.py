"""Which loads are due: a question to the state database alone, no network, cheap enough for a sensor's tick."""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector_dagster.connections.opening import OpenConnection


@dataclass(frozen=True, slots=True)
class DueLoad:
    """One slice that should be loaded now."""

    connection: str
    target: str
    kind: str
    """list or module."""
    period: str
    digest: str
    attempt: int
    why: str
    """changed, unfinished, retry: in words for the run's tags."""

    @property
    def run_key(self) -> str:
        """Never the same twice for a new attempt (protocol 17)."""
        return f"{self.target}:{self.period}:{self.digest}:{self.attempt}"


def loads_due(connection: OpenConnection) -> list[DueLoad]:
    """Answer the loads of this connection that are due now, lists before modules, oldest period first."""
    raise NotImplementedError
