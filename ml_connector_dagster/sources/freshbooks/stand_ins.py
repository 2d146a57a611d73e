"""Ledger lines from documents, for a plan without double-entry reports: said aloud in ``check``, never taken in silence.

FreshBooks puts no account on invoice lines and payments, so each leg goes to the account with that part: receivables, payables,
sales, sales tax, cash, client credit. Expenses and bill lines go to their category's account. A document that needs an
account which the chart does not name, or that is in another currency than the company's, is refused whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import LedgerLine
from ml_connector_dagster.sources.contract.answers import Page, RefusedRecord
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.freshbooks.entities import DOCUMENTS
from ml_connector_dagster.sources.freshbooks.fields import untrusted
from ml_connector_dagster.sources.freshbooks.postings import Sides

RECEIVABLE, PAYABLE, SALES, TAX, CASH, CREDIT = "receivable", "payable", "sales", "sales tax", "cash", "client credit"
NAMES: Mapping[str, tuple[str, ...]] = {
    RECEIVABLE: ("accounts_receivable",),
    PAYABLE: ("accounts_payable",),
    SALES: ("sales", "revenue"),
    TAX: ("sales_tax", "sales_tax_payable", "taxes_payable"),
    CASH: ("cash", "petty_cash"),
    CREDIT: ("client_credit", "client_credits", "customer_credit"),
}
"""Part to the names that FreshBooks gives its account, as system name first, else as its own name."""
Leg = tuple[str, str, Decimal]
"""(line id, account, amount): debit + and credit −."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Accounts by the part they play."""

    accounts: Mapping[str, str]

    @classmethod
    def of(cls, accounts: pa.Table) -> Parts:
        """Read the newest staged chart."""
        rows = accounts.select(["ledger_account_id", "system_role", "name"]).to_pylist()
        found: dict[str, str] = {}
        for part, names in NAMES.items():
            for field in ("system_role", "name"):
                fitting = [row["ledger_account_id"] for row in rows if _plain(row[field]) in names]
                if len(fitting) == 1:
                    found.setdefault(part, fitting[0])
        return cls(found)

    def __getitem__(self, part: str) -> str:
        try:
            return self.accounts[part]
        except KeyError:
            raise untrusted(f"The chart names no single account for {part}.") from None


def document_pages(period: Period, staged: StagedReader) -> Iterator[Page]:
    """Yield the period's ledger lines, one page for each row group of documents."""
    parts, sides = Parts.of(staged.newest("ledger_accounts")), Sides.of(period, staged)
    for entity in DOCUMENTS:
        for batch in staged.batches(entity.name, period):
            page = _page(entity.name, batch.filter(batch["posts"]), parts, sides, period)
            if page.read:
                yield page


def _page(entity: str, table: pa.Table, parts: Parts, sides: Sides, period: Period) -> Page:
    documents: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        documents.setdefault(row["document_id"], []).append(row)
    rows: list[LedgerLine] = []
    refused = []
    for identifier, lines in documents.items():
        try:
            posted = list(_posted(entity, lines, parts, sides, period))
        except RecordRefused as error:
            refused.append(RefusedRecord(f"{entity} {identifier}", error.happened, b""))
            continue
        rows.extend(posted)
    return Page(rows=rows, read=len(documents), refused=refused)


def _posted(
    entity: str, lines: Sequence[dict[str, Any]], parts: Parts, sides: Sides, period: Period
) -> Iterator[LedgerLine]:
    head = lines[0]
    if head["rate"] != 1:
        raise untrusted(f"The document is in {head['currency']}, and FreshBooks gives no rate for it.")
    noun = {"other_income": entity}.get(entity, entity.removesuffix("s"))
    key = noun, head["document_id"]
    legs = list(LEGS[entity](lines, parts))
    if sum((amount for *_, amount in legs), ZERO):
        raise untrusted(f"The legs of the document do not sum to 0.00: {legs}.")
    for line_id, account, amount in legs:
        if not account:
            raise untrusted("Its category has no account in the chart.")
        if amount:
            yield LedgerLine(
                period=str(period),
                posting_date=head["document_date"],
                ledger_account_id=account,
                amount=amount,
                document_amount=amount,
                currency=head["currency"],
                rate=head["rate"],
                customer_id=head["party_id"] if head["kind"] != "bill" else "",
                vendor_id=sides.vendors.get(key, ""),
                tracking=head["tracking"],
                kind=head["kind"],
                record_id=f"{noun}-{head['document_id']}",
                line_id=line_id,
                version_hash=head["version_hash"],
            )


def _sold(sign: int) -> Callable[[Sequence[dict[str, Any]], Parts], Iterator[Leg]]:
    def legs(lines: Sequence[dict[str, Any]], parts: Parts) -> Iterator[Leg]:
        yield "total", parts[RECEIVABLE], sign * lines[0]["total"]
        for line in lines:
            yield line["line_id"], parts[SALES], -sign * line["net_amount"]
            if line["tax_amount"]:
                yield f"{line['line_id']}:tax", parts[TAX], -sign * line["tax_amount"]

    return legs


def _received(lines: Sequence[dict[str, Any]], parts: Parts) -> Iterator[Leg]:
    head = lines[0]
    yield "total", parts[CREDIT if head["subkind"] == "Credit" else CASH], head["total"]
    yield "1", parts[RECEIVABLE], -head["total"]


def _spent(against: str) -> Callable[[Sequence[dict[str, Any]], Parts], Iterator[Leg]]:
    def legs(lines: Sequence[dict[str, Any]], parts: Parts) -> Iterator[Leg]:
        yield "total", parts[against], -lines[0]["total"]
        for line in lines:
            yield line["line_id"], line["ledger_account_id"], line["net_amount"] + line["tax_amount"]

    return legs


def _paid(lines: Sequence[dict[str, Any]], parts: Parts) -> Iterator[Leg]:
    yield "total", parts[CASH], -lines[0]["total"]
    yield "1", parts[PAYABLE], lines[0]["total"]


def _earned(lines: Sequence[dict[str, Any]], parts: Parts) -> Iterator[Leg]:
    yield "total", parts[CASH], lines[0]["total"]
    yield "1", parts[SALES], -lines[0]["total"]


LEGS: Mapping[str, Callable[[Sequence[dict[str, Any]], Parts], Iterator[Leg]]] = {
    "invoices": _sold(1),
    "credit_notes": _sold(-1),
    "payments": _received,
    "expenses": _spent(CASH),
    "bills": _spent(PAYABLE),
    "bill_payments": _paid,
    "other_income": _earned,
}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
