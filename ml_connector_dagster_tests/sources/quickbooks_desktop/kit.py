"""QuickBooks Desktop for the conformance suites."""

from datetime import timedelta
from decimal import Decimal

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
