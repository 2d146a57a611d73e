"""The gate: tokens, organisations, scopes, tiers, limits and the shapes of refusals."""

import threading

import pytest

from ml_connector_dagster.sandbox.faults import Fault
from ml_connector_dagster_tests.sandbox.xero.conftest import IDS


def test_an_expired_token_is_told_so(fresh):
    fresh.running.world.clock.advance(1801)
    answer = fresh.ask("Organisation")
    assert answer.status_code == 401
    assert answer.json()["Detail"].startswith("TokenExpired: token expired at ")
    assert answer.json()["Title"] == "Unauthorized"


@pytest.mark.parametrize("header", ["Bearer nonsense", "Basic abc", ""])
def test_an_unknown_token_is_refused(xero, header):
    answer = xero.ask("Organisation", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["Detail"] == "AuthenticationUnsuccessful"


@pytest.mark.parametrize("tenant", ["", "00000000-0000-4000-8000-000000000000", "not-an-id"])
def test_a_missing_or_foreign_organisation_is_forbidden(xero, tenant):
    answer = xero.ask("Organisation", headers={"xero-tenant-id": tenant})
    assert answer.status_code == 403
    assert answer.json()["Title"] == "Forbidden"


def test_the_tenant_header_is_read_in_any_case(xero):
    assert xero.ask("Organisation", headers={"xero-tenant-id": IDS["uk"].upper()}).status_code == 200


def test_a_missing_scope_is_unsuccessful_authorization_and_not_an_expired_token(fresh):
    fresh.connect("offline_access accounting.settings.read")
    fresh.http.post(
        "/xero/connect/revocation",
        data={"token": fresh.token["refresh_token"]},
        auth=("sandbox-xero-client", "sandbox-xero-secret"),
    )
    fresh.connect("offline_access accounting.settings.read")
    answer = fresh.ask("Invoices", page=1)
    assert answer.status_code == 401
    assert answer.json()["Detail"] == "AuthorizationUnsuccessful"
    assert "insufficient_scope" in answer.headers["WWW-Authenticate"]
    assert fresh.ask("Organisation").status_code == 200


def test_reading_scopes_do_not_write(fresh):
    fresh.http.post(
        "/xero/connect/revocation",
        data={"token": fresh.token["refresh_token"]},
        auth=("sandbox-xero-client", "sandbox-xero-secret"),
    )
    fresh.connect("accounting.manualjournals.read")
    assert fresh.ask("ManualJournals", page=1).status_code == 200
    assert fresh.write({"Narration": "x"}).status_code == 401


def test_each_report_has_a_scope_of_its_own(fresh):
    fresh.http.post(
        "/xero/connect/revocation",
        data={"token": fresh.token["refresh_token"]},
        auth=("sandbox-xero-client", "sandbox-xero-secret"),
    )
    fresh.connect("accounting.reports.trialbalance.read")
    assert fresh.ask("Reports/TrialBalance").status_code == 200
    assert fresh.ask("Reports/ProfitAndLoss").status_code == 401


def test_a_user_without_the_reporting_role_is_refused_in_plain_text(fresh):
    fresh.control("settings", user_may_report=False)
    answer = fresh.ask("Reports/TrialBalance")
    assert answer.status_code == 403
    assert "reporting role" in answer.text
    assert fresh.ask("ManualJournals", page=1).status_code == 403
    assert fresh.ask("Invoices", page=1).status_code == 200
    actions = fresh.get("Organisation/Actions")["Actions"]
    assert {action["Status"] for action in actions} == {"NOT-ALLOWED"}


def test_journals_are_for_the_advanced_tier(fresh):
    refused = fresh.ask("Journals")
    assert refused.status_code == 401
    assert refused.json()["Detail"] == "AuthorizationUnsuccessful"
    fresh.control("settings", tier="advanced")
    assert fresh.ask("Journals").status_code == 200


def test_xml_is_the_default_and_json_only_for_who_asks(xero):
    answer = xero.ask("Accounts", headers={"Accept": "*/*"})
    assert answer.headers["content-type"].startswith("text/xml")
    assert answer.text.startswith("<Response")
    assert "<Account><AccountID>" in answer.text
    assert xero.ask("Accounts").headers["content-type"] == "application/json; charset=utf-8"


def test_what_does_not_exist_is_plain_text_in_an_html_coat(xero):
    for path in ("Nothing", "Invoices/00000000-0000-4000-8000-000000000000", "Journals/x/y"):
        answer = xero.ask(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.text == "The resource you're looking for cannot be found"


def test_the_correlation_id_is_the_bodys_id(xero):
    answer = xero.ask("Organisation")
    assert answer.headers["Xero-Correlation-Id"] == answer.json()["Id"]


def test_remaining_calls_count_down_in_the_headers(fresh):
    answers = [fresh.ask("Organisation") for _ in range(3)]
    assert [answer.headers["X-MinLimit-Remaining"] for answer in answers] == ["59", "58", "57"]
    assert [answer.headers["X-DayLimit-Remaining"] for answer in answers] == ["4999", "4998", "4997"]
    assert answers[0].headers["X-AppMinLimit-Remaining"] == "9999"


def test_a_tenant_has_limits_of_its_own(fresh):
    fresh.ask("Organisation")
    assert fresh.ask("Organisation", tenant="ie").headers["X-MinLimit-Remaining"] == "59"


def test_the_sixty_first_call_of_a_minute_is_refused_until_the_window_turns(fresh):
    fresh.control("settings", minute=3)
    answers = [fresh.ask("Organisation") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].headers["X-Rate-Limit-Problem"] == "minute"
    seconds = int(answers[3].headers["Retry-After"])
    assert 1 <= seconds <= 60
    fresh.running.world.clock.advance(seconds)
    assert fresh.ask("Organisation").status_code == 200


def test_a_spent_day_says_how_many_hours_to_wait(fresh):
    fresh.control("settings", day=2)
    answers = [fresh.ask("Organisation") for _ in range(3)]
    assert answers[2].status_code == 429
    assert answers[2].headers["X-Rate-Limit-Problem"] == "day"
    assert answers[2].headers["X-DayLimit-Remaining"] == "0"
    seconds = int(answers[2].headers["Retry-After"])
    assert 60 < seconds <= 86_400
    fresh.running.world.clock.advance(seconds)
    fresh.connect()
    assert fresh.ask("Organisation").status_code == 200


def test_refused_calls_count_too(fresh):
    fresh.control("settings", day=5, minute=1)
    for _ in range(5):
        fresh.ask("Organisation")
    assert fresh.ask("Organisation").headers["X-Rate-Limit-Problem"] == "day"


def test_the_starter_tier_has_a_thousand_calls_a_day(fresh):
    fresh.control("settings", tier="starter")
    assert fresh.ask("Organisation").headers["X-DayLimit-Remaining"] == "999"


def test_the_apps_own_minute_covers_all_tenants(fresh):
    fresh.control("settings", app_minute=2)
    assert fresh.ask("Organisation").status_code == 200
    assert fresh.ask("Organisation", tenant="ie").status_code == 200
    answer = fresh.ask("Organisation")
    assert (answer.status_code, answer.headers["X-Rate-Limit-Problem"]) == (429, "appminute")


def test_five_calls_may_be_in_flight_and_the_sixth_is_refused_without_a_time(fresh):
    fresh.ask("Organisation")
    fresh.control("settings", latency_seconds=0.3)
    answers = []

    def call():
        answers.append(fresh.ask("Organisation"))

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 1
    assert refused[0].headers["X-Rate-Limit-Problem"] == "concurrent"
    assert "Retry-After" not in refused[0].headers


def test_an_offline_organisation_is_unavailable(fresh):
    fresh.control("settings", offline=True)
    answer = fresh.ask("Organisation")
    assert answer.status_code == 503
    assert "offline" in answer.text


def test_planted_faults_reach_xero_as_any_vendor(fresh):
    fresh.running.world.faults.plant(Fault(kind="html", vendor="xero", path="Organisation", status=502))
    answer = fresh.ask("Organisation")
    assert answer.status_code == 502
    assert answer.text.startswith("<html>")
    assert fresh.ask("Organisation").status_code == 200


def test_calls_are_counted_by_endpoint_and_organisation(fresh):
    fresh.ask("Organisation")
    fresh.ask("Invoices", page=1, tenant="ie")
    fresh.ask("Invoices/00000000-0000-4000-8000-000000000000", tenant="ie")
    calls = fresh.question("calls")["calls"]
    assert calls[f"GET Organisation {IDS['uk']}"] == 1
    assert calls[f"GET Invoices {IDS['ie']}"] == 2
    fresh.control("settings", forget_calls=True)
    assert fresh.question("calls")["calls"] == {}
