"""Figures read back against figures sent, cell by cell."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from ml_connector_dagster.errors import FiguresDiffer, LoadIncomplete, RequestRejected, SettingWrong
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.flows.verify import verify_load
from ml_connector_dagster.store.faultpoints import planted
from ml_connector_dagster_tests.flows.office import ACTUALS, CUSTOMER_LIST, Office

A = {("200", "UK-a"): "1200.50", ("400", "UK-b"): "99.99", ("260", "UK-a"): 0}


@pytest.fixture
def loaded(desk: Office) -> Office:
    load_target(desk.connection(), desk.plan(A), run_id="r")
    return desk


def said(desk: Office) -> str:
    connection = desk.connection()
    return str(verify_load(connection.model(), connection.store, connection.blobs, desk.rows()[-1]) or "")


def test_a_loaded_slice_stays_verified(loaded: Office) -> None:
    assert said(loaded) == ""


@pytest.mark.parametrize(
    ("account", "value", "how"),
    [
        ("200", "1200.51", "Account 200, .* the file has 1,200.50 and the model 1,200.51"),
        ("200", "-1200.50", "Account 200, .* the file has 1,200.50 and the model -1,200.50"),
        ("200", "0", "Account 200, .* the file has 1,200.50 and the model 0.00"),
        ("429", "0.01", "Account 429, .* the file has 0.00 and the model 0.01"),
        ("260", "3.125", "Account 260, .* the file has 0.00 and the model 3.125"),
    ],
)
def test_any_cell_that_differs_by_a_cent_is_named_with_its_period(
    loaded: Office, account: str, value: str, how: str
) -> None:
    loaded.edit(account, value)
    connection = loaded.connection()
    error = verify_load(connection.model(), connection.store, connection.blobs, loaded.rows()[-1])
    assert isinstance(error, FiguresDiffer)
    with pytest.raises(FiguresDiffer, match=f"of 2026-10 .* Period Oct 26, {how}"):
        raise error


def test_the_largest_difference_is_named_and_the_others_counted(loaded: Office) -> None:
    loaded.edit("200", "1200.40")
    loaded.edit("429", "50")
    assert "Account 429" in said(loaded)
    assert "and 1 more cells" in said(loaded)


def test_less_than_half_a_cent_is_a_doubles_noise(loaded: Office) -> None:
    loaded.edit("200", "1200.5000000001")
    assert said(loaded) == ""


def test_other_months_and_entities_are_nobodys_difference(loaded: Office) -> None:
    at = {
        "Entities": "IE",
        "Versions": "Actual",
        "Time": "Oct 26",
        "Accounts": "200",
        "Customers": "UK-a",
        "Regions": "unassigned",
    }
    loaded.model.plant("Actuals", "Amount", at, "5")
    loaded.model.plant("Actuals", "Amount", {**at, "Entities": "UK", "Time": "Nov 26"}, "5")
    assert said(loaded) == ""


def test_a_member_that_left_the_model_is_a_difference(loaded: Office) -> None:
    accounts = loaded.model.list_named("Accounts")
    accounts.remove(accounts.find("200"))
    assert "the model has no '200' in Accounts" in said(loaded)


def test_columns_the_view_does_not_have_are_summed(desk: Office) -> None:
    assert ACTUALS.read_back is not None
    columns = {name: one for name, one in ACTUALS.read_back.columns.items() if name not in ("Customer", "Region")}
    summed = ACTUALS.read_back.model_copy(update={"view": "Actuals by account", "columns": columns})
    target = ACTUALS.model_copy(update={"read_back": summed})
    cells = {("200", "UK-a"): "10.25", ("200", "UK-b"): "5.50", ("400", "UK-a"): "-1"}
    assert load_target(desk.connection(), desk.plan(cells, target=target), run_id="r").state == "verified"
    desk.edit("200", "10.26")
    assert "the file has 15.75 and the model 15.76" in said(desk)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"view": "Nothing"}, "saved view"),
        ({"line_item": "Nothing"}, "Line items .* has no 'Nothing'"),
        ({"columns": {"Account": "Konten"}}, "no dimension 'Konten'"),
    ],
)
def test_a_read_back_that_does_not_fit_the_model_is_said_before_anything_is_sent(
    desk: Office, change: dict, words: str
) -> None:
    assert ACTUALS.read_back is not None
    target = ACTUALS.model_copy(update={"read_back": ACTUALS.read_back.model_copy(update=change)})
    with pytest.raises(SettingWrong, match=words):
        load_target(desk.connection(), desk.plan(A, target=target), run_id="r")
    assert (desk.rows()[0].state, desk.tasks) == ("refused", [])


def test_a_view_that_went_while_the_task_ran_ends_the_load_and_blocks_nobody(desk: Office) -> None:
    view = desk.model.view_named("Actuals by entity")
    connection = desk.connection()

    def rename(name: str) -> None:
        if name == "load.finished":
            view.name = "Renamed"
            desk.model.views.pop(view.id)

    with planted(rename), pytest.raises(RequestRejected):
        load_target(connection, desk.plan(A), run_id="r")
    row = desk.rows()[0]
    assert (row.state, row.retry_at, row.may_have_reached) == ("refused", None, True)
    desk.model.views[view.id] = view
    view.name = "Actuals by entity"
    assert load_target(desk.connection("ie"), desk.plan(A, connection="ie"), run_id="r").state == "verified"


def test_a_list_that_does_not_exist_by_that_name_is_said(desk: Office) -> None:
    target = CUSTOMER_LIST.model_copy(update={"anaplan_list": "Kunden"})
    plan = desk.list_plan({"UK-n": "New"})
    with pytest.raises(SettingWrong, match=r"no list 'Kunden'"):
        load_target(desk.connection(), replace(plan, target=target), run_id="r")


def test_members_that_did_not_arrive_are_counted_and_named(desk: Office) -> None:
    load_target(desk.connection(), desk.list_plan({"UK-n": "New", "UK-o": "Other"}), run_id="r")
    customers = desk.model.list_named("Customers")
    customers.remove(customers.find("UK-o"))
    connection = desk.connection()
    error = verify_load(connection.model(), connection.store, connection.blobs, desk.rows()[-1])
    assert isinstance(error, LoadIncomplete)
    assert "1 of 2 members of load 1 are not in the list 'Customers': 'UK-o' first" in str(error)


def test_the_total_of_a_load_is_its_files(loaded: Office) -> None:
    assert loaded.rows()[0].total == Decimal("1300.49")
