from email.utils import parsedate_to_datetime

import pytest

from ml_connector_dagster_tests.sandbox.anaplan.desk import BUILDER, M


def test_600_requests_pass_and_the_next_waits_for_the_refill(desk):
    rate = desk.tenant.rate
    assert all(rate.take() for _ in range(600))
    assert not rate.take()
    desk.finish(1)
    assert sum(rate.take() for _ in range(20)) == pytest.approx(10, abs=1)


def test_the_limit_is_the_tenants_not_the_users(desk):
    builder = desk.as_user(BUILDER)
    desk.control("/anaplan/rate", {"left": 1, "per_second": 0.001})
    assert builder.get(f"{M}/imports").status_code == 200
    assert desk.get(f"{M}/imports").status_code == 429


def test_retry_after_comes_in_seconds(desk):
    desk.control("/anaplan/rate", {"form": "seconds", "left": 0, "per_second": 0.01})
    answer = desk.get(f"{M}/imports")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "100")


def test_retry_after_comes_as_an_http_date(desk):
    desk.control("/anaplan/rate", {"form": "date", "left": 0, "per_second": 0.01})
    moment = parsedate_to_datetime(desk.get(f"{M}/imports").headers["retry-after"])
    assert (moment - desk.world.clock.now()).total_seconds() == pytest.approx(100, abs=3)


def test_retry_after_may_be_missing(desk):
    desk.control("/anaplan/rate", {"form": "none", "left": 0, "per_second": 0.001})
    answer = desk.get(f"{M}/imports")
    assert (answer.status_code, "retry-after" in answer.headers) == (429, False)
    assert desk.control("/anaplan/counts")["rate_refused"] == 1
