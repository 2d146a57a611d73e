"""Zoho's own ledger of a period, read account by account, and put together again transaction by transaction.

Each account is a list of its own, so a transaction is whole only once all accounts are read: its rows must then sum to 0.00, which
needs no second source. Rows without ``transaction_id`` (opening balances, revaluations) are money like all others: they
belong together by type and day. Amounts are base currency, ``fcy_…`` the transaction's own (inferred from the names; the sum
to nought would fail at once where that is wrong).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.money import ZERO, cents
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import LedgerLine
from ml_connector_dagster.ledger.version_hash import version_hash
from ml_connector_dagster.sources.contract.answers import Page, RefusedRecord
from ml_connector_dagster.sources.zoho_books.client import Answered, Listing, ZohoApi
from ml_connector_dagster.sources.zoho_books.reading import (
    NO_TRACKING,
    ONE,
    Record,
    day,
    money,
    need,
    refuse,
    text,
    untrusted,
)

CHART = Listing("chartofaccounts", (("filter_by", "AccountType.All"),), is_paged=False)
TRANSACTIONS = "chartofaccounts/transactions"
RECORDS_A_PAGE = 5000
KINDS: Mapping[str, str] = {
    "invoice": "invoice",
    "bill": "bill",
    "bills": "bill",
    "credit_notes": "credit_note",
    "creditnote": "credit_note",
    "credit_note": "credit_note",
    "vendor_credits": "vendor_credit",
    "vendor_credit": "vendor_credit",
    "customer_payment": "payment",
    "vendor_payment": "payment",
    "creditnote_refund": "payment",
    "transfer_fund": "transfer",
    "journal": "journal",
    "base_currency_adjustment": "journal",
    "opening_balance": "journal",
}
"""Zoho's transaction types to our kinds; every other one moves money at the bank."""
KNOWN_FIELDS = frozenset(
    [
        "account_id",
        "account_name",
        "account_type",
        "attachment_count",
        "categorized_transaction_id",
        "credit_amount",
        "currency_code",
        "currency_id",
        "currency_symbol",
        "customer_id",
        "customer_name",
        "date_formatted",
        "debit_amount",
        "debit_or_credit",
        "description",
        "entry_number",
        "exchange_rate",
        "fcy_credit_amount",
        "fcy_debit_amount",
        "has_attachment",
        "imported_transaction_id",
        "imported_transactions",
        "is_paid_via_print_check",
        "is_rule_exist",
        "location_id",
        "location_name",
        "offset_account_name",
        "offset_account_id",
        "payee",
        "price_precision",
        "project_id",
        "reconcile_status",
        "reference_number",
        "reference_transaction_id",
        "reporting_tag",
        "running_balance",
        "running_balance_formatted",
        "source",
        "status",
        "transaction_date",
        "transaction_id",
        "transaction_source",
        "transaction_status",
        "transaction_status_formatted",
        "transaction_type",
        "transaction_type_formatted",
        "vendor_id",
        "vendor_name",
    ]
)


def accounts_in(answers: Iterable[Answered]) -> list[str]:
    """Answer the ids of a chart, inactive accounts included: they may have postings of earlier months."""
    return [found for answered in answers for record in answered.records if (found := text(record, "account_id"))]


def read_feed(api: ZohoApi, period: Period) -> Iterator[Page]:
    """Yield the period's postings; the pages before the last hold raw answers alone.

    Calls: one for the chart, one an account, and two more for each further 200 postings of an account: each page but the last is
    asked for once more, to see that the list stood still.
    """
    charts = list(api.pages(CHART))
    collected = Collected(period)
    for chart in charts:
        yield Page(rows=[], read=0, raw=chart.content)
    for account in accounts_in(charts):
        for answered in api.pages(within(account, period)):
            collected.take(account, answered.records)
            yield Page(rows=[], read=0, raw=answered.content)
    yield from collected.pages(charts[-1].content)


def within(account: str, period: Period) -> Listing:
    """Answer the list of one account's postings of a period."""
    span = (("date.start", str(period.first_on)), ("date.end", str(period.last_on)))
    return Listing(TRANSACTIONS, (("account_id", account), *span))


