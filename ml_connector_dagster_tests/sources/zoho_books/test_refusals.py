"""What Zoho's answers mean, by number: minute, day, at once, gone, not allowed; the texts are never looked at."""

from datetime import UTC, datetime, timedelta

import pytest

from ml_connector_dagster.errors import CredentialRefused, QuotaExhausted, RequestRejected, TemporarilyRefused
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.zoho_books.source import SOURCE, calls_allowed, calls_left
from ml_connector_dagster_tests.sources.fake_http import Told
from ml_connector_dagster_tests.sources.zoho_books.fake_zoho import FakeZoho

OCTOBER = Period(2026, 10)
ACCOUNTS = SOURCE.entity("ledger_accounts")


def read(told):
    fake = FakeZoho()
    fake.instead["chartofaccounts"] = told
    company, http = fake.open()
    try:
        return list(company.read(ACCOUNTS, OCTOBER))
    finally:
        company.close()
        assert http.closed


@pytest.mark.parametrize(
    ("code", "status", "headers", "error", "seconds"),
    [
        (44, 429, {}, TemporarilyRefused, 60),
        (44, 200, {}, TemporarilyRefused, 60),
        (44, 429, {"Retry-After": "90"}, TemporarilyRefused, 90),
        (1070, 429, {}, TemporarilyRefused, 3),
        (1000, 200, {}, TemporarilyRefused, None),
        (43, 400, {}, TemporarilyRefused, None),
    ],
)
def test_what_passes_by_itself_says_how_long(code, status, headers, error, seconds):
    with pytest.raises(error) as refused:
        read(Told({"code": code, "message": "Der Aufruf …"}, status, headers))
    assert refused.value.retry_after_seconds == seconds


def test_a_spent_day_opens_at_the_organizations_midnight():
    with pytest.raises(QuotaExhausted) as refused:
        read(Told({"code": 45, "message": ""}, 429, {"X-Rate-Limit-Reset": "38663", "X-Rate-Limit-Limit": "1000"}))
    expected = datetime.now(UTC) + timedelta(seconds=38663)
    assert abs(refused.value.opens_at - expected) < timedelta(minutes=1)
    assert "(1000)" in refused.value.happened


@pytest.mark.parametrize(("code", "status"), [(2, 400), (5, 200), (6041, 400), (1001, 200)])
def test_other_codes_fail_again_and_are_not_retried(code, status):
    with pytest.raises(RequestRejected) as refused:
        read(Told({"code": code, "message": "…"}, status))
    assert str(code) in refused.value.happened


@pytest.mark.parametrize(("code", "status"), [(57, 401), (57, 200), (14, 400)])
def test_a_missing_permission_names_the_scope(code, status):
    with pytest.raises(CredentialRefused) as refused:
        read(Told({"code": code, "message": "…"}, status))
    assert "ZohoBooks.accountants.READ" in refused.value.means


@pytest.mark.parametrize("body", [b'{"code":0,"chartofaccounts":[{"acc', b"<html>502</html>", b"[]"])
def test_an_answer_cut_short_is_asked_for_once_more_and_then_not_used(body):
    with pytest.raises(TemporarilyRefused):
        read(Told(body))


def test_an_answer_without_its_records_is_no_empty_list():
    with pytest.raises(RequestRejected):
        read(Told({"code": 0, "message": "success"}))


def test_the_vendors_own_count_is_obeyed_and_a_tenth_left_to_others():
    headers = {"X-Rate-Limit-Limit": "2000", "X-Rate-Limit-Remaining": "1500"}
    assert calls_left(headers) == {"day": 1300}
    assert calls_left({"x-rate-limit-limit": "2000", "x-rate-limit-remaining": "150"}) == {"day": 0}
    assert calls_left({}) == {}
    assert (calls_allowed(headers), calls_allowed({"X-Rate-Limit-Limit": "many"})) == ({"day": 1800}, {})
