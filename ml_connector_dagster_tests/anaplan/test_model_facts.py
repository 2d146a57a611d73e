"""What the model says of itself before a file is sent."""

from __future__ import annotations

from datetime import date

import pytest

from ml_connector_dagster.anaplan.model_facts import check_calendar, check_version, dimension_id, missing_members
from ml_connector_dagster.errors import RequestRejected, SettingWrong
from ml_connector_dagster_tests.anaplan.fake_http import model_with

OCTOBER = date(2026, 10, 1)


def calendar(
    kind: str = "Calendar Months/Quarters/Years", past: int = 1, future: int = 1, end: str = "2027-03-31"
) -> dict:
    year = {"year": "FY27", "startDate": "2026-04-01", "endDate": end}
    return {
        "modelCalendar": {
            "modelCalendar": {
                "calendarType": kind,
                "pastYearsCount": past,
                "futureYearsCount": future,
                "fiscalYear": year,
            }
        }
    }


@pytest.mark.parametrize("month", [date(2025, 4, 1), OCTOBER, date(2028, 3, 1)])
def test_months_inside_the_calendar_pass(month: date) -> None:
    check_calendar(model_with(calendar()), month)


@pytest.mark.parametrize("month", [date(2025, 3, 1), date(2028, 4, 1)])
def test_months_outside_the_calendar_are_refused(month: date) -> None:
    with pytest.raises(SettingWrong, match=r"from 2025-04-01 to 2028-03-31; .* is outside"):
        check_calendar(model_with(calendar()), month)


def test_a_calendar_of_weeks_is_refused() -> None:
    with pytest.raises(SettingWrong, match=r"Weeks: 4-4-5"):
        check_calendar(model_with(calendar("Weeks: 4-4-5, 4-5-4 or 5-4-4")), OCTOBER)


def test_a_calendar_that_says_nothing_forbids_nothing() -> None:
    check_calendar(model_with({"modelCalendar": {}}), OCTOBER)
    check_calendar(model_with(calendar(end="soon")), OCTOBER)


def test_a_leap_day_ends_a_fiscal_year() -> None:
    check_calendar(model_with(calendar(end="2028-02-29", future=1)), date(2029, 2, 1))


def test_the_calendar_is_asked_for_once() -> None:
    model = model_with(calendar())
    check_calendar(model, OCTOBER)
    check_calendar(model, OCTOBER)
    assert len(model.http.asked) == 1


def versions(**actual: object) -> dict:
    return {"versions": {"versionMetadata": [{"name": "Budget"}, {"name": "Actual", "isActual": True, **actual}]}}


def test_a_version_that_exists_passes() -> None:
    check_version(model_with(versions()), "Actual", OCTOBER)
    check_version(model_with(versions(editFrom="2026-10-15", editTo="2026-10-31")), "Actual", OCTOBER)


@pytest.mark.parametrize("edit", [{"editFrom": "2026-11-01"}, {"editTo": "2026-09-30"}])
def test_a_version_that_may_not_be_edited_in_the_month_is_refused(edit: dict) -> None:
    with pytest.raises(SettingWrong, match=r"'Actual' may be edited from"):
        check_version(model_with(versions(**edit)), "Actual", OCTOBER)


def test_a_version_that_does_not_exist_names_the_actual_one() -> None:
    model = model_with(versions())
    for _ in range(2):
        with pytest.raises(
            SettingWrong, match=r"no version 'Ist' \(it has: Budget, Actual; the actual one is Actual\)"
        ):
            check_version(model, "Ist", OCTOBER)
    assert len(model.http.asked) == 1


def test_members_are_looked_up_by_code_or_name_in_any_case_and_in_batches() -> None:
    def found(sent):
        return {
            "items": [{"id": "1", "code": code.upper(), "name": "x"} for code in sent.json["codes"] if code != "c1500"]
        }

    model = model_with({"dimensions/101000000001/items": found})
    assert missing_members(model, "101000000001", {f"c{n}" for n in range(1501)}) == ["c1500"]
    assert [len(sent.json["codes"]) for _, _, sent in model.http.asked] == [1000, 501]


def test_a_dimension_without_codes_is_looked_up_by_name() -> None:
    def found(sent):
        if "codes" in sent.json:
            return RequestRejected("400.", "No codes.", "Names.", status=400)
        return {"items": [{"id": "1", "name": "Sales"}]}

    assert missing_members(model_with({"dimensions/1/items": found}), "1", ["Sales", "Costs"]) == ["Costs"]


def test_another_refusal_of_a_look_up_is_an_error() -> None:
    refused = RequestRejected("404.", "No access.", "Ask.", status=404)
    with pytest.raises(RequestRejected):
        missing_members(model_with({"dimensions/1/items": refused}), "1", ["Sales"])


def test_lists_are_found_by_exact_name() -> None:
    model = model_with({"lists": {"lists": [{"id": "101000000001", "name": "Accounts"}]}})
    assert (dimension_id(model, "Accounts"), dimension_id(model, "accounts")) == ("101000000001", None)
