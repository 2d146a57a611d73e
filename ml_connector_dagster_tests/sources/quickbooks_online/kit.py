"""QuickBooks Online for the conformance suites."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

from ml_connector_dagster.sources.quickbooks_online.source import SOURCE
from ml_connector_dagster_tests.sources.control_routes import (
    ControlledBooks,
    deleted,
    entered_in,
    entered_late,
    late,
    moved,
    recoded,
    voided,
)
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


class QuickbooksBooks(ControlledBooks):
    system = "quickbooks_online"
    demo = "fennimore"
    changes = MappingProxyType(
        {
            "void": voided(type="invoice"),
            "delete": deleted(),
            "edit_without_stamp": recoded("12"),
            "moved_date": moved,
            "late_document": entered_late,
            "foreign_currency": entered_in("EUR", type="invoice"),
        }
    )

    def free(self, vendor):
        vendor.post("settings", per_minute=1_000_000, per_second=1_000_000)

    def spoil(self, vendor, period):
        document = late(vendor, str(period.first_on))
        return self.damaged(vendor, document, fields={"tx_date": "soon"})  # a column of the general ledger

    def forbid(self, vendor):
        return self.set_for_now(vendor, {"may_report": False}, {"may_report": True})


BOOKS = QuickbooksBooks()
