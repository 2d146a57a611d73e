"""Ledger lines from staged documents, by the posting rules of Xero (accounting rules §1, §3).

Each line is rounded half-up to cents of base currency on its own (document amount divided by the document's rate); tax goes
to the GST account; what a total carries beyond lines and tax goes to the ROUNDING account; the receivable, payable or bank
leg is minus the sum of the rounded legs, so a document sums to 0.00 always. A manual journal has no such leg: one that does not
sum to 0.00 is refused whole. A bank transaction of the kind prepayment or overpayment posts once, as a bank transaction.

Documents with lines are posted column by column (they are many); money that moves between two accounts one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml_connector_dagster.ledger.money import cents
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Page, RefusedRecord
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.xero import chart as roles
from ml_connector_dagster.sources.xero.chart import Chart
from ml_connector_dagster.sources.xero.settlements import settlement_pages

if TYPE_CHECKING:
    from ml_connector_dagster.sources.xero.company import XeroCompany

MONEY = pa.decimal128(38, 10)
LINE_ENTITIES = ("invoices", "bills", "credit_notes", "bank_transactions", "manual_journals")
PREPAID_ENTITIES = ("prepayments", "overpayments")
NEGATIVE = ("ACCREC", "ACCPAYCREDIT", "RECEIVE", "RECEIVE-PREPAYMENT", "RECEIVE-OVERPAYMENT")
"""Vendor types whose lines are credits."""
RECEIVABLE_KINDS = ("invoice", "credit_note")
PAYABLE_KINDS = ("bill", "vendor_credit")
TRANSFERS = ("RECEIVE-TRANSFER", "SPEND-TRANSFER")
"""Each bank transfer shows as two bank transactions besides; only the transfer posts."""
READ = (
    "document_id",
    "kind",
    "subkind",
    "document_date",
    "posts",
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
    "version_hash",
)
"""The columns of a document's lines that posting needs."""
ONE = pa.scalar(Decimal(1), MONEY)
NOUGHT = pa.scalar(Decimal(0), MONEY)


class Parties(NamedTuple):
    """Who is a customer and who a vendor, by contact id; some are both."""

    customers: frozenset[str]
    vendors: frozenset[str]


def ledger_pages(company: XeroCompany, period: Period, staged: StagedReader) -> Iterator[Page]:
    """Yield the period's ledger lines, one page for each row group of documents.

    Raises:
        HeldForPerson: An entity was not staged yet.
        RecordRefused: The chart lacks an account that Xero posts to by itself.
    """
    chart = Chart.of(staged.newest("ledger_accounts"), company.company().base_currency)
    parties = Parties(_ids(staged, "customers"), _ids(staged, "vendors"))
    banked: set[str] = set()
    for name in LINE_ENTITIES:
        for batch in staged.batches(name, period, READ):
            posting = batch.filter(batch["posts"])
            if name == "bank_transactions":
                posting = posting.filter(pc.invert(pc.is_in(posting["subkind"], pa.array(TRANSFERS))))
                banked.update(posting["linked_id"].to_pylist())
            if posting.num_rows:
                yield line_page(posting, chart, parties, period)
    for name in PREPAID_ENTITIES:
        for batch in staged.batches(name, period, ["document_id", "posts"]):
            yield _without_bank_transaction(batch, banked)
    yield from settlement_pages(company, chart, period, staged)


def line_page(documents: pa.Table, chart: Chart, parties: Parties, period: Period) -> Page:
    """Post documents with lines; each document's rows are adjacent and all in the table.

    Args:
        documents: DocumentLine rows that post.
        chart: System accounts and bank currencies.
        parties: Who is customer, who vendor.
        period: Written to each line.

    Returns:
        A page whose rows are a table of LedgerLine columns; manual journals that do not balance are refused.
    """
    negative = pc.is_in(documents["subkind"], pa.array(NEGATIVE))
    net = _signed(documents["net_amount"], negative)
    tax = _signed(documents["tax_amount"], negative)
    net_base, tax_base = _in_base(net, documents["rate"]), _in_base(tax, documents["rate"])
    shared = _shared_columns(documents, parties, period)
    totals = _totals(documents["document_id"], net, tax, net_base, tax_base)
    heads = documents.take(totals.starts)
    shared_heads = shared.take(totals.starts)
    tax_account = chart.account(roles.TAX) if pc.any(pc.not_equal(tax, NOUGHT)).as_py() else ""
    legs = [
        _legs(
            shared,
            account=documents["ledger_account_id"],
            amount=net_base,
            document_amount=net,
            line_id=documents["line_id"],
            tracking=documents["tracking"],
        ),
        _legs(
            shared,
            account=tax_account,
            amount=tax_base,
            document_amount=tax,
            line_id=_suffixed(documents["line_id"], ":tax"),
        ),
        *_closing_legs(heads, shared_heads, totals, chart),
    ]
    lines = pa.concat_tables(legs)
    refused = _out_of_balance(heads, totals)
    if refused:
        wrong = pa.array([one.record_id for one in refused])
        lines = lines.filter(pc.invert(pc.is_in(lines["record_id"], wrong)))
    return Page(rows=lines, read=heads.num_rows, refused=refused)


