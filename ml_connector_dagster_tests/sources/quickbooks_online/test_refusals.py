"""QuickBooks' refusals in their four shapes, each named for the reader's next move."""

from datetime import UTC, datetime

import pytest

from ml_connector_dagster.errors import CredentialRefused, QuotaExhausted, RequestRejected, TemporarilyRefused
from ml_connector_dagster.sources.quickbooks_online.faults import fault_in
from ml_connector_dagster.sources.quickbooks_online.refusals import classify, next_month
from ml_connector_dagster_tests.sources.fake_http import Told
from ml_connector_dagster_tests.sources.quickbooks_online.kit import XML


def fault(code, kind="ValidationFault"):
    return {"Fault": {"Error": [{"Message": "Said", "Detail": "Why", "code": code}], "type": kind}}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"Fault":{"Error":[{"Message":"Object Not Found","code":"610"}],"type":"ValidationFault"}}', "610"),
        (b'{"fault":{"error":[{"message":"m","detail":"Token expired","code":"3200"}]},"time":1700000000000}', "3200"),
        (XML.format("ThrottleExceeded", "The request limit was reached.").encode(), "3001"),
        (b'{"error":"invalid_grant","error_description":"Incorrect"}', "invalid_grant"),
        (b'{"QueryResponse":{"Fault":{"Error":[{"code":"4000"}]}}}', "4000"),
        (b'{"CDCResponse":[{"QueryResponse":[{"Fault":{"Error":[{"code":"4001"}]}}]}]}', "4001"),
    ],
)
def test_a_fault_is_found_in_each_shape(body, code):
    assert fault_in(body).code == code


@pytest.mark.parametrize("body", [b"", b"<html>gateway</html>", b"[]", b'{"QueryResponse":{}}', b"\xff"])
def test_what_is_no_fault_is_none(body):
    assert fault_in(body) is None


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "610", RequestRejected),
        (400, "4001", RequestRejected),
        (403, "3100", CredentialRefused),
        (401, "3100", CredentialRefused),
        (400, "5020", CredentialRefused),
        (400, "120", CredentialRefused),
        (400, "130", RequestRejected),
        (403, "6190", RequestRejected),
        (500, "10000", TemporarilyRefused),
        (504, "6002", TemporarilyRefused),
        (200, "3001", TemporarilyRefused),
    ],
)
def test_a_code_names_the_next_move(status, code, error):
    named = classify(Told(fault(code), status))
    assert type(named) is error
    assert named.do


def test_an_expired_token_is_left_to_the_transport_that_refreshes_it():
    assert classify(Told(fault("3200"), 401)) is None
    assert classify(Told(b"", 401)) is None


def test_a_limit_without_retry_after_waits_a_minute_and_a_spent_month_ends_the_run():
    minute = classify(Told(XML.format("ThrottleExceeded", "The request limit was reached.").encode(), 429))
    assert isinstance(minute, TemporarilyRefused)
    assert minute.retry_after_seconds == 60
    month = classify(Told(fault("3001") | {"Fault": {"Error": [{"Message": "Monthly quota reached"}]}}, 429))
    assert isinstance(month, QuotaExhausted)
    assert next_month(datetime(2026, 12, 31, 9, tzinfo=UTC)) == datetime(2027, 1, 1, tzinfo=UTC)
