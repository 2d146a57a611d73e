"""Ledger lines from the staged entries: amounts as posted, parties by the documents that posted them.

An entry names its client itself. Its vendor is found through its document: an expense's by name among the bill vendors, a
bill's by id where the entry carries one. FreshBooks' feed carries none, so a bill is known by day, currency, total and the number
in the entry's name; where these fit bills of several vendors, or none, the line has no vendor and is counted as "Unassigned
vendor". Books in another currency than the company's are books of their own, without a rate: such a line carries its document
amount and 0.00 in base currency.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Page
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.freshbooks.context import NO_RATE
from ml_connector_dagster.sources.freshbooks.fields import NO_TRACKING

MONEY = pa.decimal128(38, 10)
UNASSIGNED = "Unassigned vendor"
BOUGHT = ("expense", "bill", "bill_payment")
"""Nouns whose lines have a vendor."""
LOOK = ("document_date", "currency", "total")
Look = tuple[Any, ...]
"""What a bill and its entry have in common: the values of ``LOOK``."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Vendor and project of the documents that post in a period, by noun and id."""

    vendors: Mapping[tuple[str, str], str]
    tracking: Mapping[tuple[str, str], str]
    bills: Mapping[Look, Sequence[tuple[str, str]]]
    """Number and vendor of each bill, by what its entry shows of it."""

    @classmethod
    def of(cls, period: Period, staged: StagedReader) -> Sides:
        """Read the documents of the period; bills that payments settle are found wherever they stand."""
        named = _by_name(staged.newest("vendors"))
        vendors, tracking = {}, {}
        for row in _rows(staged, "expenses", period, ["document_id", "number", "tracking"]):
            vendors["expense", row["document_id"]] = named.get(row["number"].casefold(), "")
            tracking["expense", row["document_id"]] = row["tracking"]
        bills: dict[Look, list[tuple[str, str]]] = defaultdict(list)
        for document, number, vendor, *look in _bills(period, staged):
            vendors["bill", document] = vendor
            bills[*look].append((number, vendor))
        paid = {
            row["document_id"]: row["linked_id"]
            for row in _rows(staged, "bill_payments", period, ["document_id", "linked_id"])
        }
        settled = staged.find("bills", sorted(set(paid.values()))).select(["document_id", "party_id"]).to_pylist()
        of_bill = {row["document_id"]: row["party_id"] for row in settled}
        vendors |= {("bill_payment", payment): of_bill.get(bill, "") for payment, bill in paid.items()}
        return cls(vendors, tracking, bills)

    def vendor(self, noun: str, source_id: str, look: Look, name: str) -> str:
        """Answer the vendor of an entry; empty where it has none or none is known for certain."""
        if noun != "bill" or source_id:
            return self.vendors.get((noun, source_id), "")
        fits = {vendor for number, vendor in self.bills.get(look, ()) if f" {number} " in f" {name} " or not number}
        return fits.pop() if len(fits) == 1 else ""


def ledger_pages(period: Period, staged: StagedReader) -> Iterator[Page]:
    """Yield the period's ledger lines, one page for each row group of entries.

    Raises:
        HeldForPerson: An entity was not staged yet.
    """
    sides = Sides.of(period, staged)
    for batch in staged.batches("journal_entries", period):
        posting = batch.filter(batch["posts"])
        if posting.num_rows:
            yield line_page(posting, sides, period)


def line_page(entries: pa.Table, sides: Sides, period: Period) -> Page:
    """Post entries whose rows are all in the table; lines of 0.00 are left out."""
    posted_by = list(zip(entries["subkind"].to_pylist(), entries["linked_id"].to_pylist(), strict=True))
    looks = zip(*(entries[name].to_pylist() for name in LOOK), strict=True)
    named = zip(posted_by, looks, entries["number"].to_pylist(), strict=True)
    vendors = [sides.vendor(*key, look, name) for key, look, name in named]
    heads = dict(zip(entries["document_id"].to_pylist(), zip(posted_by, vendors, strict=True), strict=True))
    unassigned = sum(1 for (noun, _), vendor in heads.values() if noun in BOUGHT and not vendor)
    is_base = pc.not_equal(entries["rate"], pa.scalar(NO_RATE, MONEY))
    lines = pa.table(
        {
            "period": pa.repeat(str(period), entries.num_rows),
            "posting_date": entries["document_date"],
            "ledger_account_id": entries["ledger_account_id"],
            "amount": pc.if_else(is_base, entries["net_amount"], pa.scalar(NO_RATE, MONEY)),
            "document_amount": entries["net_amount"],
            "currency": entries["currency"],
            "rate": entries["rate"],
            "customer_id": entries["party_id"],
            "vendor_id": pa.array(vendors, pa.string()),
            "tracking": pa.array([sides.tracking.get(key, NO_TRACKING) for key in posted_by], pa.string()),
            "kind": entries["kind"],
            "record_id": entries["document_id"],
            "line_id": entries["line_id"],
            "version_hash": entries["version_hash"],
        }
    )
    counted = {UNASSIGNED: unassigned} if unassigned else {}
    for currency in set(entries.filter(pc.invert(is_base))["currency"].to_pylist()):
        counted[f"Books in {currency}, no rate"] = pc.sum(pc.equal(entries["currency"], currency)).as_py()
    rows = lines.filter(pc.not_equal(lines["document_amount"], pa.scalar(NO_RATE, MONEY)))
    return Page(rows=rows, read=len(heads), unknown_fields=counted)


def _by_name(vendors: pa.Table) -> dict[str, str]:
    """Answer vendors by name in lower case; a name that two share is nobody's."""
    found: dict[str, str] = {}
    for vendor, name in zip(vendors["party_id"].to_pylist(), vendors["name"].to_pylist(), strict=True):
        key = name.strip().casefold()
        found[key] = "" if key in found else vendor
    return found


def _bills(period: Period, staged: StagedReader) -> Iterator[tuple[Any, ...]]:
    """Yield id, number, vendor and look of each bill that posts, once."""
    names = ["document_id", "number", "party_id", *LOOK]
    seen: set[str] = set()
    for row in _rows(staged, "bills", period, [*names, "posts"]):
        if row["posts"] and row["document_id"] not in seen:
            seen.add(row["document_id"])
            yield tuple(row[name] for name in names)


def _rows(staged: StagedReader, entity: str, period: Period, columns: list[str]) -> Iterator[dict[str, Any]]:
    for batch in staged.batches(entity, period, columns):
        yield from batch.to_pylist()
