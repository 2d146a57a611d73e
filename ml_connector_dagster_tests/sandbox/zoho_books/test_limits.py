"""The three limits told apart by code, the headers of every answer, and the other ways in which Zoho fails."""

from contextlib import ExitStack
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from ml_connector_dagster.sandbox.zoho_books.limits import seconds_to_midnight


def codes(zoho, times):
    return [(answer.status_code, answer.json()["code"]) for answer in (zoho.ask("/locations") for _ in range(times))]


def test_more_than_the_minute_is_44_until_a_minute_has_passed(fresh):
    fresh.connect().control("settings", minute=3)
    assert codes(fresh, 5) == [(200, 0)] * 3 + [(429, 44)] * 2
    fresh.http.post("/_control/clock", json={"advance_seconds": 61})
    assert codes(fresh, 1) == [(200, 0)]


def test_more_than_the_day_is_45_in_the_middle_of_paging_and_the_headers_say_so_before(fresh):
    fresh.connect().control("settings", day=4, spend=2)
    first = fresh.ask("/locations")
    assert (first.headers["x-rate-limit-limit"], first.headers["x-rate-limit-remaining"]) == ("4", "1")
    assert codes(fresh, 3) == [(200, 0), (429, 45), (429, 45)]
    reset = int(fresh.ask("/locations").headers["x-rate-limit-reset"])
    fresh.http.post("/_control/clock", json={"advance_seconds": reset + 1})
    fresh.token = fresh.refresh().json()
    assert codes(fresh, 1) == [(200, 0)]


def test_more_at_a_time_than_the_plan_allows_is_1070(fresh):
    fresh.connect().control("settings", plan="Free")
    with ExitStack() as under_way:
        for _ in range(5):
            under_way.enter_context(fresh.cloud.limits.flight())
        assert codes(fresh, 1) == [(429, 1070)]
    assert codes(fresh, 1) == [(200, 0)]


@pytest.mark.parametrize(
    ("moment", "zone", "seconds"),
    [
        (datetime(2026, 6, 9, 17, 15, 37, tzinfo=UTC), "America/New_York", 38_663),
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), "Europe/London", 22 * 3600 + 1800),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Europe/London", 23 * 3600 + 1800),
    ],
)
def test_the_reset_counts_seconds_to_midnight_in_the_organisations_zone(moment, zone, seconds):
    """The first one was measured on the wire; the others are the days on which the clocks change."""
    assert seconds_to_midnight(moment, ZoneInfo(zone)) == seconds


def test_an_error_may_come_with_200_and_its_text_in_another_language(fresh):
    fresh.connect().control("settings", failing_with_200={"/locations": 1000}, language="de")
    assert codes(fresh, 2) == [(200, 1000), (200, 0)]
    refused = fresh.ask("/locations", scheme="Bearer").json()
    assert refused["code"] == 57
    assert refused["message"].startswith("Sie sind nicht")


def test_a_web_page_and_a_torn_body_can_be_planted(fresh):
    fresh.connect()
    planted = [{"kind": "html", "status": 502, "vendor": "zoho_books"}, {"kind": "truncate", "vendor": "zoho_books"}]
    fresh.http.post("/_control/faults", json=planted)
    assert fresh.ask("/locations").headers["content-type"].startswith("text/html")
    with pytest.raises(httpx.TransportError):
        fresh.ask("/locations")


def test_unknown_paths_are_5_and_missing_permissions_do_not_look_empty(fresh):
    fresh.connect().control("settings", forbidden=["settings"])
    assert (fresh.ask("/nowhere").status_code, fresh.ask("/nowhere").json()["code"]) == (404, 5)
    assert fresh.ask("/locations").json()["code"] == 57
    fresh.control("settings", forbidden=[])
    assert fresh.ask("/locations").status_code == 200