class _Totals(NamedTuple):
    """Per document, in order: the row it starts at, and its signed sums in document and base currency."""

    starts: pa.Array
    document: pa.ChunkedArray
    base: pa.ChunkedArray


def _totals(ids: pa.ChunkedArray, net: Any, tax: Any, net_base: Any, tax_base: Any) -> _Totals:
    table = pa.table(
        {
            "id": ids,
            "row": pa.array(np.arange(len(ids))),
            "document": pc.add(_narrow(net), _narrow(tax)),
            "base": pc.add(_narrow(net_base), _narrow(tax_base)),
        }
    )
    grouped = table.group_by("id", use_threads=False).aggregate([("row", "min"), ("document", "sum"), ("base", "sum")])
    return _Totals(
        grouped["row_min"].combine_chunks(), grouped["document_sum"].cast(MONEY), grouped["base_sum"].cast(MONEY)
    )


def _closing_legs(heads: pa.Table, shared: pa.Table, totals: _Totals, chart: Chart) -> Iterator[pa.Table]:
    """Yield the rounding leg and the receivable, payable or bank leg of each document; journals have neither."""
    negative = pc.is_in(heads["subkind"], pa.array(NEGATIVE))
    has_leg = pc.not_equal(heads["kind"], "journal")
    beyond = _minus(_signed(heads["total"], negative), totals.document)
    beyond = pc.if_else(has_leg, beyond, NOUGHT)
    beyond_base = _in_base(beyond, heads["rate"])
    if pc.any(pc.not_equal(beyond, NOUGHT)).as_py():
        rounding = chart.account(roles.ROUNDING)
        yield _legs(shared, account=rounding, amount=beyond_base, document_amount=beyond, line_id="rounding")
    closing = pc.if_else(has_leg, pc.negate(_plus(totals.base, beyond_base)), NOUGHT)
    closing_document = pc.if_else(has_leg, pc.negate(_plus(totals.document, beyond)), NOUGHT)
    account = _closing_account(heads, chart)
    yield _legs(shared, account=account, amount=closing, document_amount=closing_document, line_id="total")


def _closing_account(heads: pa.Table, chart: Chart) -> pa.ChunkedArray:
    receivable = pc.is_in(heads["kind"], pa.array(RECEIVABLE_KINDS))
    payable = pc.is_in(heads["kind"], pa.array(PAYABLE_KINDS))
    account = heads["bank_account_id"]
    if pc.any(receivable).as_py():
        account = pc.if_else(receivable, chart.account(roles.RECEIVABLE), account)
    if pc.any(payable).as_py():
        account = pc.if_else(payable, chart.account(roles.PAYABLE), account)
    return account


def _out_of_balance(heads: pa.Table, totals: _Totals) -> list[RefusedRecord]:
    wrong = pc.and_(pc.equal(heads["kind"], "journal"), pc.not_equal(totals.base, NOUGHT))
    out = heads.append_column("sum", totals.base).filter(wrong)
    return [
        RefusedRecord(record_id, f"The manual journal is out of balance by {amount:.2f}: a document sums to 0.00.", b"")
        for record_id, amount in zip(out["document_id"].to_pylist(), out["sum"].to_pylist(), strict=True)
    ]


def _without_bank_transaction(batch: pa.Table, banked: set[str]) -> Page:
    """Refuse prepayments and overpayments whose bank transaction was not read: their bank account is not known."""
    ids = sorted(set(batch.filter(batch["posts"])["document_id"].to_pylist()) - banked)
    reason = "No bank transaction of the period shows this money, so the account it moved through is not known."
    return Page(rows=[], read=len(ids), refused=[RefusedRecord(record_id, reason, b"") for record_id in ids])


