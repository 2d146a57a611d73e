"""Ledger lines of money that moves between two accounts: payments, allocations, bank transfers.

A payment moves the bank at its own rate (the bank's own figure where the account is kept in base currency) and the receivable
or payable at the rate of the document it settles; the difference is realised currency gain. The document may stand in any
period: it is looked up in staging first, and fetched by id where it stands in none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from ml_connector_dagster.ledger.money import ZERO, cents
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import LedgerLine
from ml_connector_dagster.sources.contract.answers import Page, RefusedRecord
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.xero import chart as roles
from ml_connector_dagster.sources.xero.chart import Chart
from ml_connector_dagster.sources.xero.context import NO_TRACKING, ONE, base_rate
from ml_connector_dagster.sources.xero.entities import POSTING_ENTITIES, PREPAYMENTS
from ml_connector_dagster.sources.xero.parse_money import PAYMENT_ENTITY

if TYPE_CHECKING:
    from ml_connector_dagster.sources.xero.company import XeroCompany

MONEY_IN = frozenset({"ACCRECPAYMENT", "APCREDITPAYMENT", "APOVERPAYMENTPAYMENT", "APPREPAYMENTPAYMENT"})
"""Payment types that bring money in; the others pay it out."""
COLUMNS = (
    "document_id",
    "kind",
    "subkind",
    "document_date",
    "party_id",
    "currency",
    "rate",
    "total",
    "line_id",
    "ledger_account_id",
    "net_amount",
    "tax_amount",
    "tracking",
    "linked_id",
    "bank_account_id",
    "bank_amount",
    "version_hash",
)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a payment or an allocation needs to know of the document it belongs to."""

    rate: Decimal
    accounts: tuple[tuple[str, Decimal, str], ...] = ()
    """(account, amount, tracking) of a prepayment's lines: a refund takes it from where it stands."""


class Leg(NamedTuple):
    """One side of a posting; base currency and document currency, debit + and credit −."""

    line_id: str
    account: str
    amount: Decimal
    document_amount: Decimal
    tracking: str = NO_TRACKING


Found = Mapping[str, Settled]
LegsOf = Callable[[list[dict[str, Any]]], "list[LedgerLine] | str"]
"""The rows of a record to its ledger lines, or to the reason why it cannot be posted."""


def settlement_pages(company: XeroCompany, chart: Chart, period: Period, staged: StagedReader) -> Iterator[Page]:
    """Yield the ledger lines of payments, allocations and bank transfers, one page for each row group."""
    for batch in staged.batches("payments", period):
        records = posting_records(batch)
        found = settled_documents(company, chart, records, staged)
        yield _page(records, partial(_payment, chart=chart, found=found))
    for batch in staged.batches("allocations", period):
        records = posting_records(batch)
        found = settled_documents(company, chart, records, staged)
        yield _page(records, partial(allocation_legs, chart=chart, found=found))
    for batch in staged.batches("bank_transfers", period):
        yield _page(posting_records(batch), partial(transfer_legs, chart=chart))


def _payment(rows: list[dict[str, Any]], chart: Chart, found: Found) -> list[LedgerLine] | str:
    return payment_legs(rows[0], chart, found)


def posting_records(batch: pa.Table) -> list[list[dict[str, Any]]]:
    """Answer the rows of each document that posts, in order."""
    records: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in batch.filter(batch["posts"]).select(COLUMNS).to_pylist():
        records[row["document_id"]].append(row)
    return list(records.values())


def entity_settled(row: Mapping[str, Any]) -> str:
    """Name the entity of the document that a payment or an allocation belongs to."""
    subkind = row["subkind"]
    if subkind in PAYMENT_ENTITY:
        return PAYMENT_ENTITY[subkind]
    return "invoices" if subkind.startswith(("ACCREC", "RECEIVE", "AR")) else "bills"


