"""The reader over real HTTP: permissions, limits, discovery, and changes as a bookkeeper makes them."""

from datetime import UTC, datetime, timedelta

import pytest

from ml_connector_dagster.errors import CredentialRefused, QuotaExhausted, TemporarilyRefused
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster.sources.xero.source import READ_SCOPES, SOURCE, discover_companies
from ml_connector_dagster_tests.sources.staged import StagedInMemory
from ml_connector_dagster_tests.sources.xero.conftest import TODAY
from ml_connector_dagster_tests.sources.xero.sandboxed import IRELAND, UK, consent, control, http_with, opened

OCTOBER = Period(2026, 10)


@pytest.fixture
def company(sandbox, token):
    found = opened(sandbox, UK, token)
    yield found
    found.close()


@pytest.fixture
def spoilable():
    """A sandbox of its own for tests that spoil its limits; its books are never generated."""
    with running(World.new(today=TODAY)) as started:
        yield started


def staged_invoices(company, period=OCTOBER):
    staged = StagedInMemory()
    staged.pull(company, [SOURCE.entity("invoices")], period)
    return staged


def an_invoice(staged, status, period=OCTOBER):
    rows = staged.lines("invoices", period).to_pylist()
    return next(row for row in rows if row["status"] == status and row["amount_due"] == row["total"])["document_id"]


def test_every_check_holds_with_our_scopes(company):
    assert [finding for finding in company.checks() if not finding.holds] == []


def test_discovery_finds_both_trading_entities(sandbox, token):
    http = http_with(token)
    found = discover_companies(http, f"{sandbox.base_url}/xero/api.xro/2.0", {})
    http.close()
    assert [(one.company_id, one.base_currency, one.fiscal_year_end_month) for one in found] == [
        (IRELAND, "EUR", 12),
        (UK, "GBP", 3),
    ]


def test_a_missing_scope_is_refused_and_named_by_the_check():
    with running(World.new(today=TODAY)) as fresh:
        lacking = [scope for scope in READ_SCOPES if scope != "accounting.manualjournals.read"]
        company = opened(fresh, UK, consent(fresh, lacking))
        with pytest.raises(CredentialRefused):
            list(company.read(SOURCE.entity("manual_journals"), OCTOBER))
        failed = [finding.subject for finding in company.checks() if not finding.holds]
        company.close()
    assert failed == ["ManualJournals (accounting.manualjournals.read)"]


def test_a_user_without_the_reporting_role_is_refused_and_not_shown_an_empty_report(spoilable):
    company = opened(spoilable, UK, consent(spoilable))
    control(spoilable, "settings", user_may_report=False)
    with pytest.raises(CredentialRefused, match="reporting role"):
        company.control(OCTOBER)
    company.close()


def test_a_spent_day_says_when_it_opens(spoilable):
    company = opened(spoilable, UK, consent(spoilable))
    control(spoilable, "settings", day=1)
    company.company()
    with pytest.raises(QuotaExhausted) as spent:
        list(company.read(SOURCE.entity("ledger_accounts"), OCTOBER))
    company.close()
    assert timedelta() < spent.value.opens_at - datetime.now(UTC) <= timedelta(hours=24)


def test_a_spent_minute_asks_for_patience(spoilable):
    company = opened(spoilable, UK, consent(spoilable))
    control(spoilable, "settings", minute=1)
    company.company()
    with pytest.raises(TemporarilyRefused) as busy:
        list(company.read(SOURCE.entity("ledger_accounts"), OCTOBER))
    company.close()
    assert 0 < busy.value.retry_after_seconds <= 60


def test_a_voided_invoice_is_seen_in_its_period_and_posts_no_more(company, sandbox):
    staged = staged_invoices(company)
    document = an_invoice(staged, "AUTHORISED")
    since = datetime.now(UTC)
    control(sandbox, "void", tenant="uk", document=document)
    assert OCTOBER in company.changes(since, staged).dirty["invoices"]
    again = staged_invoices(company).lines("invoices", OCTOBER).to_pylist()
    voided = [row for row in again if row["document_id"] == document]
    assert voided
    assert not any(row["posts"] for row in voided)
    assert any(row["net_amount"] for row in voided)


def test_a_moved_date_is_seen_in_both_periods(company, sandbox):
    staged = staged_invoices(company)
    document = an_invoice(staged, "AUTHORISED")
    since = datetime.now(UTC)
    control(sandbox, "move-date", tenant="uk", document=document, date="2026-08-14")
    assert {OCTOBER, Period(2026, 8)} <= company.changes(since, staged).dirty["invoices"]


def test_a_recode_moves_no_stamp_but_the_fingerprint(company, sandbox):
    before = staged_invoices(company)
    document = an_invoice(before, "AUTHORISED")
    control(sandbox, "recode", tenant="uk", document=document, line=0, account="270")

    def marks(staged):
        rows = staged.lines("invoices", OCTOBER).to_pylist()
        return {(row["modified_at"], row["version_hash"]) for row in rows if row["document_id"] == document}

    (stamp, fingerprint), (stamp_now, fingerprint_now) = *marks(before), *marks(staged_invoices(company))
    assert stamp == stamp_now
    assert fingerprint != fingerprint_now


def test_a_damaged_record_is_refused_alone(company, sandbox):
    document = an_invoice(staged_invoices(company), "AUTHORISED")
    control(sandbox, "damage", tenant="uk", document=document, fields={"DateString": "soon"})
    pages = list(company.read(SOURCE.entity("invoices"), OCTOBER))
    assert [one.record_id for page in pages for one in page.refused] == [document]
    assert sum(len(page.rows) for page in pages) > 30
    control(sandbox, "damage", tenant="uk", document=document, fields={})


def test_nothing_changed_since_now(company):
    found = company.changes(datetime.now(UTC) + timedelta(hours=1), StagedInMemory())
    assert found.dirty == {}
