"""CustomTxnDetail, a span of days at a time: every posting, whatever posted it, with account, class and name.

The report names its accounts, classes and names, and gives ids of transactions alone; the lists that were read with it join
them. A line has no id of its own, so it is numbered within its transaction and account, in the report's order. Amounts are in
the company's own currency, whatever the document's.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from ml_connector_dagster.errors import RecordRefused, RequestRejected
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import LedgerLine
from ml_connector_dagster.ledger.version_hash import version_hash
from ml_connector_dagster.sources.contract.answers import Page, RefusedRecord
from ml_connector_dagster.sources.quickbooks_desktop.fields import Record, calendar_date, untrusted
from ml_connector_dagster.sources.quickbooks_desktop.parse import tracking_of
from ml_connector_dagster.sources.quickbooks_desktop.reports import Names, Row, Table

REPORT = "CustomTxnDetail"
ONE = Decimal(1)
KINDS = {
    "invoice": "invoice",
    "bill": "bill",
    "payment": "payment",
    "receivepayment": "payment",
    "billpmtcheck": "payment",
    "billpaymentcheck": "payment",
    "billpmtccard": "payment",
    "billpaymentcreditcard": "payment",
    "creditmemo": "credit_note",
    "arrefundcreditcard": "credit_note",
    "billcredit": "vendor_credit",
    "vendorcredit": "vendor_credit",
    "check": "bank_transaction",
    "deposit": "bank_transaction",
    "salesreceipt": "bank_transaction",
    "creditcard": "bank_transaction",
    "creditcardcharge": "bank_transaction",
    "creditcardcredit": "vendor_credit",
    "cccredit": "vendor_credit",
    "transfer": "transfer",
    "generaljournal": "journal",
    "journalentry": "journal",
}
"""QuickBooks' words for what posted, letters alone; another word (paycheck, inventory adjustment) is kept as it stands."""


