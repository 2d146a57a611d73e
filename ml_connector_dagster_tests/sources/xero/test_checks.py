from ml_connector_dagster_tests.sources.fake_http import Told
from ml_connector_dagster_tests.sources.xero.fake_xero import FakeXero
from ml_connector_dagster_tests.sources.xero.test_reports import report


class _AnyDay(dict):
    def __getitem__(self, day):
        return report({"a": 5, "b": -5})


def checked(xero):
    xero.reports = _AnyDay()
    return {finding.subject: finding for finding in xero.open()[0].checks()}


def test_every_permission_holds_on_a_healthy_consent():
    findings = checked(FakeXero())
    assert all(finding.holds for finding in findings.values())
    assert findings["consent reaches the organisation"].says == "Boatyard Books is one of 2 connected."
    assert "GBP" in findings["organisation"].says
    assert findings["TrialBalance (accounting.reports.trialbalance.read)"].says.startswith("2 accounts")


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


def test_a_count_is_shown_where_xero_gives_one():
    assert checked(FakeXero())["Contacts (accounting.contacts.read)"].says == "3 records."
