from urllib.parse import parse_qs, urlsplit

import pytest

from ml_connector_dagster.sandbox.anaplan.oauth import (
    CLIENT_ID,
    CLIENT_SECRET,
    DEVICE_CLIENT_ID,
    DEVICE_GRANT,
    REDIRECT_URI,
)
from ml_connector_dagster_tests.sandbox.anaplan.desk import Desk, M

SCOPE = "openid profile email offline_access"


def consent(desk: Desk, **changed: str):
    query = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "scope": SCOPE,
        "state": "s1",
    }
    return desk.get("/auth/authorize", params={**query, **changed})


def code(desk: Desk, **changed: str) -> str:
    return parse_qs(urlsplit(consent(desk, **changed).headers["location"]).query)["code"][0]


def exchange(desk: Desk, value: str, **changed: str):
    body = {"grant_type": "authorization_code", "code": value, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return desk.post("/oauth/token", {**body, "redirect_uri": REDIRECT_URI, **changed})


def refresh(desk: Desk, value: str, **changed: str):
    body = {"grant_type": "refresh_token", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return desk.post("/oauth/token", {**body, "refresh_token": value, **changed})


def test_consent_comes_back_with_code_and_state(stranger):
    answer = consent(stranger)
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert answer.status_code == 302
    assert query["state"] == ["s1"]
    assert answer.headers["location"].startswith(REDIRECT_URI)


def test_a_code_becomes_a_token_that_works_in_both_schemes(stranger):
    token = exchange(stranger, code(stranger)).json()
    assert (token["expires_in"], token["token_type"]) == (2100, "Bearer")
    assert "profile" not in token["scope"]
    for scheme in ("AnaplanAuthToken", "Bearer"):
        header = {"Authorization": f"{scheme} {token['access_token']}"}
        assert stranger.get(f"{M}/imports", headers=header).status_code == 200


def test_a_code_works_once_and_for_its_own_redirect(stranger):
    value = code(stranger)
    assert exchange(stranger, value, redirect_uri="https://elsewhere.example/").json()["error"] == "invalid_grant"
    value = code(stranger)
    assert exchange(stranger, value).status_code == 200
    assert exchange(stranger, value).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("redirect", ["http://localhost:8701/connect/callback", "https://elsewhere.example/"])
def test_a_redirect_that_is_not_registered_is_refused_localhost_too(stranger, redirect):
    assert consent(stranger, redirect_uri=redirect).status_code == 400


def test_without_offline_access_there_is_no_refresh_token(stranger):
    assert "refresh_token" not in exchange(stranger, code(stranger, scope="openid email")).json()


def test_a_refresh_token_that_does_not_rotate_stays(stranger):
    first = exchange(stranger, code(stranger)).json()["refresh_token"]
    assert refresh(stranger, first).json()["refresh_token"] == first
    stranger.finish(90 * 24 * 3600)
    assert refresh(stranger, first).status_code == 200


def test_a_rotating_refresh_token_works_once_and_ends(stranger):
    stranger.control("/anaplan/oauth", {"client_id": CLIENT_ID, "rotatable": True})
    first = exchange(stranger, code(stranger)).json()["refresh_token"]
    second = refresh(stranger, first).json()["refresh_token"]
    assert second != first
    spent = refresh(stranger, first)
    assert (spent.status_code, spent.json()["error"]) == (400, "invalid_grant")
    stranger.finish(43_001)
    assert refresh(stranger, second).json()["error"] == "invalid_grant"


def test_a_wrong_secret_or_client_is_refused(stranger):
    token = exchange(stranger, code(stranger)).json()["refresh_token"]
    assert refresh(stranger, token, client_secret="no").status_code == 401
    assert refresh(stranger, token, client_id="f" * 32).json()["error"] == "unauthorized_client"


def test_a_removed_consent_is_invalid_grant(stranger):
    token = exchange(stranger, code(stranger)).json()["refresh_token"]
    stranger.control("/anaplan/oauth", {"revoke": True})
    assert refresh(stranger, token).json()["error"] == "invalid_grant"


def test_a_form_body_works_too(stranger):
    token = exchange(stranger, code(stranger)).json()["refresh_token"]
    form = {
        "grant_type": "refresh_token",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": token,
    }
    assert stranger.call("POST", "/oauth/token", data=form).status_code == 200


def start_device(desk: Desk):
    return desk.post("/oauth/device/code", {"client_id": DEVICE_CLIENT_ID, "scope": SCOPE})


def poll(desk: Desk, device_code: str):
    body = {"grant_type": DEVICE_GRANT, "device_code": device_code, "client_id": DEVICE_CLIENT_ID}
    return desk.post("/oauth/token", body)


def test_a_device_waits_slows_down_and_is_granted(stranger):
    started = start_device(stranger).json()
    assert poll(stranger, started["device_code"]).json()["error"] == "authorization_pending"
    assert poll(stranger, started["device_code"]).json()["error"] == "slow_down"
    page = stranger.http.get(started["verification_uri_complete"])
    assert page.status_code == 200
    stranger.finish(6)
    token = poll(stranger, started["device_code"]).json()
    body = {"grant_type": "refresh_token", "client_id": DEVICE_CLIENT_ID, "refresh_token": token["refresh_token"]}
    assert stranger.post("/oauth/token", body).status_code == 200


def test_a_device_that_is_denied_or_late(stranger):
    denied, late = start_device(stranger).json(), start_device(stranger).json()
    stranger.control("/anaplan/device", {"user_code": denied["user_code"], "approve": False})
    assert poll(stranger, denied["device_code"]).json()["error"] == "access_denied"
    stranger.finish(901)
    assert poll(stranger, late["device_code"]).json()["error"] == "expired_token"


def test_device_grant_is_off_under_single_sign_on(stranger):
    stranger.control("/anaplan/oauth", {"sso": True})
    assert start_device(stranger).json()["error"] == "unauthorized_client"
