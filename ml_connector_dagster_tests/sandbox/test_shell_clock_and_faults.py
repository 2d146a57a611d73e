from datetime import UTC, date, datetime, timedelta

import pytest

from ml_connector_dagster.sandbox.clock import Clock
from ml_connector_dagster.sandbox.faults import Fault, Faults
from ml_connector_dagster.sandbox.request_log import LoggedRequest, RequestLog
from ml_connector_dagster.sandbox.world import World


def test_the_clock_follows_the_real_one_until_it_is_advanced():
    clock = Clock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    clock.advance(2100)
    assert clock.now() - datetime.now(UTC) > timedelta(seconds=2099)


def test_a_fixed_business_day_leaves_the_instants_real():
    clock = Clock(date(2026, 10, 15))
    assert clock.today() == date(2026, 10, 15)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_advancing_by_whole_days_moves_the_business_day():
    clock = Clock(date(2026, 10, 31))
    clock.advance(3600)
    assert clock.today() == date(2026, 10, 31)
    clock.advance(24 * 3600)
    assert clock.today() == date(2026, 11, 1)


def test_the_clock_cannot_go_back():
    with pytest.raises(ValueError, match="cannot go back"):
        Clock().advance(-1)


def test_a_fault_meets_what_it_names_and_lets_some_pass_first():
    faults = Faults()
    number = faults.plant(Fault(vendor="xero", method="post", path=r"/token\b", skip=1, times=2))
    taken = [faults.take("xero", "POST", "/xero/connect/token") is not None for _ in range(5)]
    assert taken == [False, True, True, False, False]
    assert faults.hits(number) == 2
    assert faults.take("anaplan", "POST", "/anaplan/token") is None
    assert faults.take("xero", "GET", "/xero/connect/token") is None


def test_a_fault_for_ever_and_its_removal():
    faults = Faults()
    faults.plant(Fault(times=0))
    assert all(faults.take("x", "GET", "/x") for _ in range(5))
    assert faults.shown()[0]["hits"] == 5
    faults.clear()
    assert faults.take("x", "GET", "/x") is None
    assert faults.hits(1) == 0


def test_an_unknown_field_of_a_fault_is_an_error():
    with pytest.raises(ValueError, match="statsu"):
        Fault.from_json({"statsu": 503})


def logged(number: int, **changed) -> LoggedRequest:
    facts = {"number": number, "at": 0.0, "vendor": "xero", "method": "GET", "path": "/xero/a", "query": "page=1"}
    facts |= {"status": 200, "seconds": 0.0, "request_bytes": 0, "response_bytes": 0, "fault": ""}
    return LoggedRequest(**{**facts, **changed})


def test_the_request_log_counts_what_fits():
    log = RequestLog()
    log.add(logged(1))
    log.add(logged(2, vendor="anaplan", method="PUT", path="/anaplan/b", query=""))
    log.add(logged(3, query="page=2"))
    assert log.count(vendor="xero") == 2
    assert log.count(path=r"page=2$") == 1
    assert log.count(method="put") == 1
    assert [entry.number for entry in log.entries(after=1)] == [2, 3]
    assert log.last_number() == 3
    assert log.counts() == {"xero GET 200": 2, "anaplan PUT 200": 1}
    log.clear()
    assert (log.count(), log.last_number()) == (0, 0)


class Pantry:
    def __init__(self, world: World) -> None:
        self.seed = world.seed


def test_a_part_of_the_world_is_made_once():
    world = World.new(seed=7)
    assert world.part(Pantry) is world.part(Pantry)
    assert world.part(Pantry).seed == 7
    assert World.new().part(Pantry) is not world.part(Pantry)
