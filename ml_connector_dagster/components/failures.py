"""The only place where an error of ours becomes a failure of Dagster's.

Dagster retries nothing: transport retries for seconds, the load row for minutes, and ``loads_due`` starts the next
attempt. So every failure says ``allow_retries=False``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from ml_connector_dagster.components import metadata
from ml_connector_dagster.errors import ConnectorError


@contextmanager
def as_failure() -> Iterator[None]:
    """Turn a ConnectorError into a Failure whose page shows what happened, what it means and what to do."""
    try:
        yield
    except ConnectorError as error:
        raise failure_of(error) from error


def failure_of(error: ConnectorError) -> dg.Failure:
    """Answer the Failure for that error; its context becomes metadata, so no secret may stand there."""
    facts = {f"mlc/{key}": str(value) for key, value in error.context.items() if value not in (None, "")}
    return dg.Failure(
        description=str(error),
        metadata={metadata.WHAT_TO_DO: error.do, "mlc/error": type(error).__name__, **facts},
        allow_retries=False,
    )
