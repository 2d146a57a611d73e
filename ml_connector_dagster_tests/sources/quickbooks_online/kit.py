"""QuickBooks Online for the conformance suites."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.quickbooks_online.source import SOURCE
from ml_connector_dagster_tests.sources.fake_http import Told
from ml_connector_dagster_tests.sources.quickbooks_online import payloads
from ml_connector_dagster_tests.sources.quickbooks_online.fake_quickbooks import FakeQuickbooks, Posting, journals

XML = (
    '<?xml version="1.0"?><IntuitResponse xmlns="http://schema.intuit.com/finance/v3" time="2026-11-20T01:02:03.456-08:00">'
    '<Fault type="SERVICE"><Error code="003001"><Message>message={0}; errorCode=003001; statusCode=429</Message>'
    "<Detail>{1}</Detail></Error></Fault></IntuitResponse>"
)
GATEWAY = {
    "warnings": None,
    "fault": {"error": [{"message": "message=ApplicationAuthorizationFailed; errorCode=003100", "code": "3100"}]},
    "time": 1700000000000,
}
REFUSALS = {
    "forbidden": Told({"Fault": {"Error": [{"Message": "Not allowed", "code": "3100"}]}}, 403),
    "minute_quota": Told(XML.format("ThrottleExceeded", "The request limit was reached.").encode(), 429),
    "day_quota": Told(XML.format("ThrottleExceeded", "The app's monthly quota of reads is used up.").encode(), 429),
    "unauthorised": Told(GATEWAY, 401),
    "web_page": Told(b"<html><body>Bad gateway</body></html>"),
}


class QuickbooksKit:
    base_currency = "USD"

    def open(self, records):
        by_word = defaultdict(list)
        for name, found in records.items():
            if name != "ledger_lines":
                by_word[SOURCE.entity(name).endpoint.split(",")[0]] += found
        return FakeQuickbooks(by_word, records.get("ledger_lines", ())).open()

    def open_refusing(self, refusal):
        company, http = FakeQuickbooks().open()
        http._answer = lambda asked: REFUSALS[refusal]
        return company, http

    def records(self, entity, period, count):
        if entity == "ledger_lines":
            return journals(period, count)
        return [self._record(entity, period.first_on + timedelta(days=number % 28), number) for number in range(count)]

    def unreadable(self, entity, period):
        if entity == "ledger_lines":
            whole = journals(period, 1)[0]
            return whole._replace(postings=(whole.postings[0], Posting(payloads.CHECKING, Decimal("-10.49"))))
        spoiled = "TxnDate" if SOURCE.entity(entity).date_filter else "Active"
        return self._record(entity, period.first_on, 0) | {spoiled: "soon"}

    def _record(self, entity, day, number):
        word = SOURCE.entity(entity).endpoint.split(",")[0]
        if SOURCE.entity(entity).date_filter:
            return payloads.document(word, day)
        if word == "Account":
            return payloads.account(payloads.new_id())
        return payloads.named(f"{word} {number}")


KIT = QuickbooksKit()

SEPTEMBER, OCTOBER = Period(2026, 9), Period(2026, 10)


def late(vendor, day="2026-10-12", **body):
    """Enter a bill now, dated then; answers its id."""
    return vendor.post("late-document", date=day, amount="123.45", **body)["document"]


def voided(vendor):
    document = late(vendor, type="invoice")
    yield
    vendor.post("void", document=document)
    return {OCTOBER}


def deleted(vendor):
    document = late(vendor)
    yield
    vendor.post("delete", document=document)
    return {OCTOBER}


def recoded(vendor):
    document = late(vendor)
    yield
    vendor.post("recode", document=document, account="12")
    return {OCTOBER}


def moved(vendor):
    document = late(vendor)
    yield
    vendor.post("move-date", document=document, date="2026-09-21")
    return {SEPTEMBER, OCTOBER}


def entered_late(vendor):
    yield
    late(vendor, "2026-09-12")
    return {SEPTEMBER}


def entered_in_euro(vendor):
    yield
    late(vendor, currency="EUR", type="invoice")
    return {OCTOBER}


class QuickbooksBooks:
    demo = "fennimore"
    months = (SEPTEMBER, OCTOBER)
    changes = MappingProxyType(
        {
            "void": voided,
            "delete": deleted,
            "edit_without_stamp": recoded,
            "moved_date": moved,
            "late_document": entered_late,
            "foreign_currency": entered_in_euro,
        }
    )

    def free(self, vendor):
        vendor.post("settings", minute=1_000_000, second=1_000_000)

    def ledger(self, vendor, period):
        span = {"first": str(period.first_on), "last": str(period.last_on)}
        shown = {account: Decimal(amount) for account, amount in vendor.get("ledger", **span)["movement"].items()}
        return {account: amount for account, amount in shown.items() if amount}

    def plant_cent(self, vendor, period):
        return vendor.post("plant", date=str(period.first_on), amount="0.01")["account"]

    def merge(self, vendor):
        loser, survivor = vendor.get("parties")["customers"][:2]
        vendor.post("merge", loser=loser, survivor=survivor)
        return "customers", loser, survivor

    def small_pages(self, monkeypatch, entity):
        monkeypatch.setattr("ml_connector_dagster.sources.quickbooks_online.client.PAGE_SIZE", 10)
        return entity

    def hide(self, vendor, record_id, *, hidden):
        vendor.post("hide", document=record_id, hidden=hidden)

    def spoil(self, vendor, period):
        document = late(vendor, str(period.first_on))
        vendor.post("damage", document=document, fields={"tx_date": "soon"})  # a column of the general ledger
        return lambda: vendor.post("damage", document=document, fields={})

    def forbid(self, vendor):
        vendor.post("settings", may_report=False)
        return lambda: vendor.post("settings", may_report=True)


BOOKS = QuickbooksBooks()
