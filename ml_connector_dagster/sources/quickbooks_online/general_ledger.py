"""QuickBooks' general ledger, a month at a time: every posting, whoever made it, in home currency.

The account is the id in the ``account_name`` column of the row itself: section headers may carry another account's id. A row
without a transaction is the account's beginning balance and no posting. A line has no id of its own, so it is numbered
within its transaction and account, in the report's order.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ml_connector_dagster.errors import RecordRefused, RequestRejected
from ml_connector_dagster.ledger.money import ZERO, cents
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import LedgerLine
from ml_connector_dagster.ledger.version_hash import version_hash
from ml_connector_dagster.sources.contract.answers import Page, RefusedRecord
from ml_connector_dagster.sources.quickbooks_online.client import Answered, QuickbooksApi
from ml_connector_dagster.sources.quickbooks_online.fields import calendar_date, tracking_of, untrusted
from ml_connector_dagster.sources.quickbooks_online.report_rows import Cell, Table, is_too_large

REPORT = "GeneralLedger"
ONE = Decimal(1)
RATE_PLACES = Decimal("1E-10")
CUSTOMER, VENDOR = "cust_name", "vend_name"
_WHO = ("account_name", "tx_date", "txn_type", "doc_num", "name", CUSTOMER, VENDOR, "klass_name", "dept_name")
_HOME = ("debt_home_amt", "credit_home_amt", "currency", "exch_rate")
_SINGLE = ("debt_amt", "credit_amt")
KINDS = {
    "invoice": "invoice",
    "payment": "payment",
    "bill": "bill",
    "bill payment (check)": "payment",
    "bill payment (credit card)": "payment",
    "sales receipt": "bank_transaction",
    "refund": "credit_note",
    "refund receipt": "credit_note",
    "credit memo": "credit_note",
    "vendor credit": "vendor_credit",
    "deposit": "bank_transaction",
    "transfer": "transfer",
    "expense": "bank_transaction",
    "check": "bank_transaction",
    "cash expense": "bank_transaction",
    "credit card expense": "bank_transaction",
    "credit card credit": "vendor_credit",
    "journal entry": "journal",
}
"""QuickBooks' words for what posted; another word (payroll, inventory, one in another language) is kept as it stands."""


@dataclass(frozen=True, slots=True)
class Names:
    """Finds the id of a customer, vendor, class or department that a report names without it; asks when first needed."""

    ids: Callable[[str], Mapping[str, str]]
    """QuickBooks' word for a list to its rows: full name to id."""

    def id_of(self, word: str, cell: Cell, alike: Cell | None = None) -> str:
        """Answer the id of what a cell names; empty where it names nothing.

        Args:
            word: Customer, Vendor, Class or Department.
            cell: As the report has it.
            alike: Another cell of the row that names the same thing and carries its id.

        Raises:
            RecordRefused: No row of the list has that name.
        """
        if not cell.value or cell.record_id:
            return cell.record_id
        if alike is not None and alike.record_id and alike.value == cell.value:
            return alike.record_id
        found = self.ids(word).get(cell.value)
        if found is None:
            raise untrusted(f"The {word} {cell.value!r} of a posting is in no list that QuickBooks answers.")
        return found


def read_ledger(api: QuickbooksApi, period: Period, *, multicurrency: bool) -> Iterator[Answered]:
    """Yield the report of a month; halves of it where it is too large for one answer.

    Raises:
        RequestRejected: A single day is too large.
    """
    yield from _halved(api, (period.first_on, period.last_on), multicurrency=multicurrency)


def _halved(api: QuickbooksApi, days: tuple[date, date], *, multicurrency: bool) -> Iterator[Answered]:
    first, last = days
    answered = api.get(f"reports/{REPORT}", ledger_params(first, last, multicurrency=multicurrency))
    if not is_too_large(answered.content):
        yield answered
        return
    if first == last:
        raise RequestRejected(
            f"The general ledger of {first} alone is too large for QuickBooks to show.",
            "The period's lines cannot be read whole, so none was staged.",
            "Report it: the day must be read account by account.",
            endpoint=REPORT,
        )
    middle = first + (last - first) // 2
    yield from _halved(api, (first, middle), multicurrency=multicurrency)
    yield from _halved(api, (middle + timedelta(days=1), last), multicurrency=multicurrency)


def ledger_params(first: date, last: date, *, multicurrency: bool) -> dict[str, str]:
    """Answer the report's parameters: basis and columns are always said, since a preference would choose them else."""
    return {
        "start_date": first.isoformat(),
        "end_date": last.isoformat(),
        "accounting_method": "Accrual",
        "columns": ",".join((*_WHO, *(_HOME if multicurrency else _SINGLE))),
    }