def since(account: str, period: Period) -> Listing:
    """Answer the list of one account's postings from a period's first day on, without end."""
    return Listing(TRANSACTIONS, (("account_id", account), ("date.start", str(period.first_on))))


def amounts(row: Record) -> tuple[Decimal, Decimal]:
    """Answer a row's amount in base and in its own currency; debit + and credit −.

    Raises:
        RecordRefused: One of them is no number.
    """
    base = money(row, "debit_amount") - money(row, "credit_amount")
    own = money(row, "fcy_debit_amount") - money(row, "fcy_credit_amount")
    return cents(base), own or base


class Collected:
    """The rows of a period's accounts, by transaction."""

    def __init__(self, period: Period) -> None:
        """Begin without rows."""
        self._period = period
        self._rows: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
        self._unknown: Counter[str] = Counter()

    def take(self, account: str, rows: Iterable[dict[str, Any]]) -> None:
        """Take the rows of one account; Zoho ignores what it does not know, so account and dates are looked at once more."""
        first, last = str(self._period.first_on), str(self._period.last_on)
        for row in rows:
            if text(row, "account_id") in ("", account) and not self._is_elsewhere(row, first, last):
                self._rows[record_key(row)].append((account, row))
                self._unknown.update(f"transaction.{name}" for name in row.keys() - KNOWN_FIELDS)

    def pages(self, raw: bytes) -> Iterator[Page]:
        """Yield what was collected, each transaction whole; at least one page."""
        rows: list[LedgerLine] = []
        refused: list[RefusedRecord] = []
        read, drift = 0, dict(self._unknown)
        for record_id, found in self._rows.items():
            read += 1
            try:
                rows += self._lines(record_id, found)
            except RecordRefused as error:
                refused.append(refuse(record_id, error.happened, [row for _, row in found]))
            if len(rows) >= RECORDS_A_PAGE:
                yield Page(rows=rows, read=read, refused=refused, raw=raw, unknown_fields=drift)
                rows, refused, read, drift = [], [], 0, {}
        yield Page(rows=rows, read=read, refused=refused, raw=raw, unknown_fields=drift)

    @staticmethod
    def _is_elsewhere(row: Record, first: str, last: str) -> bool:
        """A date that cannot be read stays here, so that its record is refused and not lost."""
        written = text(row, "transaction_date")
        return len(written) == len(first) and not first <= written <= last and written[:4].isdigit()

    def _lines(self, record_id: str, found: list[tuple[str, dict[str, Any]]]) -> list[LedgerLine]:
        ordinals: Counter[str] = Counter()
        lines = []
        for account, row in found:
            ordinals[account] += 1
            lines.append(_line(record_id, account, ordinals[account], row, self._period))
        left = sum((line.amount for line in lines), ZERO)
        if left:
            accounts = ", ".join(sorted(ordinals))
            raise untrusted(
                f"The postings of {lines[0].kind} {record_id} differ by {left} over the accounts {accounts}."
            )
        return lines


def record_key(row: Record) -> str:
    """Answer what ties the rows of one transaction together over the accounts."""
    return text(row, "transaction_id") or f"{text(row, 'transaction_type')}:{text(row, 'transaction_date')}"


def _line(record_id: str, account: str, ordinal: int, row: Record, period: Period) -> LedgerLine:
    base, own = amounts(row)
    on, kind = day(row, "transaction_date"), need(row, "transaction_type")
    if Period.of(on) != period:
        raise untrusted(f"The transaction stands on {on}, not in {period}.")
    rate = ONE if own == base or not own else (base / own).quantize(Decimal("1E-10"))
    customer = text(row, "customer_id")
    return LedgerLine(
        period=str(period),
        posting_date=on,
        ledger_account_id=account,
        amount=base,
        document_amount=own,
        currency=text(row, "currency_code"),
        rate=rate,
        customer_id=customer,
        vendor_id=text(row, "vendor_id"),
        tracking=NO_TRACKING,
        kind=KINDS.get(kind, "bank_transaction"),
        record_id=record_id,
        line_id=f"{account}:{ordinal}",
        version_hash=version_hash(record_id, str(on), account, base, own, customer, kind),
    )
