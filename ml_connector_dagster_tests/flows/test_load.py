"""A slice on its way to Anaplan, against the sandbox's model over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from ml_connector_dagster.audit.trail import verify
from ml_connector_dagster.errors import FiguresDiffer, LoadIncomplete, OutcomeUnknown, TemporarilyRefused
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.sandbox.server import Running
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.tables.loads import rejected_row
from ml_connector_dagster_tests.flows.office import ACTUALS, CELLS, Office, money, office

FIGURES = money(CELLS)
OTHERS = {("200", "UK-a"): "7.00", ("260", "UK-b"): "-3.10"}


@contextmanager
def shaped(server: Running, store: Store, folder: Path, change: dict[str, object]) -> Iterator[Office]:
    """An office whose actuals import or model differs."""

    def shape(definition: dict) -> None:
        for name, value in change.items():
            if name in definition:
                definition[name] = value
            else:
                next(one for one in definition["imports"] if one["name"] == "Actuals from Xero")[name] = value

    with office(server, store, folder, shape=shape) as opened:
        yield opened


def test_a_loaded_slice_is_read_back_and_verified(desk: Office) -> None:
    outcome = load_target(desk.connection(), desk.plan(CELLS), run_id="r")
    assert (outcome.state, outcome.verdict, outcome.sent, outcome.rows) == ("verified", "LOADED", True, 3)
    assert desk.figures() == FIGURES
    row = desk.rows()[0]
    stamps = [row.planned_at, row.uploaded_at, row.intended_at, row.started_at, row.finished_at, row.verified_at]
    assert stamps == sorted(stamps)
    assert (row.run_id, row.starts, row.adopted, row.error) == ("r", 1, False, "")
    assert desk.known_tasks() == {outcome.task_id: "started"}
    assert verify(desk.store) == []


def test_every_state_has_its_line_in_the_audit_trail(desk: Office) -> None:
    from ml_connector_dagster.audit.trail import events

    load_target(desk.connection(), desk.plan(CELLS), run_id="r")
    names = [one.event for one in events(desk.store, "uk")]
    assert names == ["planned", "routed", "uploaded", "intended", "started", "finished", "verified"]


def test_a_second_run_of_the_same_file_changes_no_cell(desk: Office) -> None:
    load_target(desk.connection(), desk.plan(CELLS), run_id="r")
    outcome = load_target(desk.connection(), desk.plan(CELLS), run_id="r", force=True)
    assert outcome.sent
    assert desk.figures() == FIGURES


def test_a_file_that_is_verified_already_is_not_sent(desk: Office) -> None:
    first = load_target(desk.connection(), desk.plan(CELLS), run_id="r")
    outcome = load_target(desk.connection(), desk.plan(CELLS), run_id="r")
    assert (outcome.state, outcome.sent, outcome.task_id) == ("skipped", False, first.task_id)
    assert len(desk.tasks) == 1


def test_a_changed_file_is_sent(desk: Office) -> None:
    load_target(desk.connection(), desk.plan(CELLS), run_id="r")
    load_target(desk.connection(), desk.plan(OTHERS), run_id="r")
    assert desk.figures() == money(OTHERS)


def test_two_connections_share_a_model_and_leave_each_other_alone(desk: Office) -> None:
    load_target(desk.connection("uk"), desk.plan(CELLS), run_id="r")
    load_target(desk.connection("ie"), desk.plan(OTHERS, connection="ie"), run_id="r")
    assert desk.figures() == FIGURES
    assert desk.figures(entity="IE") == money(OTHERS)


def test_a_list_load_is_verified_by_its_members(desk: Office) -> None:
    outcome = load_target(desk.connection(), desk.list_plan({"UK-new": "New customer"}), run_id="r")
    assert outcome.state == "verified"
    assert "UK-new" in {member.code for member in desk.model.list_named("Customers").items()}


def test_a_list_is_one_slice_whatever_the_period(desk: Office) -> None:
    load_target(desk.connection(), desk.list_plan({"UK-new": "New customer"}, period="2026-09"), run_id="r")
    outcome = load_target(desk.connection(), desk.list_plan({"UK-new": "New customer"}, period="2026-10"), run_id="r")
    assert outcome.state == "skipped"


def test_rejected_rows_are_kept_with_their_source_lines_and_remedy(desk: Office) -> None:
    cells = {**CELLS, ("999", "UK-a"): "5.00"}
    with pytest.raises(
        LoadIncomplete, match=r"1 of 4 rows rejected \(file line 5\); the first: Invalid name: Account.*Load the list"
    ):
        load_target(desk.connection(), desk.plan(cells), run_id="r")
    row = desk.rows()[0]
    assert (row.state, row.verdict, row.rows_rejected) == ("refused", "PARTIAL", 1)
    assert rejected(desk) == [(5, "E", "999", "record-5")]
    assert row.dump_blob is not None


def test_a_row_taken_without_one_of_its_cells_is_no_whole_load(
    planning_server: Running, sqlite_store: Store, tmp_path: Path
) -> None:
    """Anaplan calls it a warning and the task successful; the figures read back are even equal."""

    def shape(definition: dict) -> None:
        found = {one["name"]: one for one in (*definition["files"], *definition["modules"], *definition["imports"])}
        found["actuals.csv"]["headers"].append("Rate")
        found["Actuals"]["line_items"].append({"name": "Rate"})
        found["Actuals from Xero"]["columns"]["Rate"] = {"line_item": "Rate"}

    module = ACTUALS.model_copy(update={"columns": {**ACTUALS.columns, "Rate": "=late"}})
    row = {"Entity": "UK", "Version": "Actual", "Period": "2026-10-01", "Account": "200", "Customer": "UK-a",
           "Region": "unassigned", "amount": Decimal("1.50"), "Rate": "late"}  # fmt: skip
    with office(planning_server, sqlite_store, tmp_path, shape=shape) as desk:
        taken = r"1 of 1 rows taken without some of their cells \(file line 2\); the first: Invalid number: late"
        with pytest.raises(LoadIncomplete, match=taken):
            load_target(desk.connection(), desk.plan_of([row], module, period="2026-10"), run_id="r")
        assert rejected(desk) == [(2, "W", "200", "record-2")]
        assert [(one.verdict, one.rows_rejected) for one in desk.rows()] == [("PARTIAL", 1)]
        assert desk.figure("200") == Decimal("1.50")


def test_a_partial_load_is_right_after_the_fix_and_a_second_load(desk: Office) -> None:
    cells = {**CELLS, ("999", "UK-a"): "5.00"}
    with pytest.raises(LoadIncomplete):
        load_target(desk.connection(), desk.plan(cells), run_id="r")
    desk.model.list_named("Accounts").create("Account 999", "999", None)
    assert load_target(desk.connection(), desk.plan(cells), run_id="r").state == "verified"
    assert desk.figure("999") == Decimal("5.00")


def test_a_dump_that_is_gone_is_said_and_no_error_of_its_own(desk: Office) -> None:
    desk.plant(dump_gone=True)
    with pytest.raises(LoadIncomplete, match=r"1 of 4 rows rejected; Anaplan no longer has the list"):
        load_target(desk.connection(), desk.plan({**CELLS, ("999", "UK-a"): "5.00"}), run_id="r")
    assert rejected(desk) == []


def test_ignored_rows_fail_the_load(planning_server: Running, sqlite_store: Store, tmp_path: Path) -> None:
    with shaped(
        planning_server, sqlite_store, tmp_path, {"versions": [{"name": "Actual", "actual": True, "locked": True}]}
    ) as desk:
        with pytest.raises(LoadIncomplete, match=r"ignored 3 of 3 rows"):
            load_target(desk.connection(), desk.plan(CELLS), run_id="r")
        assert (desk.rows()[0].verdict, desk.rows()[0].rows_ignored) == ("LOADED_WITH_IGNORED", 3)


def test_a_failed_task_fails_the_load(desk: Office) -> None:
    desk.plant(fail="internalError")
    with pytest.raises(LoadIncomplete, match=r"failed: internalError.*ml-connector replay"):
        load_target(desk.connection(), desk.plan(CELLS), run_id="r")
    assert desk.rows()[0].verdict == "FAILED"


def test_a_cancelled_task_ends_the_load_within_one_look(desk: Office) -> None:
    desk.plant(ends="cancelled")
    with pytest.raises(LoadIncomplete, match=r"was cancelled by system"):
        load_target(desk.connection(), desk.plan(CELLS), run_id="r")
    assert desk.rows()[0].verdict == "CANCELLED"
    assert desk.hurry.slept == [1.0]


def test_a_task_past_its_deadline_is_left_running_and_settled_by_the_next_load(
    planning_server: Running, sqlite_store: Store, tmp_path: Path
) -> None:
    with office(planning_server, sqlite_store, tmp_path) as desk:
        desk.plant(seconds=3600.0)
        with pytest.raises(
            OutcomeUnknown, match=r"still IN_PROGRESS after 60 seconds|still NOT_STARTED after 60 seconds"
        ):
            load_target(
                desk.connection(patience=desk.hurry.patience(task_deadline_seconds=60.0)), desk.plan(CELLS), run_id="r"
            )
        assert (desk.rows()[0].state, desk.rows()[0].retry_at is not None) == ("started", True)
        desk.world.clock.advance(3600)
        desk.token.saved = None
        outcome = load_target(desk.connection(), desk.plan(CELLS), run_id="r")
        assert (outcome.state, len(desk.tasks), desk.rows()[0].state) == ("skipped", 1, "verified")


def test_a_load_that_a_later_plan_overtook_is_not_sent(desk: Office) -> None:
    """The later plan was made from later books: sending the older one would take the figures back."""
    from ml_connector_dagster.flows import load as flow

    connection = desk.connection()
    old = desk.book.plan(**flow._planned(connection, desk.plan(CELLS), "r"))
    load_target(connection, desk.plan(OTHERS), run_id="r")
    assert desk.book.get(old.id).state == "refused"
    with pytest.raises(TemporarilyRefused, match=r"overtaken by load 2"):
        flow._refuse_the_overtaken(desk.book, desk.book.get(old.id))
    assert desk.figures() == money(OTHERS)


def test_a_planned_load_that_a_later_one_passed_is_ended(desk: Office) -> None:
    from ml_connector_dagster.flows import load as flow

    facts = flow._planned(desk.connection(), desk.plan(CELLS), "r")
    old, new = desk.book.plan(**facts), desk.book.plan(**facts)
    desk.book.note(new, "reached", intended_at=desk.store.now())
    with pytest.raises(TemporarilyRefused, match=r"overtaken by load 2"):
        flow._refuse_the_overtaken(desk.book, old)
    assert (desk.book.get(old.id).state, desk.book.get(old.id).retry_at) == ("refused", None)


def test_a_cent_that_somebody_changed_in_the_model_is_found_and_named(desk: Office) -> None:
    desk.plant(seconds=0.0)
    connection = desk.connection()
    original = desk.tenant.tasks(desk.model)._finish

    def finish(task, at):  # a planner edits right after the import
        original(task, at)
        desk.edit("200", "1200.51")

    desk.tenant.tasks(desk.model)._finish = finish
    with pytest.raises(
        FiguresDiffer, match=r"of 2026-10 .* Account 200, Customer UK-a.* file has 1,200.50 and the model 1,200.51"
    ):
        load_target(connection, desk.plan(CELLS), run_id="r")


def test_a_stale_cell_that_no_row_zeroes_is_found(
    planning_server: Running, sqlite_store: Store, tmp_path: Path
) -> None:
    with shaped(planning_server, sqlite_store, tmp_path, {"clear": {}}) as desk:
        load_target(desk.connection(), desk.plan(CELLS), run_id="r")
        with pytest.raises(FiguresDiffer, match=r"the file has 0.00 and the model 310.00"):
            load_target(
                desk.connection(), desk.plan({("200", "UK-a"): "1200.50", ("200", "UK-b"): "99.99"}), run_id="r"
            )


@pytest.mark.parametrize("clear", [{}, None])
def test_zero_rows_make_a_vanished_cell_right_under_every_clear_option(
    planning_server: Running, sqlite_store: Store, tmp_path: Path, clear
) -> None:
    change = {} if clear is None else {"clear": clear}
    with shaped(planning_server, sqlite_store, tmp_path, change) as desk:
        load_target(desk.connection(), desk.plan(CELLS), run_id="r")
        load_target(desk.connection(), desk.plan({**CELLS, ("400", "unassigned"): 0}), run_id="r")
        assert desk.figures() == {cell: amount for cell, amount in FIGURES.items() if cell != ("400", "unassigned")}


@pytest.mark.parametrize("broken", range(3))
def test_a_chunk_that_fails_ends_the_load_before_any_import(desk: Office, broken: int) -> None:
    desk.fault(f"/chunks/{broken}$", method="PUT", status=500, times=0)
    with pytest.raises(TemporarilyRefused):
        load_target(desk.connection(chunk_bytes=50), desk.plan(CELLS), run_id="r")
    assert (desk.rows()[0].state, desk.rows()[0].retry_at is not None, desk.tasks) == ("planned", True, [])
    desk.world.faults.clear()
    assert load_target(desk.connection(chunk_bytes=50), desk.plan(CELLS), run_id="r").state == "verified"


def test_a_chunk_whose_answer_is_lost_is_sent_again(desk: Office) -> None:
    fault = desk.fault("/chunks/1$", method="PUT", kind="answer_lost")
    assert load_target(desk.connection(chunk_bytes=50), desk.plan(CELLS), run_id="r").state == "verified"
    assert desk.world.faults.hits(fault) == 1


def test_a_file_that_arrived_short_is_found_by_its_row_count(desk: Office) -> None:
    files = desk.model.files
    original = files.for_import
    files.for_import = lambda definition, user: b"\r\n".join(original(definition, user).split(b"\r\n")[:3]) + b"\r\n"
    with pytest.raises(LoadIncomplete, match=r"read 2 rows; the file has 3"):
        load_target(desk.connection(), desk.plan(CELLS), run_id="r")


def rejected(desk: Office) -> list[tuple[int, str, str, str]]:
    with desk.store.read() as connection:
        rows = connection.execute(select(rejected_row)).all()
    return [(one.file_row, one.status, one.row["Account"], one.source_lines[0]["record_id"]) for one in rows]
