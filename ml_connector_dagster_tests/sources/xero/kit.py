"""Xero for the conformance suites."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

from ml_connector_dagster_tests.sources.control_routes import (
    OCTOBER,
    ControlledBooks,
    entered_in,
    entered_late,
    late,
    moved,
    movement_of,
    recoded,
    span_of,
    voided,
)
from ml_connector_dagster_tests.sources.fake_http import Told
from ml_connector_dagster_tests.sources.xero import payloads
from ml_connector_dagster_tests.sources.xero.fake_xero import FakeXero

ENDPOINTS = {
    "ledger_accounts": "Accounts",
    "customers": "Contacts",
    "vendors": "Contacts",
    "tracking": "TrackingCategories",
    "invoices": "Invoices",
    "bills": "Invoices",
    "credit_notes": "CreditNotes",
    "payments": "Payments",
    "prepayments": "Prepayments",
    "overpayments": "Overpayments",
    "allocations": "Prepayments",
    "bank_transactions": "BankTransactions",
    "bank_transfers": "BankTransfers",
    "manual_journals": "ManualJournals",
}
REFUSALS = {
    "forbidden": Told({"Title": "Forbidden", "Status": 403, "Detail": "AuthenticationUnsuccessful"}, 403),
    "minute_quota": Told(b"", 429, {"X-Rate-Limit-Problem": "minute", "Retry-After": "7"}),
    "day_quota": Told(b"", 429, {"X-Rate-Limit-Problem": "day", "Retry-After": "66975"}),
    "unauthorised": Told({"Status": 401, "Detail": "AuthorizationUnsuccessful"}, 401),
    "web_page": Told(b"<html><body>Bad gateway</body></html>"),
}


class XeroKit:
    base_currency = "GBP"

    def open(self, records):
        by_endpoint = defaultdict(list)
        for entity, found in records.items():
            by_endpoint[ENDPOINTS[entity]] += found
        return FakeXero(dict(by_endpoint)).open()

    def open_refusing(self, refusal):
        company, http = FakeXero().open()
        http._answer = lambda asked: REFUSALS[refusal]
        return company, http

    def records(self, entity, period, count):
        return [self._record(entity, period.first_on + timedelta(days=number % 28), number) for number in range(count)]

    def unreadable(self, entity, period):
        record = self._record(entity, period.first_on, 0)
        spoiled = {"ledger_accounts": "UpdatedDateUTC", "tracking": "Options", "allocations": "Status"}
        spoiled |= dict.fromkeys(("customers", "vendors"), "UpdatedDateUTC")
        return record | {spoiled.get(entity, "Status"): "soon"}

    def _record(self, entity, day, number):
        written = {"DateString": f"{day}T00:00:00", "Date": payloads.slashed(day)}
        match entity:
            case "ledger_accounts":
                return payloads.account("sales", AccountID=payloads.new_id())
            case "customers" | "vendors":
                return payloads.contact(payloads.new_id(), f"Contact {number}")
            case "tracking":
                option = {"TrackingOptionID": payloads.new_id(), "Name": f"Option {number}", "Status": "ACTIVE"}
                return payloads.category(TrackingCategoryID=payloads.new_id(), Options=[option])
            case "allocations":
                given = [payloads.allocation(day, 120, payloads.invoice())]
                return payloads.prepayment(day, Allocations=given, UpdatedDateUTC=payloads.slashed(day))
            case "payments" | "manual_journals":
                make = payloads.payment if entity == "payments" else payloads.journal
                return make(day)
        make = {"bank_transfers": payloads.transfer}.get(entity) or getattr(payloads, entity.removesuffix("s"))
        return make(day) | written


KIT = XeroKit()


def payment_deleted(vendor):
    yield
    vendor.post("delete-payment", payment=vendor.get("payments", **span_of(OCTOBER))["payments"][0])
    return {OCTOBER}


class XeroBooks(ControlledBooks):
    system = "xero"
    demo = "calder_uk"
    company = MappingProxyType({"tenant": "uk"})
    changes = MappingProxyType(
        {
            "void": voided(),
            "delete": payment_deleted,
            "edit_without_stamp": recoded("469", line=0),
            "moved_date": moved,
            "late_document": entered_late,
            "foreign_currency": entered_in("USD"),
        }
    )

    def free(self, vendor):
        vendor.post("settings", minute=1_000_000, day=1_000_000, app_minute=1_000_000)

    def ledger(self, vendor, period):
        shown = Counter(movement_of(vendor.get("balances", **span_of(period))["movement"]))
        for line in vendor.get("unshown", **span_of(period))["lines"]:
            shown[line["account"]] -= Decimal(line["amount"])
        return {account: amount for account, amount in shown.items() if amount}

    def plant_cent(self, vendor, period):
        return super().plant_cent(vendor, period, account="469")

    def merge(self, vendor):
        loser, survivor = vendor.get("customers")["customers"][:2]
        vendor.post("merge-contacts", loser=loser, survivor=survivor)
        return "customers", loser, survivor

    def small_pages(self, monkeypatch, entity):
        return replace(entity, page_size=10)

    def spoil(self, vendor, period):
        return self.damaged(vendor, late(vendor, str(period.first_on)), fields={"Status": "SOON"})

    def forbid(self, vendor):
        return self.set_for_now(vendor, {"user_may_report": False}, {"user_may_report": True})


BOOKS = XeroBooks()
