from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from ml_connector_dagster.errors import CredentialRefused, TemporarilyRefused
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster.sources.freshbooks.source import SOURCE, discover_companies
from ml_connector_dagster_tests.sources.freshbooks.conftest import TODAY
from ml_connector_dagster_tests.sources.freshbooks.read import pulled, read
from ml_connector_dagster_tests.sources.freshbooks.sandboxed import consent, control, http_with, opened

OCTOBER = Period(2026, 10)


@pytest.fixture
def company(sandbox, token):
    found = opened(sandbox, token)
    yield found
    found.close()


@pytest.fixture
def spoilable():
    """A sandbox of its own for tests that spoil its plan or limits."""
    with running(World.new(today=TODAY)) as started:
        yield started


def test_every_check_holds_with_our_scopes_and_other_currencies_are_said_aloud(company):
    found = list(company.checks())
    assert [one for one in found if not one.holds] == []
    assert any("Books in other currencies stand beside" in one.says for one in found)


def test_discovery_finds_both_businesses(sandbox, token):
    http = http_with(token)
    found = discover_companies(http, f"{sandbox.base_url}/freshbooks", {})
    http.close()
    assert [(one.company_id, one.base_currency) for one in found] == [("LnL8k2", "USD"), ("Qv7Rm1", "USD")]


def test_expenses_find_their_vendor_by_name_and_bills_by_what_their_entry_shows(company):
    """The feed names no bill, so day, currency, total and number must; every bill's cost stands under its own vendor."""
    staged = pulled(company)
    lines = staged.lines("ledger_lines", OCTOBER).to_pylist()
    vendors = set(staged.newest("vendors")["party_id"].to_pylist())
    assert {one["vendor_id"] for one in lines if one["kind"] == "expense"} & vendors
    owed = Counter()
    for one in lines:
        if one["kind"] == "bill" and one["document_amount"] > 0:
            owed[one["vendor_id"]] += one["document_amount"]
    billed = Counter()
    for one in {row["document_id"]: row for row in staged.lines("bills", OCTOBER).to_pylist() if row["posts"]}.values():
        billed[one["party_id"]] += one["total"]
    assert owed == billed
    counted = [page.unknown_fields for page in company.derive(SOURCE.entity("ledger_lines"), OCTOBER, staged)]
    paid_elsewhere = {one["record_id"] for one in lines if one["kind"] == "expense" and not one["vendor_id"]}
    assert counted[0]["Unassigned vendor"] == len(paid_elsewhere) > 0


def test_changes_see_a_moved_date_in_both_months_and_a_deletion_that_moves_no_stamp(company, sandbox):
    staged, vendor = pulled(company), control(sandbox)
    since = datetime.now(UTC) + timedelta(days=3_650)
    assert seen(company, since, staged) == {}
    expense = staged.lines("expenses", OCTOBER)["document_id"][0].as_py()
    vendor.post("delete", document=expense)
    assert seen(company, since, staged) == {"expenses": {OCTOBER}, "journal_entries": {OCTOBER}}
    vendor.post("undelete", document=expense)
    bill = staged.lines("bills", OCTOBER)["document_id"][0].as_py()
    vendor.post("move-date", document=bill, date="2026-08-08")
    assert {OCTOBER, Period(2026, 8)} <= company.changes(since, staged).dirty["bills"]


def seen(company, since, staged):
    """What changed in the month that was read; others are not noted before they are."""
    dirty = company.changes(since, staged).dirty
    return {name: periods & {OCTOBER} for name, periods in dirty.items() if OCTOBER in periods}


def test_a_lesser_plan_posts_documents_and_says_so(spoilable):
    vendor, company = control(spoilable), opened(spoilable, consent(spoilable))
    vendor.post("settings", plan="plus")
    staged = pulled(company)
    assert staged.lines("journal_entries", OCTOBER)["status"].to_pylist() == ["no_ledger"]
    kinds = set(staged.lines("ledger_lines", OCTOBER)["kind"].to_pylist())
    refused = staged.refused["ledger_lines", OCTOBER]
    assert "payment" in kinds
    assert refused
    assert any("made from documents" in one.says for one in company.checks())
    assert company.residuals(OCTOBER, staged)["unreported"]
    company.close()


def test_a_missing_scope_is_refused_and_named_by_the_check(spoilable):
    vendor, company = control(spoilable), opened(spoilable, consent(spoilable))
    vendor.post("settings", withheld=["user:bills:read"])
    with pytest.raises(CredentialRefused, match="user:bills:read"):
        read(company, "bills")
    assert [one.subject for one in company.checks() if not one.holds] == ["bills (user:bills:read, account_id)"]
    company.close()


def test_a_spent_minute_asks_for_patience(spoilable):
    vendor, company = control(spoilable), opened(spoilable, consent(spoilable))
    vendor.post("settings", burst=1)
    with pytest.raises(TemporarilyRefused) as busy:
        read(company, "vendors")
    company.close()
    assert 0 < busy.value.retry_after_seconds <= 61


@pytest.mark.parametrize(
    "fault", [{"kind": "html", "status": 200}, {"kind": "truncate"}, {"kind": "drop"}, {"status": 502}]
)
def test_an_ill_answer_is_no_empty_list(company, sandbox, fault):
    control(sandbox).plant(path="bill_vendors", **fault)
    with pytest.raises(TemporarilyRefused):
        read(company, "vendors")
    assert len(read(company, "vendors")[0]) > 5
