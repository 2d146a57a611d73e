"""Documents and their lines to one row each, keyed by the source id."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.file_rows import FileRows
from ml_connector_dagster.mapping.members import Members
from ml_connector_dagster.mapping.targets import ModuleTarget

if TYPE_CHECKING:
    import pyarrow as pa


def build_document_rows(
    target: ModuleTarget,
    period: Period,
    *,
    documents: Iterator[pa.Table],
    tracking: pa.Table | None,
    members: Members,
    loaded_at: datetime,
    rate_divides: bool,
    previous: Iterable[pa.Table] = (),
    standing_elsewhere: Callable[[Collection[str]], Collection[str]] | None = None,
    cells: Path,
    sidecar: Path,
) -> FileRows:
    """Write one row per document (grain ``document``) or per line (grain ``line``)."""
    raise NotImplementedError
