"""FreshBooks for the conformance suites."""

from datetime import timedelta
from decimal import Decimal

from ml_connector_dagster_tests.sources.fake_http import Told
from ml_connector_dagster_tests.sources.freshbooks import payloads
from ml_connector_dagster_tests.sources.freshbooks.fake_freshbooks import FakeFreshBooks

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
