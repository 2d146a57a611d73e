"""Zoho Books for the conformance suites."""

from collections import defaultdict
from datetime import timedelta
from types import MappingProxyType

from ml_connector_dagster.sources.zoho_books.entities import ENTITIES
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
from ml_connector_dagster_tests.sources.zoho_books import payloads
from ml_connector_dagster_tests.sources.zoho_books.fake_zoho import FakeZoho

ENDPOINTS = {entity.name: entity.endpoint.split(", ")[0] for entity in ENTITIES} | {
    "account_transactions": "chartofaccounts/transactions"
}
POSTED = {"invoices": "invoice_id", "bills": "bill_id", "credit_notes": "creditnote_id", "journals": "journal_id"}
REFUSALS = {
    "forbidden": Told({"code": 57, "message": "You are not authorized to perform this operation"}, 401),
    "minute_quota": Told({"code": 44, "message": "Too many"}, 429),
    "day_quota": Told(
        {"code": 45, "message": "Zu viele"}, 429, {"X-Rate-Limit-Limit": "1000", "X-Rate-Limit-Reset": "38663"}
    ),
    "unauthorised": Told({"code": 14, "message": "Invalid token"}, 401),
    "web_page": Told(b"<html><body>Bad gateway</body></html>"),
}


class ZohoKit:
    base_currency = "GBP"

    def open(self, records):
        by_path = defaultdict(list)
        for entity, found in records.items():
            if entity == "account_transactions":
                by_path[ENDPOINTS[entity]] += [row for rows in found for row in rows]
            else:
                by_path[ENDPOINTS[entity]] += found
            for record in found if entity in POSTED else ():
                by_path["chartofaccounts/transactions"] += posting_of(record, POSTED[entity])
        if by_path.get("chartofaccounts/transactions") and "ledger_accounts" not in records:
            by_path["chartofaccounts"] = [payloads.account(one) for one in (payloads.RECEIVABLE, payloads.SALES)]
        return FakeZoho(dict(by_path)).open()

    def open_refusing(self, refusal):
        company, http = FakeZoho().open()
        http._answer = lambda asked: REFUSALS[refusal]
        return company, http

    def records(self, entity, period, count):
        return [self._record(entity, period.first_on + timedelta(days=number % 28)) for number in range(count)]

    def unreadable(self, entity, period):
        record = self._record(entity, period.first_on)
        match entity:
            case "account_transactions":
                return [row | {"debit_amount": "soon"} for row in record]
            case "tracking":
                return record | {"tag_options": [{"tag_option_name": "nameless"}]}
            case "ledger_accounts" | "customers" | "vendors":
                return record | {"last_modified_time": "soon"}
            case "customer_payments":
                return record | {"payment_status": "soon"}
        return record | {"status": "soon"}

    def _record(self, entity, day):
        match entity:
            case "ledger_accounts":
                return payloads.account(payloads.new_id())
            case "customers" | "vendors":
                return payloads.contact(payloads.new_id(), entity.removesuffix("s"))
            case "tracking":
                return payloads.tag(payloads.new_id(), tag_id=payloads.new_id())
            case "items":
                return {"item_id": payloads.new_id(), "name": "Cushion", "status": "active"}
            case "account_transactions":
                return payloads.transaction(day)
            case "customer_payments":
                return payloads.payment(on=day)
            case "vendor_payments":
                return payloads.payment("vendor_id", payloads.VENDOR, day)
            case "commitment_lines":
                return payloads.purchase_order(day)
        return getattr(payloads, entity.removesuffix("s"))(day)


def posting_of(record, id_field):
    """What the document posts: enough for a ledger that knows of it."""
    amount = record["total"]
    return payloads.transaction(
        record.get("date") or record["journal_date"],
        {payloads.RECEIVABLE: amount, payloads.SALES: -amount},
        transaction_id=record[id_field],
    )


KIT = ZohoKit()
TRADE_SHOWS = "6050"
"""Code of an expense account that late documents do not use."""


class ZohoBooks(ControlledBooks):
    system = "zoho_books"
    demo = "marlow_home"
    changes = MappingProxyType(
        {
            "void": voided(),
            "delete": deleted(),
            "edit_without_stamp": recoded(TRADE_SHOWS),
            "moved_date": moved,
            "late_document": entered_late,
            "foreign_currency": entered_in("USD", type="invoice"),
        }
    )

    def free(self, vendor):
        vendor.post("settings", minute=1_000_000, day=1_000_000)

    def plant_cent(self, vendor, period):
        return super().plant_cent(vendor, period, account=TRADE_SHOWS)

    def spoil(self, vendor, period):
        document = late(vendor, str(period.first_on))
        return self.damaged(vendor, document, feed=True, fields={"transaction_type": ""})

    def forbid(self, vendor):
        return self.set_for_now(vendor, {"forbidden": ["accountants"]}, {"forbidden": []})


BOOKS = ZohoBooks()