def ledger_page(answered: Answered, period: Period, names: Names, base_currency: str, *, multicurrency: bool) -> Page:
    """Answer the lines of one report; a transaction that cannot be read or does not balance is refused whole.

    Raises:
        RequestRejected: A column is missing, or a posting lies outside the period.
    """
    table = Table.of(REPORT, answered.body)
    reading = _Reading(table, period, names, base_currency, _money_of(table, multicurrency=multicurrency))
    rows: list[LedgerLine] = []
    refused: list[RefusedRecord] = []
    transactions = _transactions(table)
    for record_id, postings in transactions.items():
        try:
            rows.extend(reading.lines(record_id, postings))
        except RecordRefused as error:
            refused.append(RefusedRecord(record_id, error.happened, json.dumps(postings, default=str).encode()))
    return Page(rows=rows, read=len(transactions), refused=refused, raw=answered.content)


def _transactions(table: Table) -> dict[str, list[Any]]:
    """Answer the rows of each transaction; a row with a figure and no transaction stands for itself, to be refused."""
    found: dict[str, list[Any]] = defaultdict(list)
    money = [key for key in (*_HOME[:2], *_SINGLE) if table.has(key)]
    for number, cells in enumerate(table.data()):
        record_id = table.cell(cells, "txn_type").record_id
        if record_id:
            found[record_id].append(cells)
        elif any(table.cell(cells, key).value for key in money) and table.cell(cells, "tx_date").value[:1].isdigit():
            found[f"row {number}"].append(cells)
    return dict(found)


def _money_of(table: Table, *, multicurrency: bool) -> tuple[str, str]:
    for debit, credit in (_HOME[:2], _SINGLE):
        if table.has(debit) and table.has(credit) and not (multicurrency and debit == _SINGLE[0]):
            return debit, credit
    raise RequestRejected(
        f"The general ledger has none of the columns {', '.join((*_HOME[:2], *_SINGLE))} that are asked for.",
        "Its figures may be in several currencies, so none was used.",
        "Run ml-connector check; if it holds, update the connector.",
        endpoint=REPORT,
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a report's rows are read with."""

    table: Table
    period: Period
    names: Names
    base_currency: str
    money: tuple[str, str]

    def lines(self, record_id: str, postings: Sequence[Any]) -> list[LedgerLine]:
        """Answer the lines of one transaction.

        Raises:
            RecordRefused: A posting cannot be read, or they do not sum to 0.00.
        """
        numbers: Counter[str] = Counter()
        lines = [self._line(record_id, cells, numbers) for cells in postings]
        left = sum((line.amount for line in lines), ZERO)
        if left:
            raise untrusted(f"The postings of {lines[0].kind} {record_id} leave {left}.")
        mark = version_hash(
            *((line.posting_date, line.ledger_account_id, line.amount, line.tracking) for line in lines)
        )
        return [line._replace(version_hash=mark) for line in lines]

    def _line(self, record_id: str, cells: Sequence[Any], numbers: Counter[str]) -> LedgerLine:
        table = self.table
        account = table.cell(cells, "account_name").record_id
        kind = table.cell(cells, "txn_type")
        if not account or not kind.record_id:
            raise untrusted(
                f"A posting of {kind.value or 'no transaction'} {record_id} names no account or no transaction."
            )
        on = calendar_date(table.cell(cells, "tx_date").value)
        if Period.of(on) != self.period:
            raise _not_asked_for(kind.value, record_id, on, self.period)
        debit, credit = (table.cell(cells, key).figure for key in self.money)
        figure = debit - credit
        currency, rate = self._currency(cells)
        numbers[account] += 1
        return LedgerLine(
            period=str(self.period),
            posting_date=on,
            ledger_account_id=account,
            amount=figure,
            document_amount=figure if rate == ONE else cents(figure / rate),
            currency=currency,
            rate=rate,
            customer_id=self._who("Customer", cells, CUSTOMER),
            vendor_id=self._who("Vendor", cells, VENDOR),
            tracking=self._tracking(cells),
            kind=KINDS.get(kind.value.lower(), kind.value.lower().replace(" ", "_")),
            record_id=record_id,
            line_id=f"{account}-{numbers[account]}",
            version_hash="",
        )

    def _currency(self, cells: Sequence[Any]) -> tuple[str, Decimal]:
        written = self.table.cell(cells, "currency").value
        if not written or written == self.base_currency:
            return self.base_currency, ONE
        rate = self.table.cell(cells, "exch_rate").figure
        return (written, rate.quantize(RATE_PLACES)) if rate > 0 else (self.base_currency, ONE)

    def _who(self, word: str, cells: Sequence[Any], key: str) -> str:
        return self.names.id_of(word, self.table.cell(cells, key), self.table.cell(cells, "name"))

    def _tracking(self, cells: Sequence[Any]) -> str:
        return tracking_of(
            self.names.id_of("Class", self.table.cell(cells, "klass_name")),
            self.names.id_of("Department", self.table.cell(cells, "dept_name")),
        )


def _not_asked_for(kind: str, record_id: str, on: date, period: Period) -> RequestRejected:
    return RequestRejected(
        f"QuickBooks answered {kind} {record_id} of {on} when asked for the general ledger of {period}.",
        "It ignored the dates, so nothing of this answer was staged.",
        "Report it: the report's parameters must change.",
        endpoint=REPORT,
        record_id=record_id,
    )
