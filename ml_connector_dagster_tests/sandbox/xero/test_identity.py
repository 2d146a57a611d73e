"""Xero's identity service: consent, codes, rotation with grace, revocation, connections."""

import base64
import hashlib
import json

import pytest

from ml_connector_dagster_tests.sandbox.xero.conftest import CLIENT, IDS, READ, REDIRECT

MINUTE = 60


def refresh(xero, token=None, client=CLIENT):
    return xero.token_call(client, grant_type="refresh_token", refresh_token=token or xero.token["refresh_token"])


def advance(xero, seconds):
    xero.running.world.clock.advance(seconds)


def error_of(answer):
    assert answer.status_code == 400
    return answer.json()["error"]


def test_consent_redirects_at_once_with_code_and_state(fresh):
    answer = fresh.authorize(state="kept & safe")
    assert answer["state"] == "kept & safe"
    assert answer["code"]


def test_a_token_lasts_thirty_minutes_and_names_its_scopes(fresh):
    assert fresh.token["expires_in"] == 1800
    assert fresh.token["token_type"] == "Bearer"
    assert set(fresh.token["scope"].split()) == set(READ.split())
    claims = json.loads(base64.urlsafe_b64decode(fresh.token["access_token"].split(".")[1] + "=="))
    assert claims["exp"] - claims["nbf"] == 1800
    assert claims["authentication_event_id"]


def test_a_code_works_once(fresh):
    code = fresh.authorize()["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    assert fresh.token_call(**form).status_code == 200
    assert error_of(fresh.token_call(**form)) == "invalid_grant"


def test_a_code_lives_five_minutes(fresh):
    code = fresh.authorize()["code"]
    advance(fresh, 5 * MINUTE + 1)
    answer = fresh.token_call(grant_type="authorization_code", code=code, redirect_uri=REDIRECT)
    assert error_of(answer) == "invalid_grant"


def test_a_code_is_bound_to_its_redirect(fresh):
    code = fresh.authorize()["code"]
    other = REDIRECT.replace("8701", "8702")
    answer = fresh.token_call(grant_type="authorization_code", code=code, redirect_uri=other)
    assert error_of(answer) == "invalid_grant"


@pytest.mark.parametrize(
    "redirect", ["http://127.0.0.1:8701/connect/callback", "https://elsewhere.example/connect/callback"]
)
def test_an_unregistered_redirect_is_shown_to_the_user_and_never_followed(fresh, redirect):
    query = {"response_type": "code", "client_id": CLIENT[0], "redirect_uri": redirect, "scope": READ}
    answer = fresh.http.get("/xero/identity/connect/authorize", params=query)
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize("scope", ["accounting.transactions", "accounting.reports.read", "accounting.everything", ""])
def test_broad_and_unknown_scopes_are_invalid(fresh, scope):
    assert fresh.authorize(scope)["error"] == "invalid_scope"


def test_a_denied_consent_travels_back_in_the_redirect(fresh):
    fresh.control("settings", denies_consent=True)
    answer = fresh.authorize()
    assert answer["error"] == "access_denied"
    assert answer["state"] == "s"


@pytest.mark.parametrize("client", [(CLIENT[0], "wrong"), ("nobody", CLIENT[1])])
def test_wrong_client_credentials_are_invalid_client(fresh, client):
    assert error_of(refresh(fresh, client=client)) == "invalid_client"


def test_client_credentials_in_the_body_are_as_good_as_a_basic_header(fresh):
    answer = fresh.token_call(
        None,
        grant_type="refresh_token",
        refresh_token=fresh.token["refresh_token"],
        client_id=CLIENT[0],
        client_secret=CLIENT[1],
        scope=READ,
    )
    assert answer.status_code == 200


def test_every_refresh_rotates_the_refresh_token(fresh):
    second = refresh(fresh).json()
    assert second["refresh_token"] != fresh.token["refresh_token"]
    assert second["access_token"] != fresh.token["access_token"]
    assert refresh(fresh, second["refresh_token"]).status_code == 200


def test_a_superseded_refresh_token_still_works_for_thirty_minutes(fresh):
    refresh(fresh)
    advance(fresh, 29 * MINUTE)
    assert refresh(fresh).status_code == 200


def test_a_superseded_refresh_token_is_dead_after_thirty_minutes_and_the_new_one_is_not(fresh):
    second = refresh(fresh).json()["refresh_token"]
    advance(fresh, 30 * MINUTE + 1)
    assert error_of(refresh(fresh)) == "invalid_grant"
    assert refresh(fresh, second).status_code == 200


def test_grace_is_counted_from_the_first_use_not_the_last(fresh):
    refresh(fresh)
    advance(fresh, 20 * MINUTE)
    assert refresh(fresh).status_code == 200
    advance(fresh, 11 * MINUTE)
    assert error_of(refresh(fresh)) == "invalid_grant"


def test_a_refresh_token_dies_after_sixty_days_unused(fresh):
    advance(fresh, 60 * 86_400 + 1)
    assert error_of(refresh(fresh)) == "invalid_grant"


def test_no_refresh_token_comes_without_offline_access(fresh):
    fresh.connect("accounting.settings.read")
    assert "refresh_token" in fresh.token, "scopes of a grant only grow"
    assert "id_token" not in fresh.token


def test_an_unknown_grant_type_is_named(fresh):
    assert error_of(fresh.token_call(grant_type="password")) == "unsupported_grant_type"


def test_pkce_needs_the_verifier_and_no_secret(fresh):
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    public = {"client_id": "sandbox-xero-public"}
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT} | public
    asked = public | {"code_challenge": challenge, "code_challenge_method": "S256"}
    wrong = fresh.token_call(None, code=fresh.authorize(**asked)["code"], code_verifier="w" * 43, **form)
    assert error_of(wrong) == "invalid_grant"
    right = fresh.token_call(None, code=fresh.authorize(**asked)["code"], code_verifier=verifier, **form)
    assert right.status_code == 200
    assert fresh.authorize(**public)["error"] == "invalid_request"


