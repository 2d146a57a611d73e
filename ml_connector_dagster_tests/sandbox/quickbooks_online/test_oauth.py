"""Intuit's identity service: what quickbooks_online.md 1 says of consent, tokens, rotation and revocation."""

import pytest

from ml_connector_dagster.sandbox.quickbooks_online.company import REALM_ID
from ml_connector_dagster_tests.sandbox.quickbooks_online.conftest import CLIENT, REDIRECT

DAY = 86_400


def advance(caller, seconds):
    caller.http.post("/_control/clock", json={"advance_seconds": seconds}).raise_for_status()


def test_the_realm_is_told_in_the_callback_and_nowhere_else(fresh):
    told = fresh.sent_back(state="abc")
    assert (told["realmId"], told["state"]) == (REALM_ID, "abc")
    answer = fresh.redeem(code=told["code"])
    assert set(answer.json()) == {
        "token_type",
        "access_token",
        "expires_in",
        "refresh_token",
        "x_refresh_token_expires_in",
    }
    assert (answer.json()["expires_in"], answer.json()["x_refresh_token_expires_in"]) == (3600, 8_726_400)


@pytest.mark.parametrize(
    "changed",
    [{"redirect_uri": REDIRECT + "/"}, {"client_id": "other"}, {"state": ""}, {"response_type": "token"}],
)
def test_a_wrong_consent_request_is_shown_and_never_sent_on(fresh, changed):
    answer = fresh.authorize(**changed)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


def test_a_refused_consent_and_a_wrong_scope_come_back_as_errors(fresh):
    assert fresh.sent_back(scope="openid accounting") == {"error": "invalid_scope", "state": "s1"}
    fresh.control("settings", denies_consent=True)
    assert fresh.sent_back() == {"error": "access_denied", "state": "s1"}


def test_a_code_works_once_for_its_own_redirect_address(fresh):
    code = fresh.sent_back()["code"]
    wrong = fresh.token_call(grant_type="authorization_code", code=code, redirect_uri="http://localhost:1/other")
    again = fresh.redeem(code=code)
    assert [answer.json()["error"] for answer in (wrong, again)] == ["invalid_grant", "invalid_grant"]
    assert wrong.status_code == 400


def test_the_client_shows_itself_by_basic_alone(fresh):
    in_body = {"client_id": CLIENT[0], "client_secret": CLIENT[1]}
    for answer in (fresh.refresh(client=None, **in_body), fresh.refresh(client=(CLIENT[0], "wrong"))):
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert fresh.token_call(grant_type="password").json()["error"] == "unsupported_grant_type"
    assert fresh.token_call().json()["error"] == "invalid_request"


def test_the_refresh_token_changes_after_a_day_and_the_older_one_is_dead(fresh):
    first = fresh.token["refresh_token"]
    soon = fresh.refresh()
    assert soon.json()["refresh_token"] == first
    assert soon.json()["access_token"] != fresh.token["access_token"]
    advance(fresh, DAY)
    rotated = fresh.refresh(first).json()["refresh_token"]
    assert rotated != first
    dead = fresh.refresh(first)
    assert (dead.status_code, dead.json()["error"]) == (400, "invalid_grant")
    assert dead.json()["error_description"] == "Incorrect or invalid refresh token"
    assert fresh.refresh(rotated).status_code == 200


def test_the_hard_expiry_is_told_only_to_who_asks_and_ends_the_grant_for_good(fresh):
    asked = fresh.refresh(hard=True).json()
    assert asked["x_refresh_token_hard_expires_in"] == pytest.approx(5 * 365 * DAY, abs=5)
    assert "x_refresh_token_hard_expires_in" not in fresh.refresh().json()
    token = fresh.token["refresh_token"]
    for _ in range(18):
        advance(fresh, 100 * DAY)
        token = fresh.refresh(token).json()["refresh_token"]
    assert fresh.refresh(token, hard=True).json()["x_refresh_token_expires_in"] < 8_726_400
    advance(fresh, 26 * DAY)
    assert fresh.refresh(token).json()["error"] == "invalid_grant"


def test_a_token_unused_for_101_days_is_dead(fresh):
    advance(fresh, 8_726_401)
    assert fresh.refresh().json()["error"] == "invalid_grant"


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_revoking_either_token_ends_both(fresh, kind):
    path = "/quickbooks_online/v2/oauth2/tokens/revoke"
    assert fresh.http.post(path, json={"token": fresh.token[kind]}).status_code == 401
    assert fresh.http.post(path, json={"token": fresh.token[kind]}, auth=CLIENT).status_code == 200
    assert fresh.refresh().json()["error"] == "invalid_grant"
    assert fresh.ask("preferences").status_code == 401


def test_an_incident_refuses_a_good_token_and_a_disconnect_ends_it(fresh):
    fresh.control("settings", incidents=2)
    assert [fresh.refresh().status_code for _ in range(3)] == [400, 400, 200]
    fresh.control("settings", disconnect=True)
    assert fresh.refresh().json()["error"] == "invalid_grant"


def test_an_access_token_lasts_an_hour_and_its_refusal_is_written_in_small_letters(fresh):
    assert fresh.ask("preferences").status_code == 200
    advance(fresh, 3_600)
    answer = fresh.ask("preferences")
    error = answer.json()["fault"]["error"][0]
    assert (answer.status_code, error["code"], answer.json()["fault"]["type"]) == (401, "3200", "AUTHENTICATION")
    assert isinstance(answer.json()["time"], int)
    assert fresh.ask("preferences", headers={"Authorization": ""}).status_code == 401


def test_a_foreign_realm_and_a_token_without_accounting_are_code_3100(fresh):
    assert fresh.ask("preferences", realm="123").json()["Fault"]["Error"][0]["code"] == "3100"
    fresh.token = fresh.redeem(code=fresh.sent_back(scope="openid")["code"]).json()
    answer = fresh.ask("preferences")
    assert (answer.status_code, answer.json()["Fault"]["type"]) == (403, "AuthorizationFault")


@pytest.mark.parametrize("name", ["openid_configuration", "openid_sandbox_configuration/"])
def test_the_discovery_document_names_addresses_that_answer(fresh, name):
    document = fresh.http.get(f"/quickbooks_online/.well-known/{name}").json()
    token = fresh.http.post(document["token_endpoint"], auth=CLIENT)
    assert token.json() == {"error": "invalid_request"}
    assert fresh.http.get(document["authorization_endpoint"]).status_code == 400
    assert fresh.http.post(document["revocation_endpoint"], auth=CLIENT).status_code == 400
