"""FreshBooks for the conformance suites."""

from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

from ml_connector_dagster_tests.sources.control_routes import (
    OCTOBER,
    ControlledBooks,
    deleted,
    entered_late,
    late,
    moved,
    span_of,
)
from ml_connector_dagster_tests.sources.fake_http import Told
from ml_connector_dagster_tests.sources.freshbooks import payloads
from ml_connector_dagster_tests.sources.freshbooks.fake_freshbooks import FakeFreshBooks
from ml_connector_dagster_tests.sources.in_sandbox import NotApplicable

SCOPES = {"code": 7, "message": "Requires scope user:invoices:read, has user:profile:read.", "details": []}
REFUSALS = {
    "forbidden": Told({"response": {"errors": [{"errno": 1038, "message": "Access denied.", "object": "role"}]}}, 403),
    "minute_quota": Told(b"slow down", 429, {"Retry-After": "7"}),
    "day_quota": Told(b"", 429, {"Retry-After": "66975"}),
    "unauthorised": Told(SCOPES, 403),
    "web_page": Told(b"<html><body>Bad gateway</body></html>"),
}
POSTED = {
    "invoices": ("receivable", "sales", "amount", "create_date", "invoiceid", "id"),
    "payments": ("cash", "receivable", "amount", "date", "paymentid", "id"),
    "expenses": ("rent", "cash", "amount", "date", "expenseid", "id"),
    "bills": ("ads", "payable", "total_amount", "issue_date", "billid", "id"),
    "bill_payments": ("payable", "cash", "amount", "paid_date", "bill_paymentid", "id"),
    "credit_notes": ("sales", "credit", "amount", "create_date", "creditid", "creditid"),
    "other_income": ("cash", "sales", "amount", "date", "incomeid", "incomeid"),
}
SPOILED = {
    "ledger_accounts": {"updated_at": "soon"},
    "customers": {"updated": "soon"},
    "tracking": {"title": ""},
}


class FreshBooksKit:
    base_currency = "USD"

    def open(self, records):
        """Documents post entries, as they do at FreshBooks; entries given stand beside."""
        found = {name: list(given) for name, given in records.items() if name != "journal_entries"}
        entries = [detail for entry in records.get("journal_entries", ()) for detail in entry]
        for name, given in found.items():
            if name in POSTED:
                entries += [detail for one in given for detail in _entry(name, one)]
        return FakeFreshBooks(found | {"journal_entries": entries}).open()

    def open_refusing(self, refusal):
        company, http = FakeFreshBooks().open()
        http._answer = lambda asked: REFUSALS[refusal]
        return company, http

    def records(self, entity, period, count):
        return [_record(entity, period.first_on + timedelta(days=number % 28)) for number in range(count)]

    def unreadable(self, entity, period):
        record = _record(entity, period.first_on)
        if entity == "journal_entries":
            return [record[0] | {"debit": "soon"}, record[1]]
        return record | SPOILED.get(entity, {"vis_state": 9})


def _record(entity, day):
    match entity:
        case "ledger_accounts":
            return payloads.account("sales", uuid=f"u-{payloads.number()}")
        case "customers":
            return payloads.client()
        case "vendors":
            return payloads.vendor()
        case "tracking":
            return payloads.project()
        case "journal_entries":
            return payloads.entry(day)
        case "other_income":
            return payloads.other_income(day)
    return getattr(payloads, entity.removesuffix("s"))(day)


def _entry(name, record):
    debit, credit, amount, day, link, identifier = POSTED[name]
    whole = Decimal(record[amount]["amount"])
    return payloads.entry(record[day], whole, debit=debit, credit=credit, **{link: record[identifier]})


KIT = FreshBooksKit()


def feed_recoded(vendor):
    """An invoice shows no account, so neither it nor its stamp tells; the feed does."""
    document = late(vendor, type="invoice")
    yield
    income = next(iter(income_of(vendor, OCTOBER)))
    vendor.post("recode", document=document, account=income)
    return {OCTOBER}


def income_of(vendor, period):
    """Accounts that an invoice of another kind of work moves, beside the late one's own."""
    late_one = late(vendor, "2019-05-05", type="invoice")
    moved_by_it = set(vendor.get("ledger", first="2019-05-01", last="2019-05-31")["movement"])
    vendor.post("delete", document=late_one)
    return sorted(account for account in BOOKS.ledger(vendor, period) if account not in moved_by_it)


def entered_in_canadian_dollars(vendor):
    """Its own books move, and the company's do not: FreshBooks never adds two currencies up."""
    late(vendor, currency="CAD")
    yield
    before = by_currency(vendor)
    late(vendor, currency="CAD")
    assert by_currency(vendor)["CAD"] != before["CAD"]
    assert by_currency(vendor)["USD"] == before["USD"]
    return set()


def by_currency(vendor):
    return vendor.get("ledger", **span_of(OCTOBER))["by_currency"]


class FreshBooksBooks(ControlledBooks):
    system = "freshbooks"
    demo = "lantern_loom"
    changes = MappingProxyType(
        {
            "void": NotApplicable(
                "FreshBooks knows no void: a document is deleted (vis_state 1) or archived, which posts."
            ),
            "delete": deleted(type="expense"),
            "edit_without_stamp": feed_recoded,
            "moved_date": moved,
            "late_document": entered_late,
            "foreign_currency": entered_in_canadian_dollars,
        }
    )
    merge = NotApplicable(
        "FreshBooks merges no clients and no vendors: its API has no such call and no record names a survivor."
    )

    def free(self, vendor):
        vendor.post("settings", reads=1_000_000, writes=1_000_000)

    def spoil(self, vendor, period):
        document = late(vendor, str(period.first_on))
        (row, *_) = vendor.get("details", document=document)["details"]
        return self.damaged(vendor, row, fields={"debit": "soon"})

    def forbid(self, vendor):
        return self.set_for_now(vendor, {"withheld": ["user:journal_entries:read"]}, {"withheld": []})


BOOKS = FreshBooksBooks()
