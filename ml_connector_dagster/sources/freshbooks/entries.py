"""Journal entry details to entries: the lines of one entry may come on several pages, so entries are whole only at the end.

An entry is refused whole when one of its lines cannot be read, names an account that the chart lacks, is of another day or
currency than the others, or when debits and credits differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.sources.contract.answers import RefusedRecord
from ml_connector_dagster.sources.freshbooks import decode
from ml_connector_dagster.sources.freshbooks.context import Context
from ml_connector_dagster.sources.freshbooks.dates import calendar_date
from ml_connector_dagster.sources.freshbooks.fields import (
    Record,
    link,
    optional_money,
    record_id,
    text,
    untrusted,
)
from ml_connector_dagster.sources.freshbooks.parse import Head, Line, rows_of
from ml_connector_dagster.sources.freshbooks.shapes import SHAPES

SHAPE = SHAPES["journal_entries"]
NOUNS = (
    ("bill_payment", ("bill_paymentid", "billpaymentid"), "payment"),
    ("payment", ("paymentid",), "payment"),
    ("credit_note", ("creditid",), "credit_note"),
    ("other_income", ("incomeid",), "other_income"),
    ("expense", ("expenseid",), "expense"),
    ("bill", ("billid",), "bill"),
    ("invoice", ("invoiceid",), "invoice"),
)
"""What posted an entry, by the id that it carries; the first that is there counts, since a payment names its invoice too."""
JOURNAL = "journal"


class Detail(NamedTuple):
    """One line of an entry, read."""

    detail_id: str
    on: date
    account: str
    amount: Decimal
    currency: str
    description: str
    name: str
    noun: str
    kind: str
    source_id: str
    client_id: str


@dataclass
class Entry:
    """One entry as far as it came."""

    details: list[Detail] = field(default_factory=list)
    wrong: str = ""
    raw: list[Any] = field(default_factory=list)
    """The lines as they came, kept only where one is wrong."""


class Entries:
    """Collects the lines of a window, then answers whole entries."""

    def __init__(self, context: Context) -> None:
        """Begin without lines."""
        self._context = context
        self._entries: dict[str, Entry] = {}

    def add(self, record: Any) -> None:
        """Take one line."""
        entry_id = entry_of(record)
        entry = self._entries.setdefault(entry_id or f"line {decode.id_of(SHAPE, record)}", Entry())
        try:
            entry.details.append(self._detail(record))
        except RecordRefused as error:
            entry.wrong = entry.wrong or error.happened
            entry.raw.append(record)

    def finish(self) -> tuple[list[DocumentLine], list[RefusedRecord], int]:
        """Answer the rows of whole entries, those that are refused, and how many entries there were."""
        rows: list[DocumentLine] = []
        refused = []
        for entry_id, entry in self._entries.items():
            wrong = entry.wrong or _doubt(entry.details)
            if wrong:
                raw = decode.content_of(entry.raw or [one._asdict() for one in entry.details])
                refused.append(RefusedRecord(entry_id, wrong, raw.encode()))
            else:
                rows.extend(self._rows(entry_id, entry.details))
        return rows, refused, len(self._entries)

    def _rows(self, entry_id: str, details: list[Detail]) -> Iterator[DocumentLine]:
        first = next((one for one in details if one.noun != JOURNAL), details[0])  # a bill's payable names no category
        head = Head(
            document_id=entry_id,
            kind=first.kind,
            subkind=first.noun,
            number=first.name,
            on=first.on,
            due=None,
            status="posted",
            posts=True,
            party_id=next((one.client_id for one in details if one.client_id), ""),
            currency=first.currency,
            total=sum((one.amount for one in details if one.amount > 0), ZERO),
            linked_id=first.source_id,
        )
        lines = [Line(one.detail_id, one.account, one.description, one.amount) for one in details]
        yield from rows_of(head, lines, self._context)

    def _detail(self, record: Any) -> Detail:
        if not isinstance(record, dict):
            raise untrusted(f"A journal entry detail is no object: {record!r}.")
        entry = _part(record, "entry")
        account = self._context.chart.uuid(_part(record, "account"), _part(record, "sub_account"))
        if not account:
            raise untrusted(f"The account {_named(record)!r} is not in the chart of accounts.")
        noun, kind, source_id = posted_by(entry)
        return Detail(
            detail_id=record_id(record, *SHAPE.ids),
            on=calendar_date(record.get("user_entered_date")),
            account=account,
            amount=_side(record, "debit") - _side(record, "credit"),
            currency=_currency(record),
            description=text(record, "description"),
            name=text(record, "name"),
            noun=noun,
            kind=kind,
            source_id=source_id,
            client_id=link(entry.get("clientid")),
        )


def entry_of(record: Any) -> str:
    """Answer the entry that a line belongs to; empty where it names none."""
    return link(_part(record, "entry").get("entryid")) if isinstance(record, dict) else ""


def posted_by(entry: Record) -> tuple[str, str, str]:
    """Answer the noun, our kind and the id of the document that posted an entry; a journal posts itself.

    FreshBooks names no bill on an entry: one with an expense category and no expense is a bill, whose id stays unknown.
    """
    for noun, names, kind in NOUNS:
        for name in names:
            if source_id := link(entry.get(name)):
                return noun, kind, source_id
    if link(entry.get("categoryid")):
        return "bill", "bill", ""
    return JOURNAL, JOURNAL, link(entry.get("entryid"))


def _doubt(details: list[Detail]) -> str:
    """Answer why an entry whose lines can all be read is not to be trusted; empty where it is."""
    days, currencies = {one.on for one in details}, {one.currency for one in details}
    if len(days) > 1 or len(currencies) > 1:
        return f"Its lines are of {', '.join(map(str, sorted(days)))} in {', '.join(sorted(currencies))}: an entry has one."
    left = sum((one.amount for one in details), ZERO)
    return f"The entry is out of balance by {left:.2f}: an entry sums to 0.00." if left else ""


def _side(record: Record, name: str) -> Decimal:
    """Answer one side of a line; null and {} mean that it stands on the other.

    Raises:
        RecordRefused: Something else than money stands there.
    """
    value = record.get(name)
    if value in (None, {}, ""):
        return ZERO
    if not isinstance(value, dict) or "amount" not in value:
        raise untrusted(f"The {name} {value!r} is no money.")
    return optional_money(record, name)


def _currency(record: Record) -> str:
    for name in ("debit", "credit", "balance"):
        value = record.get(name)
        if isinstance(value, dict) and value.get("code"):
            return str(value["code"])
    raise untrusted("A line of an entry names no currency.")


def _part(record: Record, name: str) -> Record:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def _named(record: Record) -> str:
    account, sub = _part(record, "account"), _part(record, "sub_account")
    return text(sub, "account_sub_name") or text(account, "account_name") or link(account.get("accountid"))
