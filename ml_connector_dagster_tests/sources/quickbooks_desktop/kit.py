"""QuickBooks Desktop for the conformance suites."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

import pytest

from ml_connector_dagster.sandbox.quickbooks_desktop.processor import Processor
from ml_connector_dagster.sources.quickbooks_desktop import calls, requests
from ml_connector_dagster_tests.sources.control_routes import (
    ControlledBooks,
    deleted,
    entered_late,
    late,
    moved,
    recoded,
    voided,
)
from ml_connector_dagster_tests.sources.in_sandbox import NotApplicable
from ml_connector_dagster_tests.sources.quickbooks_desktop import payloads
from ml_connector_dagster_tests.sources.quickbooks_desktop.desk import opened
from ml_connector_dagster_tests.sources.quickbooks_desktop.fake_file import DOCUMENTS, LISTS, FakeFile
from ml_connector_dagster_tests.sources.quickbooks_desktop.payloads import Posting

NO_PERMISSION = (3260, "Insufficient permission level to perform this action.")


class DesktopKit:
    base_currency = "USD"

    def open(self, records):
        return opened(FakeFile(records))

    def open_refusing(self, refusal):
        assert refusal == "forbidden", f"{refusal} cannot happen here: nobody is asked over HTTP"
        reader, desk = opened(FakeFile())
        desk.file.refusal = NO_PERMISSION
        return reader, desk

    def records(self, entity, period, count):
        return [self._record(entity, period.first_on + timedelta(days=number % 28), number) for number in range(count)]

    def unreadable(self, entity, period):
        if entity == "ledger_lines":
            rent, bank = Posting(payloads.RENT, Decimal("10.50")), Posting(payloads.BANK, Decimal("-10.49"))
            return payloads.journal(period.first_on, rent, bank)
        if entity in DOCUMENTS:
            return payloads.document(entity, "soon")
        return self._named(entity, "Spoilt", IsActive="soon")

    def _record(self, entity, day, number):
        if entity == "ledger_lines":
            return payloads.journal(day, *_rent(Decimal(number + 1)))
        if entity in DOCUMENTS:
            return payloads.document(entity, day)
        return self._named(entity, f"{LISTS[entity]} {number}")

    def _named(self, entity, name, **changed):
        if entity == "ledger_accounts":
            return payloads.account(name, **changed)
        return payloads.named(LISTS[entity], name, **changed)


def _rent(amount: Decimal) -> tuple[Posting, Posting]:
    return Posting(payloads.RENT, amount), Posting(payloads.BANK, -amount)


KIT = DesktopKit()


class DesktopBooks(ControlledBooks):
    system = "quickbooks_desktop"
    demo = "brackenridge"
    changes = MappingProxyType(
        {
            "void": voided(type="invoice"),
            "delete": deleted(),
            "edit_without_stamp": recoded("6500"),
            "moved_date": moved,
            "late_document": entered_late,
            "foreign_currency": NotApplicable("The company file has one currency, so no document is in another."),
        }
    )
    tokens = NotApplicable("Nobody consents: the Web Connector shows a password of which we keep the hash alone.")
    busy = NotApplicable("QuickBooks answers or its session dies; the fault plans of the Web Connector try every call.")
    asks = (Processor, "process")

    def free(self, vendor):
        """QuickBooks counts no calls."""

    def small_pages(self, monkeypatch, entity):
        monkeypatch.setitem(requests.READS, entity.name, replace(requests.read_named(entity.name), page_size=10))
        return entity

    def spoil(self, vendor, period):
        return self.damaged(vendor, late(vendor, str(period.first_on)), fields={"Date": "soon"})

    def forbid(self, vendor):
        """What QuickBooks refuses pauses the company file; here for no time, and the next session lifts it."""
        patched = pytest.MonkeyPatch()
        patched.setattr(calls, "PAUSE", timedelta(0))
        allow = self.set_for_now(vendor, {"may_report": False}, {"may_report": True})

        def give_back():
            allow()
            vendor.post("web-connector/cycle")
            patched.undo()

        return give_back


BOOKS = DesktopBooks()
