"""Zoho Books for the conformance suites."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.zoho_books.entities import ENTITIES
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

SEPTEMBER, OCTOBER = Period(2026, 9), Period(2026, 10)
TRADE_SHOWS = "6050"
"""Code of an expense account that late documents do not use."""


def late(vendor, day="2026-10-12", **body):
    """Enter a bill now, dated then; answers its id."""
    return vendor.post("late-document", **{"date": day, "amount": "123.45", "type": "bill"} | body)["document"]


def voided(vendor):
    document = late(vendor)
    yield
    vendor.post("void", document=document)
    return {OCTOBER}


def deleted(vendor):
    document = late(vendor)
    yield
    vendor.post("delete", document=document)
    return {OCTOBER}


def moved(vendor):
    document = late(vendor)
    yield
    vendor.post("move-date", document=document, date="2026-09-21")
    return {SEPTEMBER, OCTOBER}


def recoded(vendor):
    document = late(vendor)
    yield
    vendor.post("recode", document=document, account=TRADE_SHOWS)
    return {OCTOBER}


def entered_late(vendor):
    yield
    late(vendor, "2026-09-12")
    return {SEPTEMBER}


def entered_in_dollars(vendor):
    yield
    late(vendor, currency="USD", type="invoice")
    return {OCTOBER}


class ZohoBooks:
    demo = "marlow_home"
    months = (SEPTEMBER, OCTOBER)
    changes = MappingProxyType(
        {
            "void": voided,
            "delete": deleted,
            "edit_without_stamp": recoded,
            "moved_date": moved,
            "late_document": entered_late,
            "foreign_currency": entered_in_dollars,
        }
    )

    def free(self, vendor):
        vendor.post("settings", minute=1_000_000, day=1_000_000)

    def ledger(self, vendor, period):
        span = {"first": str(period.first_on), "last": str(period.last_on)}
        shown = vendor.get("ledger", **span)["movement"]
        return {account: Decimal(amount) for account, amount in shown.items() if Decimal(amount)}

    def plant_cent(self, vendor, period):
        return vendor.post("plant", account=TRADE_SHOWS, date=str(period.first_on), amount="0.01")["account"]

    def merge(self, vendor):
        loser, survivor = vendor.get("parties")["customers"][:2]
        vendor.post("merge", loser=loser, survivor=survivor)
        return "customers", loser, survivor

    def small_pages(self, monkeypatch, entity):
        monkeypatch.setattr("ml_connector_dagster.sources.zoho_books.client.PAGE_SIZE", 10)
        return entity

    def hide(self, vendor, record_id, *, hidden):
        vendor.post("hide", document=record_id, hidden=hidden)

    def spoil(self, vendor, period):
        document = late(vendor, str(period.first_on))
        vendor.post("damage", document=document, feed=True, fields={"transaction_type": ""})
        return lambda: vendor.post("damage", document=document, feed=True, fields={})

    def forbid(self, vendor):
        vendor.post("settings", forbidden=["accountants"])
        return lambda: vendor.post("settings", forbidden=[])


BOOKS = ZohoBooks()
