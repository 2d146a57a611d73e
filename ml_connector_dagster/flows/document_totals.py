"""Books against staged for a module of documents: each document as the accounting system serves it now, before mapping."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

import pyarrow as pa

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.flows.slice_rows import SliceRows
from ml_connector_dagster.flows.totals import SourceTotals, compared
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.mapping.targets import ModuleTarget
from ml_connector_dagster.staging.frames import table_of


def document_totals(connection: OpenConnection, target: ModuleTarget, rows: SliceRows) -> SourceTotals:
    """Read the period's documents once more and compare each with the one that was staged, in the document's currency.

    There is no report to compare documents with; the documents as they are served now are the books' side. One that is
    voided counts 0, whatever amounts it still carries.
    """
    entity = connection.source.entity(target.from_)
    pages = connection.reader().read(entity, rows.period)
    served = (page.rows if isinstance(page.rows, pa.Table) else table_of(entity.record, page.rows) for page in pages)
    books, numbers = _totals(served)
    staged, staged_numbers = _totals(rows.main())
    numbers |= staged_numbers
    return compared(books, staged, {}, subject=lambda record: f"document {numbers.get(record) or record}")


def _totals(tables: Iterable[pa.Table]) -> tuple[dict[str, Decimal], dict[str, str]]:
    """Answer document id to its net total, and to its number; a record met twice counts as it came last."""
    totals: dict[str, Decimal] = {}
    numbers: dict[str, str] = {}
    for table in tables:
        sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
        columns = (table[name].to_pylist() for name in ("document_id", "number", "posts", "net_amount", "tax_amount"))
        for record, number, posts, net, tax in zip(*columns, strict=True):
            sums[record] += net + tax if posts else ZERO
            numbers[record] = number
        totals |= sums
    return totals, numbers
