"""Zoho's postings with what documents know of them: customer or vendor, reporting tags, location and project.

The amounts are the ledger's, always. A document only says how the amount that stands on one of its accounts is shared out over
tags, and only where its lines on that account add up to that amount; else the posting keeps none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.ledger.money import CENT, ZERO, cents
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import LedgerLine
from ml_connector_dagster.ledger.version_hash import version_hash
from ml_connector_dagster.sources.contract.answers import Page
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.zoho_books.entities import ACCOUNT_TRANSACTIONS, POSTING_ENTITIES, VENDORS
from ml_connector_dagster.sources.zoho_books.reading import NO_TRACKING

if TYPE_CHECKING:
    import pyarrow as pa

LINES_A_PAGE = 5000
_COLUMNS = ("document_id", "party_id", "rate", "ledger_account_id", "net_amount", "tracking", "posts")
_VENDORS_SIDE = frozenset({"bills", "vendor_credits", "vendor_payments"})
Split = list[tuple[str, Decimal]]
"""(tracking, base amount as the document prints it) of the document's lines on one account."""


@dataclass(slots=True)
class Behind:
    """What a document knows of its postings."""

    entity: str
    party_id: str
    splits: dict[str, Split] = field(default_factory=lambda: defaultdict(list))


def ledger_pages(period: Period, staged: StagedReader) -> Iterator[Page]:
    """Yield the ledger lines of the period, some thousand a page, each transaction whole; no call is made."""
    behind = {key: value for entity in POSTING_ENTITIES for key, value in _documents(entity.name, period, staged)}
    vendors = frozenset(staged.newest(VENDORS.name)["party_id"].to_pylist())
    rows: list[LedgerLine] = []
    read = 0
    for record_id, lines in groupby(_postings(period, staged), key=lambda line: line.record_id):
        rows += joined(list(lines), behind.get(record_id), vendors)
        read += 1
        if len(rows) >= LINES_A_PAGE:
            yield Page(rows=rows, read=read)
            rows, read = [], 0
    yield Page(rows=rows, read=read)


def joined(lines: list[LedgerLine], behind: Behind | None, vendors: frozenset[str]) -> list[LedgerLine]:
    """Answer the postings of one transaction with party and tracking; their sums per account stay as they are."""
    whole = [_with_party(line, behind, vendors) for line in lines]
    if behind is None or not any(tracking != NO_TRACKING for split in behind.splits.values() for tracking, _ in split):
        return whole
    by_account: dict[str, list[LedgerLine]] = defaultdict(list)
    for line in whole:
        by_account[line.ledger_account_id].append(line)
    return [line for account, own in by_account.items() for line in _shared_out(own, behind.splits.get(account, []))]


def _shared_out(lines: list[LedgerLine], split: Split) -> list[LedgerLine]:
    """Share the amount on one account over the tags of the document's lines there."""
    shares: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for tracking, amount in split:
        shares[tracking] += amount
    if not shares:
        return lines
    if len(shares) == 1:
        return [_tagged(line, next(iter(shares))) for line in lines]
    total, printed = sum((line.amount for line in lines), ZERO), sum(shares.values(), ZERO)
    sign = 1 if abs(total - printed) <= abs(total + printed) else -1
    if not total or abs(total - sign * printed) > CENT * len(split):
        return lines
    return list(_portions(lines, total, {tracking: sign * amount for tracking, amount in shares.items()}))


def _portions(lines: list[LedgerLine], total: Decimal, shares: dict[str, Decimal]) -> Iterator[LedgerLine]:
    """Yield one line a tag; the last takes the cent that rounding left."""
    own = sum((line.document_amount for line in lines), ZERO)
    left, own_left = total, own
    for number, (tracking, share) in enumerate(shares.items(), 1):
        is_last = number == len(shares)
        amount = left if is_last else cents(share)
        document_amount = own_left if is_last else cents(own * share / total)
        left, own_left = left - amount, own_left - document_amount
        line_id = f"{lines[0].ledger_account_id}:{number}"
        portion = lines[0]._replace(amount=amount, document_amount=document_amount, line_id=line_id)
        yield _tagged(portion, tracking)


def _tagged(line: LedgerLine, tracking: str) -> LedgerLine:
    version = version_hash(line.version_hash, tracking, line.amount, line.vendor_id)
    return line._replace(tracking=tracking, version_hash=version)


def _with_party(line: LedgerLine, behind: Behind | None, vendors: frozenset[str]) -> LedgerLine:
    """Zoho names every contact ``customer_id`` in its ledger; the document, or the list of vendors, tells which kind it is."""
    party = (behind.party_id if behind and behind.party_id else "") or line.customer_id
    named_vendor = behind is not None and (behind.entity in _VENDORS_SIDE)
    if named_vendor or party in vendors:
        return line._replace(customer_id="", vendor_id=line.vendor_id or party)
    return line._replace(customer_id=party)


def _documents(entity: str, period: Period, staged: StagedReader) -> Iterator[tuple[str, Behind]]:
    found: dict[str, Behind] = {}
    for table in staged.batches(entity, period, _COLUMNS):
        for document_id, party, rate, account, net, tracking, does_post in _tuples(table):
            if does_post:
                known = found.setdefault(document_id, Behind(entity, party if entity != "journals" else ""))
                if account:
                    known.splits[account].append((tracking, cents(net * rate)))
    return iter(found.items())


def _postings(period: Period, staged: StagedReader) -> Iterator[LedgerLine]:
    for table in staged.batches(ACCOUNT_TRANSACTIONS.name, period, LedgerLine._fields):
        yield from (LedgerLine._make(values) for values in _tuples(table))


def _tuples(table: pa.Table) -> Iterable[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)
