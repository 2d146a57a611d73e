"""Consent, codes and tokens: eight data centres that do not know each other, and the limits on making tokens."""

import pytest

from ml_connector_dagster.sandbox.zoho_books.places import PLACES
from ml_connector_dagster_tests.sandbox.zoho_books.conftest import CLIENT, REDIRECT


def advance(zoho, seconds):
    zoho.http.post("/_control/clock", json={"advance_seconds": seconds})


def organizations(zoho, token):
    zoho.token = token
    return zoho.ask("/organizations").status_code


@pytest.mark.parametrize("location", sorted(PLACES))
def test_consent_ends_in_the_data_centre_of_the_user_and_only_its_hosts_know_the_code(fresh, location):
    fresh.control("settings", location=location)
    told = fresh.authorize()
    assert (told["location"], told["accounts-server"], told["state"]) == (
        location,
        PLACES[location].accounts_server,
        "s",
    )
    other = "us" if location != "us" else "eu"
    answer = fresh.token_call(other, grant_type="authorization_code", redirect_uri=REDIRECT, code=told["code"])
    assert (answer.status_code, answer.json()) == (200, {"error": "invalid_client"})
    token = fresh.redeem(told["code"], location)
    assert (token["api_domain"], token["token_type"], token["expires_in"]) == (
        PLACES[location].api_domain,
        "Bearer",
        3600,
    )
    fresh.token, fresh.place = token, location
    assert fresh.ask("/organizations").status_code == 200
    assert fresh.ask("/organizations", place=other).json()["code"] == 57


def test_a_client_of_one_data_centre_alone_is_unknown_in_the_others(fresh):
    fresh.control("settings", known_at=["us"])
    assert fresh.redeem(fresh.authorize()["code"]) == {"error": "invalid_client"}


def test_a_refresh_brings_no_refresh_token_and_the_old_one_lasts(fresh):
    fresh.connect("ZohoBooks.settings.READ,ZohoBooks.invoices.READ")
    assert fresh.token["scope"] == "ZohoBooks.settings.READ ZohoBooks.invoices.READ"
    first, second = fresh.refresh().json(), fresh.refresh().json()
    assert "refresh_token" not in first
    assert first["access_token"] != second["access_token"]
    assert organizations(fresh, first) == organizations(fresh, second) == 200


def test_a_refresh_token_is_given_only_for_offline_access_and_again_only_on_consent(fresh):
    assert "refresh_token" not in fresh.redeem(fresh.authorize(access_type="online")["code"])
    assert "refresh_token" not in fresh.redeem(fresh.authorize(prompt="none")["code"])
    assert "refresh_token" in fresh.redeem(fresh.authorize()["code"])


@pytest.mark.parametrize("status", [200, 400])
def test_the_eleventh_access_token_in_ten_minutes_is_refused_for_the_rest_of_the_window(fresh, status):
    fresh.connect().control("settings", refuses_minting_with=status)
    assert all("access_token" in fresh.refresh().json() for _ in range(9))
    refused = fresh.refresh()
    assert (refused.status_code, refused.json()["error"]) == (status, "Access Denied")
    assert "too many requests continuously" in refused.json()["error_description"]
    advance(fresh, 590)
    assert "error" in fresh.refresh().json()
    advance(fresh, 15)
    assert "access_token" in fresh.refresh().json()


def test_the_sixteenth_live_access_token_kills_the_oldest(fresh):
    oldest = fresh.connect().token
    fresh.control("settings", minted_in_window=100)
    for _ in range(14):
        newest = fresh.refresh(oldest["refresh_token"]).json()
    assert organizations(fresh, oldest) == 200
    newest = fresh.refresh(oldest["refresh_token"]).json()
    assert organizations(fresh, oldest) == 401
    assert organizations(fresh, newest) == 200


def test_the_twenty_first_refresh_token_silently_kills_the_oldest(fresh):
    fresh.control("settings", codes_in_window=100)
    tokens = [fresh.connect().token["refresh_token"] for _ in range(21)]
    assert fresh.refresh(tokens[0]).json() == {"error": "invalid_code"}
    assert "access_token" in fresh.refresh(tokens[1]).json()


def test_a_code_is_good_once_and_for_two_minutes(fresh):
    code = fresh.authorize()["code"]
    assert fresh.redeem(code, redirect_uri="http://localhost:1/connect/callback") == {"error": "invalid_redirect_uri"}
    assert fresh.redeem(code) == {"error": "invalid_code"}
    late = fresh.authorize()["code"]
    advance(fresh, 121)
    assert fresh.redeem(late) == {"error": "invalid_code"}
    assert fresh.redeem(fresh.authorize()["code"], client_secret="wrong") == {"error": "invalid_client"}


def test_the_eleventh_consent_in_ten_minutes_and_a_refusal_come_back_as_access_denied(fresh):
    fresh.control("settings", denies=True)
    assert fresh.authorize() == {"error": "access_denied", "state": "s"}
    fresh.control("settings", denies=False)
    assert all("code" in fresh.authorize() for _ in range(10))
    assert fresh.authorize()["error"] == "access_denied"
    assert fresh.authorize("ZohoBooks.nonsense.READ")["error"] == "invalid_scope"


def test_an_access_token_lasts_an_hour_and_ends_with_its_refresh_token(fresh):
    token = fresh.connect().token
    advance(fresh, 3601)
    assert organizations(fresh, token) == 401
    renewed = fresh.refresh().json()
    assert organizations(fresh, renewed) == 200
    gone = fresh.http.post("/zoho_books/eu/oauth/v2/token/revoke", params={"token": token["refresh_token"]})
    assert gone.json() == {"status": "success"}
    assert organizations(fresh, renewed) == 401
    assert fresh.refresh(token["refresh_token"]).json() == {"error": "invalid_code"}


def test_only_zohos_own_scheme_is_understood(fresh):
    refused = fresh.connect().ask("/organizations", scheme="Bearer")
    assert (refused.status_code, refused.json()["code"]) == (401, 57)


def test_a_missing_scope_and_a_foreign_organisation_are_57_and_a_missing_one_is_not(fresh):
    fresh.connect("ZohoBooks.invoices.READ")
    assert fresh.ask("/locations").json()["code"] == 57
    fresh.connect("ZohoBooks.settings.READ")
    assert fresh.ask("/locations").status_code == 200
    assert fresh.ask("/locations", organization_id="10234695").json()["code"] == 57
    assert fresh.ask("/locations", organization_id="").status_code == 400


def test_a_wrong_client_is_shown_to_the_user_and_never_sent_on(fresh):
    for wrong in ({"client_id": "nobody"}, {"redirect_uri": "https://elsewhere.example/"}):
        query = {"client_id": CLIENT["client_id"], "redirect_uri": REDIRECT, "response_type": "code"} | wrong
        answer = fresh.http.get("/zoho_books/us/oauth/v2/auth", params=query)
        assert (answer.status_code, answer.headers["content-type"][:9]) == (400, "text/html")


def test_the_list_of_hosts_leaves_china_out(fresh):
    told = fresh.http.get("/zoho_books/us/oauth/serverinfo").json()
    assert set(told["locations"]) == set(PLACES) - {"cn"}
