"""What is asked before anything of a slice is sent: is it held, does the import fit, do the members stand there."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ml_connector_dagster.errors import HeldForPerson, RequestRejected, SettingWrong, TemporarilyRefused
from ml_connector_dagster.flows.file_plan import Hold, HoldReason
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.flows.load_rows import MOST_ATTEMPTS
from ml_connector_dagster.sandbox.anaplan.demo_model import MODEL_ID
from ml_connector_dagster.store.locks import LockBusy, Locks
from ml_connector_dagster_tests.flows.office import ACTUALS, CELLS, Office


def test_a_held_plan_is_refused_without_a_trace_in_the_model(desk: Office) -> None:
    held = Hold(HoldReason.EMPTIED, "It had 40 lines and now reads none.", Decimal("-12.00"))
    with pytest.raises(HeldForPerson, match=r"reads none.*held release"):
        load_target(desk.connection(), desk.plan(CELLS, held=(held,)), run_id="r")
    assert desk.rows() == []


def test_an_unmapped_hold_cannot_be_released(desk: Office) -> None:
    held = Hold(HoldReason.UNMAPPED, "Account 999 has no member.")
    with pytest.raises(
        HeldForPerson, match=r"Complete the crosswalk with ml-connector mapping suggest uk ledger_account"
    ):
        load_target(desk.connection(), desk.plan(CELLS, held=(held,)), run_id="r")


def test_a_wrong_order_of_columns_is_named_before_anything_is_sent(desk: Office) -> None:
    target = ACTUALS.model_copy(update={"columns": dict(sorted(ACTUALS.columns.items()))})
    plan = desk.plan(CELLS)
    with pytest.raises(SettingWrong, match=r"Column 1 of the file is 'Account', but .* expects 'Entity'"):
        load_target(desk.connection(), desk.plan(CELLS, target=target, header=tuple(sorted(plan.header))), run_id="r")
    assert (desk.rows()[0].state, desk.tasks) == ("refused", [])


def test_a_missing_import_action_names_what_there_is(desk: Office) -> None:
    target = ACTUALS.model_copy(update={"import_action": "Actuals from Zero"})
    with pytest.raises(SettingWrong, match=r"no import action or process 'Actuals from Zero'.*Actuals from Xero"):
        load_target(desk.connection(), desk.plan(CELLS, target=target), run_id="r")


def test_an_import_this_login_may_not_see_says_so(desk: Office) -> None:
    next(iter(desk.tenant.users.values())).denied = {desk.import_id}
    with pytest.raises(SettingWrong, match=r"no import action .* this login's role may not see it"):
        load_target(desk.connection(), desk.plan(CELLS), run_id="r")


def test_an_import_this_login_may_not_run_says_so(desk: Office) -> None:
    desk.fault("/tasks$", method="POST", status=404, body="{}")
    with pytest.raises(RequestRejected, match=r"may see it and not run it"):
        load_target(desk.connection(), desk.plan(CELLS), run_id="r")
    row = desk.rows()[0]
    assert (row.state, row.retry_at, row.task_id) == ("refused", None, None)


def test_a_module_without_read_back_is_refused(desk: Office) -> None:
    target = ACTUALS.model_copy(update={"read_back": None})
    with pytest.raises(SettingWrong, match=r"no read_back"):
        load_target(desk.connection(), desk.plan(CELLS, target=target), run_id="r")
    assert desk.tasks == []


def test_an_import_that_clears_more_than_the_file_holds_is_refused(desk: Office) -> None:
    target = ACTUALS.model_copy(update={"clear": {**ACTUALS.clear, "Period": "all"}})
    with pytest.raises(SettingWrong, match=r"clears all of 'Period'"):
        load_target(desk.connection(), desk.plan(CELLS, target=target), run_id="r")


def test_a_month_outside_the_models_calendar_is_refused(desk: Office) -> None:
    with pytest.raises(SettingWrong, match=r"calendar runs from .* 2040-01 is outside"):
        load_target(desk.connection(), desk.plan(CELLS, period="2040-01"), run_id="r")


def test_a_version_the_model_does_not_have_is_refused_with_the_actual_one(desk: Office) -> None:
    target = ACTUALS.model_copy(update={"columns": {**ACTUALS.columns, "Version": "=Ist"}})
    with pytest.raises(SettingWrong, match=r"no version 'Ist'.*the actual one is Actual"):
        load_target(desk.connection(), desk.plan(CELLS, target=target), run_id="r")


def test_missing_members_wait_for_their_list(desk: Office) -> None:
    needed = {"Customer": frozenset({"UK-a", "UK-nobody"})}
    with pytest.raises(TemporarilyRefused, match=r"1 of 2 members .* 'Customers': 'UK-nobody'"):
        load_target(desk.connection(), desk.plan(CELLS, members_needed=needed), run_id="r")
    row = desk.rows()[0]
    assert (row.state, row.retry_at is not None, desk.tasks) == ("planned", True, [])


def test_members_that_exist_or_stand_in_no_list_hold_nothing_up(desk: Office) -> None:
    needed = {
        "Customer": frozenset({"UK-a"}),
        "Region": frozenset(),
        "Version": frozenset({"Actual"}),
        "Note": frozenset({"x"}),
    }
    assert load_target(desk.connection(), desk.plan(CELLS, members_needed=needed), run_id="r").state == "verified"


def test_waiting_loads_are_given_up_after_their_last_attempt(desk: Office) -> None:
    needed = {"Customer": frozenset({"UK-nobody"})}
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(TemporarilyRefused):
            load_target(desk.connection(), desk.plan(CELLS, members_needed=needed), run_id="r")
    rows = desk.rows()
    assert [row.attempt for row in rows] == list(range(1, MOST_ATTEMPTS + 1))
    assert (rows[-1].state, rows[-1].retry_at) == ("refused", None)
    waits = [(row.retry_at - row.planned_at).total_seconds() for row in rows[:-1]]
    assert waits == sorted(waits)


@pytest.mark.parametrize(
    ("state", "error", "words"), [("ARCHIVED", SettingWrong, "archived"), ("LOCKED", TemporarilyRefused, "locked")]
)
def test_a_model_that_is_not_open_is_named(desk: Office, state: str, error: type, words: str) -> None:
    desk.model.state = state
    with pytest.raises(error, match=words):
        load_target(desk.connection(), desk.plan(CELLS), run_id="r")
    row = desk.rows()[0]
    assert (row.state, row.retry_at is not None) == (("refused", False) if state == "ARCHIVED" else ("planned", True))


def test_a_busy_lease_sets_the_retry_time_and_ends_the_run(desk: Office) -> None:
    with Locks(desk.store).hold(f"anaplan_model_{MODEL_ID}", wait_seconds=0), pytest.raises(LockBusy):
        load_target(desk.connection(), desk.plan(CELLS), run_id="r")
    row = desk.rows()[0]
    assert (row.state, row.retry_at is not None, desk.tasks) == ("planned", True, [])
    assert load_target(desk.connection(), desk.plan(CELLS), run_id="r").state == "verified"
    assert [one.state for one in desk.rows()] == ["refused", "verified"]
