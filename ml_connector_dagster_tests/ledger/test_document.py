"""Documents whose header is kept once read like their rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from ml_connector_dagster.ledger.document import END_OF_LINE, FIRST_OF_LINE, Document, DocumentLine, DocumentLines

ROW = DocumentLine(
    document_id="d1",
    kind="invoice",
    subkind="ACCREC",
    number="INV-1",
    document_date=date(2026, 10, 1),
    due_date=None,
    status="PAID",
    posts=True,
    party_id="c1",
    currency="GBP",
    rate=Decimal(1),
    total=Decimal("3.30"),
    amount_due=Decimal(0),
    line_id="l1",
    ledger_account_id="a1",
    description="",
    net_amount=Decimal("1.10"),
    tax_amount=Decimal(0),
    tracking="{}",
    linked_id="",
    bank_account_id="",
    modified_at=None,
    version_hash="h1",
)
ROWS = [ROW, ROW._replace(line_id="l2", net_amount=Decimal("2.20"))]


def document() -> Document:
    """The document of the two rows."""
    return Document(ROW[:FIRST_OF_LINE], [row[FIRST_OF_LINE:END_OF_LINE] for row in ROWS], ROW[END_OF_LINE:])


def test_the_rows_of_a_document_repeat_its_header() -> None:
    assert document().rows() == ROWS


def test_documents_read_like_the_list_of_their_rows() -> None:
    lines = DocumentLines()
    lines.extend(document())
    assert (list(lines), len(lines), lines[1], lines[:1]) == (ROWS, 2, ROWS[1], ROWS[:1])
    assert not DocumentLines()


def test_documents_equal_the_same_rows_in_either_form() -> None:
    lines, others = DocumentLines(), DocumentLines()
    lines.extend(document())
    assert lines == ROWS
    assert lines != others
