"""OAuth as the vendors speak it: what is sent, and what each answer means."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from ml_connector_dagster.errors import (
    CredentialRefused,
    OutcomeUnknown,
    RequestRejected,
    TemporarilyRefused,
)
from ml_connector_dagster.transport.grant import (
    GrantClient,
    GrantRefused,
    NothingSent,
    challenge,
    new_verifier,
    read_answer,
)
from ml_connector_dagster_tests.faults.fake_grant import FakeGrant, serving


@pytest.fixture
def grant():
    with serving(FakeGrant()) as served:
        yield served


def client(grant: FakeGrant, secret: str = "secret", **policy: object) -> GrantClient:
    return GrantClient(grant.policy(**policy), "client", secret, timeout_seconds=2)


def test_the_authorize_address_carries_state_scopes_exact_redirect_and_the_pkce_challenge(grant):
    verifier = new_verifier()
    url = client(grant, authorize_extra={"acr_values": "bulk_connect:false"}).authorize_url(
        redirect_uri="http://localhost:8701/connect/callback", state="s t", verifier=verifier
    )
    query = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
    assert query == {
        "response_type": "code",
        "client_id": "client",
        "redirect_uri": "http://localhost:8701/connect/callback",
        "scope": "offline_access accounting.read",
        "state": "s t",
        "acr_values": "bulk_connect:false",
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
    }


def test_without_pkce_no_challenge_is_sent(grant):
    url = client(grant, uses_pkce=False).authorize_url(redirect_uri="http://localhost/", state="s")
    assert "code_challenge" not in url


def test_the_challenge_is_the_one_of_rfc_7636():
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert 43 <= len(new_verifier()) <= 128


def test_a_code_is_exchanged_with_its_redirect_and_verifier(grant):
    raw = client(grant).exchange("the-code", redirect_uri="http://localhost/cb", verifier="v")
    assert read_answer(raw, "xero").access_token == "access-1"
    sent = {"grant_type": "authorization_code", "code": "the-code", "redirect_uri": "http://localhost/cb"}
    assert grant.asked == [sent | {"code_verifier": "v"}]


@pytest.mark.parametrize(
    ("secret", "client_auth", "in_body"),
    [
        ("secret", "basic", {}),
        ("secret", "body", {"client_id": "client", "client_secret": "secret"}),
        ("", "basic", {"client_id": "client"}),
    ],
    ids=["basic header", "body", "public client"],
)
def test_a_client_names_itself_as_its_vendor_wants(grant, secret, client_auth, in_body):
    client(grant, secret, client_auth=client_auth).refresh("refresh-0")
    sent = {"grant_type": "refresh_token", "refresh_token": "refresh-0"}
    assert grant.asked == [sent | in_body]
    header = base64.b64encode(b"client:secret").decode()
    assert grant.authorizations == [f"Basic {header}" if client_auth == "basic" and secret else ""]


def test_a_refresh_names_the_consents_redirect_address_where_the_vendor_wants_it(grant):
    for wanted in (True, False):
        client(grant, refresh_names_redirect=wanted).refresh("refresh-0", redirect_uri="https://firm.example/cb")
    assert [asked.get("redirect_uri") for asked in grant.asked] == ["https://firm.example/cb", None]


def test_a_vendor_that_wants_json_gets_json(grant):
    client(grant, body_form="json", client_auth="body").refresh("refresh-0")
    assert grant.asked[0]["refresh_token"] == "refresh-0"
    assert grant.content_types == ["application/json"]


def test_invalid_grant_is_its_own_error(grant):
    with pytest.raises(GrantRefused, match="invalid_grant"):
        client(grant).refresh("never issued")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, '{"error":"invalid_client"}', CredentialRefused),
        (401, "", CredentialRefused),
        (403, "", GrantRefused),
        (400, '{"error":"invalid_scope"}', RequestRejected),
        (404, "<html>", RequestRejected),
        (429, "", TemporarilyRefused),
        (503, "<html>busy", TemporarilyRefused),
    ],
)
def test_each_refusal_has_its_class_and_shows_no_body(grant, status, body, error):
    grant.script = [f"{status} {body}"]
    with pytest.raises(error) as caught:
        client(grant).refresh("refresh-0")
    assert type(caught.value) is error
    assert "refresh-0" not in str(caught.value)
    assert grant.refresh == "refresh-0"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('{"error":"invalid_code"}', GrantRefused),
        ('{"error":"Access Denied","error_description":"too many requests continuously"}', TemporarilyRefused),
        ('{"error":"invalid_client"}', CredentialRefused),
    ],
)
def test_a_vendor_that_says_no_with_200_is_understood_by_its_own_words(grant, body, error):
    grant.script = [f"200 {body}"]
    own_words = {"dead_words": ("invalid_code",), "busy_words": ("access_denied",)}
    with pytest.raises(error) as caught:
        client(grant, **own_words).refresh("refresh-0")
    assert type(caught.value) is error


@pytest.mark.parametrize(("revoke_form", "kind"), [("json", "application/json"), ("query", "")])
def test_a_revocation_has_the_form_its_vendor_wants(grant, revoke_form, kind):
    client(grant, revoke_form=revoke_form).revoke("refresh-0")
    assert grant.revoked == ["refresh-0"]
    assert grant.revoked_as == [kind]


def test_an_answer_says_when_its_token_was_made_and_when_the_grant_ends():
    raw = json.dumps({"access_token": "a", "expires_in": 43200, "created_at": 1782751988, "hard": 157494248})
    answer = read_answer(raw, "any", "hard")
    assert (answer.issued_at, answer.ends_in_seconds) == (datetime(2026, 6, 29, 16, 53, 8, tzinfo=UTC), 157494248)
    assert read_answer(raw, "any").ends_in_seconds is None


@pytest.mark.parametrize("plan", ["lose", "drop"])
def test_a_lost_answer_is_unknown_and_never_asked_again(grant, plan):
    grant.script = [plan]
    with pytest.raises(OutcomeUnknown):
        client(grant).refresh("refresh-0")
    assert grant.posts == 1


def test_no_connection_means_nothing_was_sent(grant):
    grant.base_url = "http://127.0.0.1:9"
    with pytest.raises(NothingSent):
        client(grant).refresh("refresh-0")


@pytest.mark.parametrize("raw", ["<html>", "[]", "{}", '{"access_token": ""}', '{"access_token": 7}'])
def test_a_200_without_a_token_is_unknown(raw):
    with pytest.raises(OutcomeUnknown):
        read_answer(raw, "xero")


def test_an_answer_without_refresh_token_keeps_the_old_one():
    answer = read_answer(json.dumps({"access_token": "a", "expires_in": 2100}), "anaplan")
    assert answer.refresh_token is None
    assert answer.expires_in_seconds == 2100
    assert "'a'" not in repr(answer)


def test_a_device_code_is_started_and_polled_until_the_person_decides(grant):
    answers = [
        '200 {"device_code":"d","user_code":"AB-12","verification_uri":"https://v","expires_in":900,"interval":1}',
        '400 {"error":"authorization_pending"}',
        '400 {"error":"slow_down"}',
        '200 {"access_token":"a","expires_in":5}',
    ]
    grant.script = list(answers)
    asking = client(grant, device_url=f"{grant.base_url}/device")
    code = asking.start_device()
    assert (code.user_code, code.verification_url, code.interval_seconds) == ("AB-12", "https://v", 1)
    assert asking.poll_device(code.device_code) is None
    assert asking.poll_device(code.device_code) is None
    assert read_answer(asking.poll_device(code.device_code) or "", "anaplan").access_token == "a"


@pytest.mark.parametrize("error", ["access_denied", "expired_token"])
def test_a_device_code_that_is_refused_or_too_old_needs_a_person(grant, error):
    grant.script = [f'400 {{"error":"{error}"}}']
    with pytest.raises(CredentialRefused, match="Nobody consented"):
        client(grant).poll_device("d")


def test_a_device_grant_that_is_off_says_so(grant):
    grant.script = ['403 {"error":"unauthorized_client"}']
    with pytest.raises(CredentialRefused):
        client(grant, device_url=f"{grant.base_url}/device").start_device()


def test_revoking_a_dead_grant_is_no_error_but_a_refusal_is(grant):
    client(grant).revoke("refresh-0")
    assert grant.revoked == ["refresh-0"]
    grant.script = ["400 ", "503 "]
    client(grant, revoke_url=f"{grant.base_url}/token").revoke("x")
    with pytest.raises(TemporarilyRefused):
        client(grant, revoke_url=f"{grant.base_url}/token").revoke("x")
