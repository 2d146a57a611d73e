"""Documents, pages and readings for tests of staging."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Page, RefusedRecord
from ml_connector_dagster.staging.snapshot import SnapshotRow, StaleRead
from ml_connector_dagster.staging.snapshots import Staging

SEPTEMBER, OCTOBER = Period(2026, 9), Period(2026, 10)
BEGAN = datetime(2100, 11, 2, 10, 0, tzinfo=UTC)
"""Later than any mark that the database's clock gives while the tests run."""
LONG_AGO_MINUTES = -60 * 24 * 365 * 100


def line(document_id: str, line_id: str = "1", **changes: Any) -> DocumentLine:
    """One line of an invoice of October, with what the test changes."""
    facts: dict[str, Any] = {
        "document_id": document_id,
        "kind": "invoice",
        "subkind": "ACCREC",
        "number": f"INV-{document_id}",
        "document_date": date(2026, 10, 7),
        "due_date": date(2026, 11, 6),
        "status": "AUTHORISED",
        "posts": True,
        "party_id": "p1",
        "currency": "GBP",
        "rate": Decimal(1),
        "total": Decimal("120.00"),
        "amount_due": Decimal("0.00"),
        "line_id": line_id,
        "ledger_account_id": "a1",
        "description": "Advice",
        "net_amount": Decimal("100.00"),
        "tax_amount": Decimal("20.00"),
        "tracking": "{}",
        "linked_id": "",
        "bank_account_id": "",
        "modified_at": datetime(2026, 10, 8, 9, 30, tzinfo=UTC),
        "version_hash": f"{document_id}-v1",
    }
    return DocumentLine(**facts | changes)


def page(*rows: tuple[Any, ...], raw: bytes = b"", refused: Sequence[RefusedRecord] = ()) -> Page:
    """A page that holds these rows."""
    return Page(rows=rows, read=len({row[0] for row in rows}) + len(refused), refused=refused, raw=raw)


@dataclass
class Reader:
    """Reads invoices into staging; each reading begins a minute after the one before unless told."""

    staging: Staging
    connection: str = "acme"
    minutes: int = 0

    def read(
        self, period: Period, pages: Iterable[Page], *, minute: int | None = None, entity: str = "invoices"
    ) -> SnapshotRow | StaleRead:
        """Stage the pages."""
        self.minutes += 1
        began = BEGAN + timedelta(minutes=self.minutes if minute is None else minute)
        with self.staging.writer(
            self.connection, entity, period, DocumentLine, read_began_at=began, parser_version="7"
        ) as writer:
            for one in pages:
                writer.add(one)
            return writer.finish(calls=3, run_id="run-1")

    def published(self, period: Period, *pages: Page, **options: Any) -> SnapshotRow:
        """Stage the pages and answer the snapshot; the test fails where it was not published."""
        row = self.read(period, pages, **options)
        assert isinstance(row, SnapshotRow)
        return row
