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
        metadata={metadata.WHAT_TO_DO: error.do, metadata.ERROR: _class_of(error), **facts},
        allow_retries=False,
    )


def _class_of(error: ConnectorError) -> str:
    """Answer the class as errors.py and README name it: a narrower one is nobody's word but ours."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == ConnectorError.__module__)
