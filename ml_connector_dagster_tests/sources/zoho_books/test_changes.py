"""What moved since a moment: stamps of the lists, both months of a document that moved, and never a clock of ours."""

from datetime import UTC, date, datetime

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.zoho_books.source import SOURCE
from ml_connector_dagster_tests.sources.staged import StagedInMemory
from ml_connector_dagster_tests.sources.zoho_books import payloads
from ml_connector_dagster_tests.sources.zoho_books.fake_zoho import FakeZoho

SEPTEMBER, OCTOBER = Period(2026, 9), Period(2026, 10)
SINCE = datetime(2026, 10, 10, 8, tzinfo=UTC)
BEFORE, AFTER = "2026-10-09T09:14:55+0100", "2026-10-12T09:14:55+0100"


def changes(staged=None, **records):
    company, http = FakeZoho({"chartofaccounts": [], "contacts": [], **records}).open()
    return company.changes(SINCE, staged or StagedInMemory()), http


def test_nothing_moved_and_the_watermark_stays():
    found, http = changes(invoices=[payloads.invoice(last_modified_time=BEFORE)])
    assert (dict(found.dirty), found.watermark) == ({}, SINCE)
    stamped = [one.params["last_modified_time"] for one in http.asked if "last_modified_time" in one.params]
    assert set(stamped) == {"2026-10-10T07:55:00+0000"}
    assert len(stamped) == 5


def test_a_changed_document_dirties_its_month_and_the_ledgers():
    found, _ = changes(journals=[payloads.journal(last_modified_time=AFTER)])
    assert dict(found.dirty) == {"journals": {OCTOBER}, "account_transactions": {OCTOBER}}
    assert found.watermark == datetime(2026, 10, 12, 8, 14, 55, tzinfo=UTC)


def test_a_moved_document_dirties_the_month_it_left():
    record = payloads.invoice(date(2026, 9, 3))
    company, _ = FakeZoho({"invoices": [record]}).open()
    staged = StagedInMemory()
    staged.stage(SOURCE.entity("invoices"), SEPTEMBER, company.read(SOURCE.entity("invoices"), SEPTEMBER))
    found, _ = changes(staged, invoices=[record | {"date": "2026-10-03", "last_modified_time": AFTER}])
    assert found.dirty["invoices"] == found.dirty["account_transactions"] == {SEPTEMBER, OCTOBER}


def test_an_order_dirties_every_months_end_since_and_no_ledger():
    found, _ = changes(purchaseorders=[payloads.purchase_order(date(2026, 9, 3), last_modified_time=AFTER)])
    assert dict(found.dirty) == {"purchase_orders": {SEPTEMBER}, "commitment_lines": {SEPTEMBER, OCTOBER}}


def test_lists_are_dirty_when_a_contact_or_an_account_changed():
    found, _ = changes(
        contacts=[payloads.contact(last_modified_time=AFTER)],
        chartofaccounts=[payloads.account(last_modified_time=AFTER)],
    )
    assert dict(found.dirty) == {"customers": {OCTOBER}, "ledger_accounts": {OCTOBER}}


def test_what_comes_again_with_a_stamp_that_was_read_is_no_change():
    """The watermark stands at the newest stamp, so its rows are answered each time."""
    records = {
        "invoices": [payloads.invoice(last_modified_time=AFTER)],
        "contacts": [payloads.contact(last_modified_time=AFTER)],
    }
    company, _ = FakeZoho(records).open()
    staged = StagedInMemory()
    for name in ("invoices", "customers"):
        entity = SOURCE.entity(name)
        staged.stage(entity, OCTOBER, company.read(entity, OCTOBER))
    assert dict(changes(staged, **records)[0].dirty) == {}