class Lists(NamedTuple):
    """The names that the report joins by."""

    accounts: Names
    classes: Names
    customers: Names
    vendors: Names

    @classmethod
    def of(cls, answers: Mapping[str, Sequence[Record]]) -> Lists:
        """Read the lists.

        Args:
            answers: Our entity's name to the answers of its query.
        """
        return cls(
            Names.of_accounts(answers.get("ledger_accounts", ())),
            Names.of_list("Class", answers.get("classes", ()), short=True),
            Names.of_list("Customer", answers.get("customers", ())),
            Names.of_list("Vendor", answers.get("vendors", ())),
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """What a report is read with."""

    period: Period
    lists: Lists
    base_currency: str
    posted: Collection[str] = frozenset()
    """TxnIDs of the journals that we posted from a plan: no actuals, shown as the class ``posted_plan``."""


class _Posting(NamedTuple):
    """A row of a transaction, and the account that the rows above it are of."""

    row: Row
    header: str


def detail_page(answer: Record, content: bytes, reading: Reading) -> Page:
    """Answer the lines of one report; a transaction that cannot be read or does not balance is refused whole.

    Raises:
        RequestRejected: A column is missing, or a posting lies outside the period.
    """
    table = Table.of(REPORT, answer)
    rows: list[LedgerLine] = []
    refused: list[RefusedRecord] = []
    transactions = {key: found for key, found in _transactions(table).items() if key not in reading.posted}
    for record_id, postings in transactions.items():
        try:
            rows.extend(_lines(table, reading, record_id, postings))
        except RecordRefused as error:
            raw = json.dumps([posting.row.cells for posting in postings]).encode()
            refused.append(RefusedRecord(record_id, error.happened, raw))
    return Page(rows=rows, read=len(transactions), refused=refused, raw=content)


def posted_lines(answer: Record, reading: Reading) -> list[LedgerLine]:
    """Answer the lines of the journals that we posted ourselves: they are no actuals.

    Raises:
        RecordRefused: One of them cannot be read, or does not balance.
    """
    table = Table.of(REPORT, answer)
    ours = {key: found for key, found in _transactions(table).items() if key in reading.posted}
    return [line for record_id, postings in ours.items() for line in _lines(table, reading, record_id, postings)]


def _transactions(table: Table) -> dict[str, list[_Posting]]:
    """Answer the rows of each transaction; a row with a figure and no transaction stands for itself, to be refused."""
    found: dict[str, list[_Posting]] = defaultdict(list)
    header = ""
    transaction, debit, credit = (table.column(kind) for kind in ("TxnID", "Debit", "Credit"))
    for number, row in enumerate(table.rows):
        if row.kind == "TextRow":
            header = (row.named if row.about == "account" else "") or row.words or table.label_of(row)
        elif row.kind == "DataRow":
            record_id = row.cells.get(transaction, "")
            if record_id or debit in row.cells or credit in row.cells:
                found[record_id or f"row {number}"].append(_Posting(row, header))
    return dict(found)


def _lines(table: Table, reading: Reading, record_id: str, postings: Sequence[_Posting]) -> list[LedgerLine]:
    """Answer the lines of one transaction.

    Raises:
        RecordRefused: A posting cannot be read, or they do not sum to 0.00.
    """
    numbers: Counter[str] = Counter()
    lines = [_line(table, reading, record_id, posting, numbers) for posting in postings]
    left = sum((line.amount for line in lines), ZERO)
    if left:
        raise untrusted(f"The postings of {lines[0].kind} {record_id} leave {left}.")
    mark = version_hash(*((*line[1:3], line.amount, line.customer_id, line.vendor_id, line.tracking) for line in lines))
    return [line._replace(version_hash=mark) for line in lines]


def _line(table: Table, reading: Reading, record_id: str, posting: _Posting, numbers: Counter[str]) -> LedgerLine:
    row, lists = posting.row, reading.lists

    def cell(kind: str) -> str:
        return row.cells.get(table.columns.get(kind, ""), "")

    if not cell("TxnID"):
        raise untrusted(f"A posting of {cell('TxnType') or 'no transaction'} names no transaction.")
    account = _account(row, cell("Account"), posting.header, lists.accounts)
    on = _date(cell("Date"), record_id, reading.period)
    figure = row.figure(table.column("Debit")) - row.figure(table.column("Credit"))
    class_name, name = cell("Class"), cell("Name")
    customer, vendor = (lists.customers.find(name), lists.vendors.find(name)) if name else ("", "")
    if customer and vendor:
        raise untrusted(f"{name!r} of {record_id} is the name of a customer and of a vendor.")
    numbers[account] += 1
    return LedgerLine(
        period=str(reading.period),
        posting_date=on,
        ledger_account_id=account,
        amount=figure,
        document_amount=figure,
        currency=reading.base_currency,
        rate=ONE,
        customer_id=customer,
        vendor_id=vendor,
        tracking=tracking_of(lists.classes.need(class_name) if class_name else ""),
        kind=kind_of(cell("TxnType")),
        record_id=record_id,
        line_id=f"{account}-{numbers[account]}",
        version_hash="",
    )


@lru_cache(maxsize=256)
def kind_of(written: str) -> str:
    """Answer our word for what posted."""
    letters = re.sub(r"[^a-z]", "", written.lower())
    return KINDS.get(letters, re.sub(r"[^a-z0-9]+", "_", written.lower()).strip("_"))


def _account(row: Row, cell: str, header: str, accounts: Names) -> str:
    """Answer the account: what the row is of, else what its own column says, else the rows above it."""
    named = row.named if row.about == "account" else ""
    written = next((one for one in (named, cell, header) if one), "")
    if not written:
        raise untrusted("A posting names no account.")
    return accounts.need(written)


def _date(written: str, record_id: str, period: Period) -> date:
    on = calendar_date(written)
    if Period.of(on) != period:
        raise RequestRejected(
            f"QuickBooks answered {record_id} of {on} when asked for the transaction detail of {period}.",
            "It ignored the dates, so nothing of this answer was staged.",
            "Report it: the report's parameters must change.",
            endpoint=REPORT,
            record_id=record_id,
        )
    return on