def settled_documents(
    company: XeroCompany, chart: Chart, records: Iterable[list[dict[str, Any]]], staged: StagedReader
) -> Found:
    """Answer the documents that foreign payments and prepayment refunds belong to, staged or fetched; others need none."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for row, *_ in records:
        entity = entity_settled(row)
        if row["currency"] != chart.base_currency or entity == "prepayments":
            wanted[entity].add(row["linked_id"])
    found: dict[str, Settled] = {}
    for entity, ids in wanted.items():
        found.update(_by_document(staged.find(entity, sorted(ids)).select(COLUMNS).to_pylist()))
        missing = sorted(ids - found.keys())
        if missing:
            found.update(_fetched(company, entity, missing))
    return found


def payment_legs(row: Mapping[str, Any], chart: Chart, found: Found) -> list[LedgerLine] | str:
    """Answer the legs of a payment: bank, receivable or payable, and the realised gain; or why it cannot be posted."""
    document = _document_of(row, chart, found)
    if document is None:
        return _not_found(row)
    sign = 1 if row["subkind"] in MONEY_IN else -1
    moved = row["bank_amount"] if chart.is_base(row["bank_account_id"]) else in_base(row["total"], row["rate"])
    legs = [Leg("bank", row["bank_account_id"], sign * moved, sign * row["total"])]
    if document.accounts:
        legs += [
            Leg(f"refund:{position}", account or chart.account(roles.TAX), -sign * part, -sign * part, tracking)
            for position, (account, part, tracking) in enumerate(_shares(document.accounts, row["total"]), start=1)
        ]
    else:
        settled = in_base(row["total"], document.rate)
        legs.append(Leg("settled", _control(row, chart), -sign * settled, -sign * row["total"]))
    return _lines(row, _with_gain(legs, chart))


def allocation_legs(rows: list[dict[str, Any]], chart: Chart, found: Found) -> list[LedgerLine] | str:
    """Answer the legs of an allocation: the credit at its own rate back, the document at its rate, the realised gain.

    A credit note or an overpayment stands on the same receivable or payable: at one rate nothing moves. A prepayment stands
    on the accounts of its lines until it is allocated, and comes off them then (Xero's documents do not spell it out).
    """
    row = rows[0]
    document = _document_of(row, chart, found)
    if document is None:
        return _not_found(row)
    sign = 1 if _is_receivable(row) else -1
    legs = []
    for line in rows:
        for account, part, suffix, tracking in (
            (line["ledger_account_id"], line["net_amount"], "", line["tracking"]),
            ("", line["tax_amount"], ":tax", NO_TRACKING),
        ):
            if part:
                base = sign * in_base(part, row["rate"])
                place = account or chart.account(roles.TAX)
                legs.append(Leg(f"{line['line_id']}{suffix}", place, base, sign * part, tracking))
    control, total = _control(row, chart), row["total"]
    settled = in_base(total, document.rate)
    if not legs:
        credited = in_base(total, row["rate"])
        if credited == settled:
            return []
        legs.append(Leg("credit", control, sign * credited, sign * total))
    legs.append(Leg("settled", control, -sign * settled, -sign * total))
    return _lines(row, _with_gain(legs, chart))


def transfer_legs(rows: list[dict[str, Any]], chart: Chart) -> list[LedgerLine]:
    """Answer the two legs of a bank transfer, converted where it leaves an account in another currency."""
    foreign = not chart.is_base(rows[0]["ledger_account_id"])
    legs = []
    for row in rows:
        moved = row["net_amount"]
        base = in_base(moved, row["rate"]) if foreign else moved
        legs.append(Leg(row["line_id"], row["ledger_account_id"], base, moved, row["tracking"]))
    return _lines(rows[0], legs)


def in_base(amount: Decimal, rate: Decimal) -> Decimal:
    """Divide by the rate and round half-up to cents; Xero's rate is document currency for one unit of base."""
    return amount if rate == ONE else cents(amount / rate)


def _with_gain(legs: list[Leg], chart: Chart) -> list[Leg]:
    gain = -sum((leg.amount for leg in legs), ZERO)
    return [*legs, Leg("gain", chart.account(roles.REALISED), gain, ZERO)] if gain else legs


def _shares(accounts: tuple[tuple[str, Decimal, str], ...], refunded: Decimal) -> list[tuple[str, Decimal, str]]:
    """Answer a prepayment's lines as far as they are refunded; the last one takes what rounding leaves."""
    whole = sum((amount for _, amount, _ in accounts), ZERO)
    shares = [(account, cents(amount * refunded / whole), tracking) for account, amount, tracking in accounts]
    account, amount, tracking = shares[-1]
    shares[-1] = (account, amount + refunded - sum((part for _, part, _ in shares), ZERO), tracking)
    return shares


def _document_of(row: Mapping[str, Any], chart: Chart, found: Found) -> Settled | None:
    known = found.get(row["linked_id"])
    if known is None and row["currency"] == chart.base_currency and entity_settled(row) != "prepayments":
        return Settled(ONE)
    return known


def _by_document(rows: Iterable[Mapping[str, Any]]) -> dict[str, Settled]:
    """Gather staged rows by document; a prepayment's lines come along, net and tax apart (tax without account)."""
    documents: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        documents[row["document_id"]].append(row)
    return {record_id: Settled(lines[0]["rate"], _accounts(lines)) for record_id, lines in documents.items()}


def _accounts(lines: list[Mapping[str, Any]]) -> tuple[tuple[str, Decimal, str], ...]:
    if not lines[0]["subkind"].endswith("PREPAYMENT"):
        return ()
    parts = []
    for line in lines:
        parts.append((line["ledger_account_id"], line["net_amount"], line["tracking"]))
        parts.append(("", line["tax_amount"], NO_TRACKING))
    return tuple(part for part in parts if part[1])


def _fetched(company: XeroCompany, entity: str, ids: list[str]) -> dict[str, Settled]:
    """Ask Xero for documents that no staged period holds."""
    named = next(one for one in POSTING_ENTITIES if one.name == entity)
    if named is PREPAYMENTS:
        rows: list[Any] = [row for page in company.read_ids(named, ids) for row in page.rows]
        return _by_document(row._asdict() for row in rows)
    base = company.company().base_currency
    return {
        document.record_id: Settled(base_rate(document.currency_rate, document.currency_code or base, base))
        for answered in company.by_ids(named, ids)
        for document in answered.page.records
    }


def _is_receivable(row: Mapping[str, Any]) -> bool:
    return str(row["subkind"]).startswith(("ACCREC", "AR", "RECEIVE"))


def _control(row: Mapping[str, Any], chart: Chart) -> str:
    return chart.account(roles.RECEIVABLE if _is_receivable(row) else roles.PAYABLE)


def _lines(row: Mapping[str, Any], legs: Iterable[Leg]) -> list[LedgerLine]:
    """Answer the legs as ledger lines of one record; a leg of 0.00 is none."""
    on = row["document_date"]
    is_receivable, is_transfer = _is_receivable(row), row["subkind"] == "TRANSFER"
    return [
        LedgerLine(
            period=f"{on:%Y-%m}",
            posting_date=on,
            ledger_account_id=leg.account,
            amount=leg.amount,
            document_amount=leg.document_amount,
            currency=row["currency"],
            rate=row["rate"],
            customer_id=row["party_id"] if is_receivable else "",
            vendor_id="" if is_receivable or is_transfer else row["party_id"],
            tracking=leg.tracking,
            kind=row["kind"],
            record_id=row["document_id"],
            line_id=leg.line_id,
            version_hash=row["version_hash"],
        )
        for leg in legs
        if leg.amount
    ]


def _page(records: list[list[dict[str, Any]]], legs_of: LegsOf) -> Page:
    rows: list[LedgerLine] = []
    refused = []
    for record in records:
        legs = legs_of(record)
        if isinstance(legs, str):
            refused.append(RefusedRecord(record[0]["document_id"], legs, b""))
        else:
            rows.extend(legs)
    return Page(rows=rows, read=len(records), refused=refused)


def _not_found(row: Mapping[str, Any]) -> str:
    return f"The {entity_settled(row)} record {row['linked_id']} that it belongs to is not in Xero, so its rate is not known."
