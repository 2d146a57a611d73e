from datetime import UTC, datetime

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster_tests.sources.fake_http import Told
from ml_connector_dagster_tests.sources.xero.fake_xero import FakeXero
from ml_connector_dagster_tests.sources.xero.payloads import account_id
from ml_connector_dagster_tests.sources.xero.test_reports import report

SALES, FEES = account_id("sales"), account_id("fees")
THIS_MONTH = Period.of(datetime.now(UTC).date())


class _Reports(dict):
    """Sales of 5 and fees of 5 since the fiscal year began, all of it in the last whole month; the result as given."""

    def __missing__(self, day):
        if day == "BankSummary" or " " in day:
            return {"Reports": [{"Rows": []}]}
        moved = day >= THIS_MONTH.previous().last_on.isoformat()
        return report({SALES: -5, FEES: 5} if moved else {SALES: 0, FEES: 0})


def checked(xero, result=None):
    xero.organisation["FinancialYearEndMonth"] = THIS_MONTH.shift(-4).month
    xero.reports = _Reports(result=report(result or {SALES: 5, FEES: 5}, result=True))
    return {finding.subject: finding for finding in xero.open()[0].checks()}


def test_every_permission_holds_on_a_healthy_consent():
    findings = checked(FakeXero())
    assert all(finding.holds for finding in findings.values())
    assert findings["consent reaches the organisation"].says == "Boatyard Books is one of 2 connected."
    assert "GBP" in findings["organisation"].says
    assert findings["TrialBalance (accounting.reports.trialbalance.read)"].says.startswith("2 accounts")
    assert "2 accounts of" in findings[RESULT].says


RESULT = "ProfitAndLoss (accounting.reports.profitandloss.read)"


def test_a_movement_that_profit_and_loss_does_not_confirm_is_a_finding():
    finding = checked(FakeXero(), {SALES: 5, FEES: 4})[RESULT]
    assert not finding.holds
    assert (
        f"1 of 2 accounts differ between profit and loss and trial balance of {THIS_MONTH.previous()}" in finding.says
    )
    assert FEES in finding.says


def test_a_profit_and_loss_of_another_shape_is_a_finding():
    xero = FakeXero()
    xero.instead["Reports"] = Told({"Reports": []})
    assert "shape that is not known" in checked(xero)[RESULT].says


def test_a_missing_scope_is_one_finding_and_the_others_hold():
    xero = FakeXero()
    xero.instead["ManualJournals"] = Told({"Detail": "AuthorizationUnsuccessful"}, 401)
    failed = [subject for subject, finding in checked(xero).items() if not finding.holds]
    assert failed == ["ManualJournals (accounting.manualjournals.read)"]


def test_a_consent_for_another_organisation_names_those_it_reaches():
    xero = FakeXero()
    xero.connections = [{"tenantId": "other", "tenantName": "Other Ltd", "tenantType": "ORGANISATION"}]
    finding = checked(xero)["consent reaches the organisation"]
    assert not finding.holds
    assert "Other Ltd (other)" in finding.says


def test_a_consent_for_nothing_says_none():
    xero = FakeXero()
    xero.connections = []
    assert "It reaches: none." in checked(xero)["consent reaches the organisation"].says


def test_a_lock_date_is_shown():
    assert "locked up to 2026-09-30" in checked(FakeXero(PeriodLockDate="2026-09-30T00:00:00"))["organisation"].says


def test_a_fiscal_year_that_ends_within_a_month_is_a_finding():
    """Xero lets a year end on any day; a month's movement is the difference of two balances of one fiscal year."""
    finding = checked(FakeXero(FinancialYearEndDay=5))["organisation"]
    assert not finding.holds
    assert "ends on day 5" in finding.says


def test_a_count_is_shown_where_xero_gives_one():
    assert checked(FakeXero())["Contacts (accounting.contacts.read)"].says == "3 records."