def test_a_custom_connection_has_one_organisation_no_refresh_token_and_needs_no_tenant_header(fresh):
    custom = ("sandbox-xero-custom", "sandbox-xero-custom-secret")
    answer = fresh.token_call(custom, grant_type="client_credentials", scope="accounting.settings.read")
    assert answer.status_code == 200
    assert "refresh_token" not in answer.json()
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}", "Accept": "application/json"}
    found = fresh.http.get("/xero/api.xro/2.0/Organisation", headers=headers)
    assert found.json()["Organisations"][0]["OrganisationID"] == IDS["uk"]


def test_the_web_app_may_not_use_client_credentials(fresh):
    assert error_of(fresh.token_call(grant_type="client_credentials", scope=READ)) == "unauthorized_client"


def test_connections_show_both_organisations_without_a_zone_in_their_stamps(fresh):
    answer = fresh.http.get("/xero/connections", headers=fresh.headers())
    found = answer.json()
    assert {entry["tenantId"] for entry in found} == set(IDS.values())
    assert all(entry["id"] != entry["tenantId"] and entry["tenantType"] == "ORGANISATION" for entry in found)
    assert len(found[0]["createdDateUtc"].partition(".")[2]) == 7
    assert "X-MinLimit-Remaining" not in answer.headers


def test_connections_can_be_narrowed_to_one_consent(fresh):
    fresh.control("settings", offers=["ie"])
    fresh.connect()
    everything = fresh.http.get("/xero/Connections", headers=fresh.headers()).json()
    event = next(entry["authEventId"] for entry in everything if entry["tenantId"] == IDS["ie"])
    found = fresh.http.get("/xero/connections", params={"authEventId": event}, headers=fresh.headers()).json()
    assert [entry["tenantId"] for entry in found] == [IDS["ie"]]
    assert len(everything) == 2


def test_one_organisation_a_consent_when_bulk_connect_is_off(fresh):
    fresh.control("settings", offers=["ie", "uk"])
    fresh.http.post("/xero/connect/revocation", data={"token": fresh.token["refresh_token"]}, auth=CLIENT)
    code = fresh.authorize(acr_values="bulk_connect:false")["code"]
    fresh.token = fresh.token_call(grant_type="authorization_code", code=code, redirect_uri=REDIRECT).json()
    found = fresh.http.get("/xero/connections", headers=fresh.headers()).json()
    assert [entry["tenantId"] for entry in found] == [IDS["ie"]]


def test_disconnecting_takes_the_connections_own_id(fresh):
    connection = fresh.http.get("/xero/connections", headers=fresh.headers()).json()[0]
    wrong = fresh.http.delete(f"/xero/connections/{connection['tenantId']}", headers=fresh.headers())
    assert wrong.status_code == 404
    assert fresh.http.delete(f"/xero/connections/{connection['id']}", headers=fresh.headers()).status_code == 204
    answer = fresh.http.get("/xero/api.xro/2.0/Organisation", headers=fresh.headers())
    assert answer.status_code == 403


def test_revocation_kills_the_grant_with_all_its_connections(fresh):
    answer = fresh.http.post("/xero/connect/revocation", data={"token": fresh.token["refresh_token"]}, auth=CLIENT)
    assert (answer.status_code, answer.content) == (200, b"")
    assert error_of(refresh(fresh)) == "invalid_grant"
    refused = fresh.ask("Organisation")
    assert (refused.status_code, refused.json()["Detail"]) == (401, "AuthorizationUnsuccessful")
    assert fresh.http.get("/xero/connections", headers=fresh.headers()).status_code == 401


def test_revocation_needs_the_client(fresh):
    answer = fresh.http.post("/xero/connect/revocation", data={"token": fresh.token["refresh_token"]}, auth=("x", "y"))
    assert error_of(answer) == "invalid_client"
    assert refresh(fresh).status_code == 200


def test_a_lost_token_answer_leaves_the_old_token_in_grace(fresh):
    """The server rotated, the caller never heard: the very case the 30 minutes are for."""
    from ml_connector_dagster.sandbox.faults import Fault

    fresh.running.world.faults.plant(Fault(kind="answer_lost", vendor="xero", path="connect/token"))
    with pytest.raises(Exception, match=r"disconnected|reset|closed"):
        refresh(fresh)
    assert refresh(fresh).status_code == 200


def test_a_broken_basic_header_is_invalid_client(fresh):
    answer = fresh.http.post(
        "/xero/connect/token", data={"grant_type": "refresh_token"}, headers={"Authorization": "Basic %%%"}
    )
    assert error_of(answer) == "invalid_client"


def test_an_unknown_app_gets_no_consent_page(fresh):
    query = {"response_type": "code", "client_id": "nobody", "redirect_uri": REDIRECT, "scope": READ}
    assert fresh.http.get("/xero/identity/connect/authorize", params=query).status_code == 400


def test_only_the_code_flow_is_offered(fresh):
    assert fresh.authorize(response_type="token")["error"] == "unsupported_response_type"