def _shared_columns(documents: pa.Table, parties: Parties, period: Period) -> pa.Table:
    """Answer what every leg of a document repeats, row by row."""
    customer, vendor = _sides(documents, parties)
    count = documents.num_rows
    return pa.table(
        {
            "period": pa.repeat(str(period), count),
            "posting_date": documents["document_date"],
            "currency": documents["currency"],
            "rate": documents["rate"],
            "customer_id": customer,
            "vendor_id": vendor,
            "kind": documents["kind"],
            "record_id": documents["document_id"],
            "version_hash": documents["version_hash"],
        }
    )


def _sides(documents: pa.Table, parties: Parties) -> tuple[Any, Any]:
    """Answer the customer and the vendor column.

    A bank transaction may be with anybody: received money belongs to a customer, spent money to a vendor, unless the
    contact is known on the other side alone (a vendor's refund).
    """
    kind, party = documents["kind"], documents["party_id"]
    receives = pc.starts_with(documents["subkind"], "RECEIVE")
    is_customer = pc.is_in(party, pa.array(sorted(parties.customers), pa.string()))
    is_vendor = pc.is_in(party, pa.array(sorted(parties.vendors), pa.string()))
    banked = pc.equal(kind, "bank_transaction")
    by_customer = pc.if_else(receives, pc.or_(is_customer, pc.invert(is_vendor)), pc.and_not(is_customer, is_vendor))
    customer = pc.if_else(banked, by_customer, pc.is_in(kind, pa.array(RECEIVABLE_KINDS)))
    vendor = pc.if_else(banked, pc.invert(by_customer), pc.is_in(kind, pa.array(PAYABLE_KINDS)))
    return pc.if_else(customer, party, ""), pc.if_else(vendor, party, "")


def _legs(
    shared: pa.Table, *, account: Any, amount: Any, document_amount: Any, line_id: Any, tracking: Any = "{}"
) -> pa.Table:
    """Answer one leg for each row, in LedgerLine's column order; legs of 0.00 are left out."""
    count = shared.num_rows
    table = pa.table(
        {
            "period": shared["period"],
            "posting_date": shared["posting_date"],
            "ledger_account_id": pa.repeat(account, count) if isinstance(account, str) else account,
            "amount": amount,
            "document_amount": document_amount,
            "currency": shared["currency"],
            "rate": shared["rate"],
            "customer_id": shared["customer_id"],
            "vendor_id": shared["vendor_id"],
            "tracking": pa.repeat(tracking, count) if isinstance(tracking, str) else tracking,
            "kind": shared["kind"],
            "record_id": shared["record_id"],
            "line_id": pa.repeat(line_id, count) if isinstance(line_id, str) else line_id,
            "version_hash": shared["version_hash"],
        }
    )
    stands = pc.not_equal(table["amount"], NOUGHT)
    return table if pc.all(stands).as_py() else table.filter(stands)


def _in_base(amounts: Any, rates: Any) -> Any:
    """Divide by each row's rate and round half-up to cents; Xero's rate is document currency for one unit of base."""
    foreign = pc.not_equal(rates, ONE)
    if not pc.any(foreign).as_py():
        return amounts
    column = amounts.combine_chunks() if isinstance(amounts, pa.ChunkedArray) else amounts
    mask = foreign.combine_chunks()
    pairs = zip(column.filter(mask).to_pylist(), rates.filter(foreign).to_pylist(), strict=True)
    converted = pa.array([cents(amount / rate) for amount, rate in pairs], MONEY)
    return pa.chunked_array([pc.replace_with_mask(column, mask, converted)])


def _signed(amounts: Any, negative: Any) -> Any:
    return pc.if_else(negative, pc.negate(amounts), amounts)


def _narrow(amounts: Any) -> Any:
    """Leave room for the digit that an addition may carry."""
    return pc.cast(amounts, pa.decimal128(30, 10))


def _plus(left: Any, right: Any) -> Any:
    return pc.cast(pc.add(_narrow(left), _narrow(right)), MONEY)


def _minus(left: Any, right: Any) -> Any:
    return pc.cast(pc.subtract(_narrow(left), _narrow(right)), MONEY)


def _suffixed(ids: Any, suffix: str) -> Any:
    return pc.binary_join_element_wise(ids, suffix, "")


def _ids(staged: StagedReader, entity: str) -> frozenset[str]:
    return frozenset(staged.newest(entity)["party_id"].to_pylist())
