import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest

from ml_connector_dagster.errors import CredentialRefused, QuotaExhausted, RequestRejected, TemporarilyRefused
from ml_connector_dagster.sources.xero.refusals import classify, validation_messages


def answer(status, body=b"", **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SimpleNamespace(status=status, content=content, headers=named, url_shown="GET https://api.xero.com/Invoices")


def test_an_expired_token_is_left_to_the_refresh():
    assert classify(answer(401, {"Detail": "TokenExpired: token expired at 01/01/2001 00:00:00"})) is None


def test_an_authorization_that_no_refresh_mends_is_said():
    error = classify(answer(401, {"Detail": "AuthorizationUnsuccessful"}))
    assert isinstance(error, CredentialRefused)
    assert "nothing was read" in error.means


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"Detail": "AuthenticationUnsuccessful"}, "AuthenticationUnsuccessful"),
        (b"You are not permitted to access this resource", "You are not permitted"),
        (b"<html><b>No</b></html>", "No"),
        (b"[]", "[]"),
        (b"", "no reason given"),
    ],
)
def test_a_403_is_no_empty_result_and_says_why(body, said):
    error = classify(answer(403, body))
    assert isinstance(error, CredentialRefused)
    assert said in error.happened
    assert "not an empty result" in error.means


@pytest.mark.parametrize("problem", ["day", "Day", "Daily"])
def test_a_spent_day_says_when_it_opens(problem):
    error = classify(answer(429, X_Rate_Limit_Problem=problem, Retry_After="66975"))
    assert isinstance(error, QuotaExhausted)
    assert timedelta(hours=18) < error.opens_at - datetime.now(UTC) < timedelta(hours=19)


def test_a_spent_day_without_retry_after_opens_tomorrow():
    error = classify(answer(429, X_Rate_Limit_Problem="day"))
    assert error.opens_at - datetime.now(UTC) > timedelta(hours=23)


@pytest.mark.parametrize("problem", ["minute", "concurrent", "appminute", ""])
def test_any_other_limit_is_patience(problem):
    error = classify(answer(429, X_Rate_Limit_Problem=problem, Retry_After="7"))
    assert isinstance(error, TemporarilyRefused)
    assert error.retry_after_seconds == 7


def test_a_limit_without_retry_after_waits_a_little():
    assert classify(answer(429)).retry_after_seconds == 2


def test_retry_after_may_be_a_date():
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 20 < classify(answer(429, Retry_After=at)).retry_after_seconds <= 30


def test_a_retry_after_nobody_can_read_is_none():
    assert classify(answer(429, Retry_After="presently")).retry_after_seconds == 2


def test_a_high_volume_refusal_is_our_filters_fault():
    error = classify(answer(400, {"ErrorNumber": 51, "Type": "HighVolumeException"}))
    assert isinstance(error, RequestRejected)
    assert "too many records" in error.happened


def test_a_validation_answer_is_told_message_by_message():
    inner = {"ValidationErrors": [{"Message": "Account code is not valid"}, {"Message": "Account code is not valid"}]}
    body = {"ErrorNumber": 10, "Message": "A validation exception occurred", "Elements": [inner]}
    error = classify(answer(400, body))
    assert isinstance(error, RequestRejected)
    assert "Account code is not valid." in error.happened
    assert error.status == 400


def test_a_query_that_xero_cannot_parse_is_told():
    assert "Syntax" in classify(answer(400, {"ErrorNumber": 16, "Message": "Syntax error at position 3"})).happened


def test_a_400_without_words_is_left_to_the_transport():
    assert classify(answer(400, b"nope")) is None


@pytest.mark.parametrize("status", [404, 412, 500, 503])
def test_other_statuses_are_left_to_the_transport(status):
    assert classify(answer(status)) is None


def test_messages_of_nested_elements_are_found():
    assert validation_messages('[{"Warnings": [{"Description": "dropped"}]}]') == ["dropped"]
