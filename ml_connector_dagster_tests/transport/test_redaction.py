from __future__ import annotations

import logging

import pytest

from ml_connector_dagster.transport.redaction import logger, redact, redact_event, redact_url, shown


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer geheim.geheim",
        "authorization: basic Z2VoZWltZ2VoZWlt",
        "Authorization: AnaplanAuthToken geheim==",
        '{"access_token": "geheim", "expires_in": 1800}',
        '{"refresh_token":"geheim"}',
        "{'tokenInfo': {'tokenValue': 'geheim'}}",
        "client_secret=geheim&grant_type=x",
        "password: geheim",
        "sandbox_password=geheim",
        "id eyJhbGciOiJSUzI1geheim.eyJzdWIiOiJnZWhlaW0.c2ln",
        "-----BEGIN RSA PRIVATE KEY-----\ngeheim\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\ngeheim, cut",
        "see https://user:geheim@host.example/x",
        "at https://host.example/cb?code=geheim&state=geheim",
        '"encodedSignedData": "geheim"',
        '{"refresh_token": "geheim',
    ],
)
def test_credentials_in_other_peoples_text_are_masked(text: str) -> None:
    masked = redact(text)
    assert "geheim" not in masked
    assert "Z2VoZWlt" not in masked
    assert "***" in masked


@pytest.mark.parametrize(
    "text",
    [
        'The code "200" is not in list Accounts',
        "TokenExpired: token expired at 01/01/2001 00:00:00",
        "14 of 2,310 rows rejected",
        "Invoice INV-0001, status AUTHORISED",
    ],
)
def test_what_a_reader_needs_stays(text: str) -> None:
    assert redact(text) == text


def test_an_address_keeps_its_filters_and_loses_its_secrets() -> None:
    url = "https://u:p@api.example.com/api/Invoices?where=Type%3D%3D%22ACCREC%22&page=2&access_token=abc#frag"
    shown_url = redact_url(url)
    assert shown_url.startswith("https://***@api.example.com/api/Invoices?where=Type")
    assert "page=2" in shown_url
    assert "abc" not in shown_url
    assert "frag" not in shown_url
    assert "u:p" not in shown_url


def test_an_address_without_secrets_stays_as_it_is() -> None:
    assert redact_url("https://api.example.com/a?page=1&order=Date") == "https://api.example.com/a?page=1&order=Date"


def test_a_shown_body_is_one_short_line() -> None:
    """A customer's name with a line break must not forge a line of the log."""
    text = shown(b"Evil\r\n2026-01-01 INFO all good\x1b[0m" + b"x" * 500)
    assert "\n" not in text
    assert "\x1b" not in text
    assert len(text) == 201
    assert text.endswith("…")


def test_a_shown_body_may_be_no_text_at_all() -> None:
    assert shown(b"\xff\xfe") == "\ufffd\ufffd"
    assert shown(b"") == ""


def test_a_secret_that_the_cut_would_halve_is_masked_before_the_cut() -> None:
    assert "geheim" not in shown(b"x" * 190 + b' {"refresh_token": "geheimgeheimgeheim"}')


def test_a_log_event_is_masked_by_name_and_by_shape() -> None:
    event = {"event": "x", "password": "geheim", "url": "https://h/?token=geheim", "n": 3}
    masked = redact_event(None, "info", event)
    assert "geheim" not in str(masked)
    assert masked["n"] == 3


def test_an_empty_secret_field_is_shown_empty() -> None:
    assert redact_event(None, "info", {"password": ""}) == {"password": ""}


def test_a_logger_masks_and_is_silent_below_its_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "masked")
    logger("masked").debug("not seen")
    logger("masked").info("seen", token="geheim")
    assert [record.getMessage() for record in caplog.records] == ["event='seen' token='***'"]
