"""The reader over real HTTP: the change feed, an ill QuickBooks, reports that are too large, and a permission taken away."""

from datetime import UTC, datetime, timedelta

import pytest

from ml_connector_dagster.errors import CredentialRefused
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES
from ml_connector_dagster.sources.quickbooks_online.source import SOURCE

SEPTEMBER, OCTOBER = Period(2026, 9), Period(2026, 10)
LINES = SOURCE.entity(LEDGER_LINES)
pytestmark = pytest.mark.xdist_group("quickbooks_in_sandbox")


def read_lines(company):
    rows = [row for page in company.connection.reader().read(LINES, OCTOBER) for row in page.rows]
    return sorted((row.record_id, row.ledger_account_id, row.amount, row.tracking, row.customer_id) for row in rows)


def test_a_report_that_is_too_large_is_halved_to_the_same_lines(company):
    whole, calls = read_lines(company), company.connection.source_calls
    company.vendor.post("settings", report_cells=len(whole) * 5)
    try:
        assert read_lines(company) == whole
    finally:
        company.vendor.post("settings", report_cells=400_000)
    assert company.connection.source_calls > calls + 2


def test_an_ill_quickbooks_is_asked_again(company):
    whole = read_lines(company)
    company.vendor.post("settings", gateway_timeouts=1, empty_reports=1)
    assert read_lines(company) == whole
    company.vendor.post("settings", faults_inside=1)
    assert company.connection.reader().api.query("SELECT * FROM Invoice MAXRESULTS 1").body["QueryResponse"]


@pytest.mark.parametrize("code", ["3100", "5020"])
def test_a_consent_that_may_not_is_refused_and_never_empty(company, code):
    company.vendor.post("settings", refuses=code)
    try:
        with pytest.raises(CredentialRefused, match=code):
            read_lines(company)
    finally:
        company.vendor.post("settings", refuses="")


def test_the_change_feed_tells_of_late_moved_and_deleted_documents(company):
    company.read(SEPTEMBER, OCTOBER)
    late = company.vendor.post("late-document", date="2026-09-03", amount="10.00")["document"]
    moved = company.vendor.post("late-document", date="2026-10-04", amount="20.00", type="invoice")["document"]
    company.read(SEPTEMBER, OCTOBER)
    since = datetime.now(UTC)
    company.vendor.post("move-date", document=moved, date="2026-09-05")
    company.vendor.post("delete", document=late)
    found = company.connection.reader().changes(since, company.staged)
    assert found.dirty["bills"] == {SEPTEMBER}
    assert found.dirty["invoices"] == found.dirty[LEDGER_LINES] == {SEPTEMBER, OCTOBER}
    assert abs(found.watermark - since) < timedelta(minutes=2)
