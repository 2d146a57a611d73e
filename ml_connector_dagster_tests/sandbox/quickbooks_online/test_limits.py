"""Limits, the meter of reads, and realms that do not answer (quickbooks_online.md 11)."""

import pytest

from ml_connector_dagster_tests.sandbox.quickbooks_online.conftest import UNLIMITED


def test_an_eleventh_call_within_a_second_is_refused_in_xml_without_retry_after(fresh):
    answers = [fresh.ask("preferences") for _ in range(60)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["content-type"] == "application/xml"
    assert "retry-after" not in refused.headers
    assert 'code="3001"' in refused.text
    assert "ThrottleExceeded" in refused.text


def test_a_minute_has_500_calls_for_a_realm(fresh):
    fresh.control("settings", per_second=10_000, per_minute=5)
    statuses = [fresh.ask("preferences").status_code for _ in range(11)]
    assert 429 in statuses
    fresh.http.post("/_control/clock", json={"advance_seconds": 60}).raise_for_status()
    assert fresh.ask("preferences").status_code == 200


def test_reads_are_metered_by_the_month_and_blocked_over_the_tier(fresh):
    fresh.control("settings", **(UNLIMITED | {"monthly_reads": 3}))
    statuses = [fresh.ask("preferences").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    told = fresh.question("calls")
    assert (sum(told["reads"].values()), told["refused"], told["calls"]["read preferences"]) == (3, 1, 4)
    fresh.http.post("/_control/clock", json={"advance_seconds": 32 * 86_400}).raise_for_status()
    fresh.token = fresh.refresh().json()
    assert fresh.ask("preferences").status_code == 200


@pytest.mark.parametrize("code", ["120", "150", "3100", "5020", "6190"])
def test_a_realm_can_refuse_everything(changing, code):
    changing.control("settings", refuses=code)
    assert changing.fault("preferences", status=403)["code"] == code
    changing.control("settings", refuses="")


def test_other_paths_are_not_supported(quickbooks):
    assert quickbooks.fault("batch")["code"] == "500"
    assert quickbooks.write("batch").status_code == 405
    assert quickbooks.fault("banana/1")["code"] == "500"
