"""A load sent again, and the command line that does it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest
from click.testing import CliRunner

from ml_connector_dagster.cli import audit as audit_commands
from ml_connector_dagster.cli import replay as replay_commands
from ml_connector_dagster.errors import FiguresDiffer, LoadIncomplete, SettingWrong
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.flows.replay import replay
from ml_connector_dagster.sandbox.server import Running
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster_tests.flows.office import Office, office

CELLS = {("200", "UK-a"): "1200.50", ("999", "UK-b"): "99.99"}


@pytest.fixture
def desk(planning_server: Running, sqlite_store: Store, tmp_path: Path) -> Iterator[Office]:
    """An office whose first load was refused in part: account 999 was not in the list; now it is."""
    with office(planning_server, sqlite_store, tmp_path) as opened:
        with pytest.raises(LoadIncomplete):
            load_target(opened.connection(), opened.plan(CELLS), run_id="r")
        opened.model.list_named("Accounts").create("Account 999", "999", None)
        yield opened


class FakeConnector:
    """The office behind the command line's door."""

    def __init__(self, desk: Office) -> None:
        self.desk = desk
        self.store = desk.store
        self.blobs = desk.connection().blobs

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def connection(self, name: str) -> Any:
        return self.desk.connection(name)


@pytest.fixture
def run(desk: Office, monkeypatch: pytest.MonkeyPatch):
    door = SimpleNamespace(of_process=lambda: FakeConnector(desk))
    monkeypatch.setattr(audit_commands, "Connector", door)
    monkeypatch.setattr(replay_commands, "Connector", door)

    def invoke(*arguments: str) -> Any:
        command = {"replay": replay_commands.replay, "audit": audit_commands.audit}[arguments[0]]
        return CliRunner().invoke(command, arguments[1:], catch_exceptions=False, standalone_mode=False)

    return invoke


def test_a_replay_sends_the_whole_file_and_proves_it(desk: Office) -> None:
    outcome = replay(desk.connection(), 1, run_id="again", rejected=True)
    assert (outcome.state, outcome.sent, outcome.rows) == ("verified", True, 2)
    assert desk.figure("999", "UK-b") == Decimal("99.99")


def test_a_verified_load_can_be_replayed_over_an_edit(desk: Office) -> None:
    replay(desk.connection(), 1, run_id="again")
    desk.edit("200", "1.00")
    assert replay(desk.connection(), 2, run_id="again").sent
    assert desk.figure("200") == Decimal("1200.50")


def test_an_older_load_is_not_replayed_over_a_newer_one(desk: Office) -> None:
    replay(desk.connection(), 1, run_id="again")
    with pytest.raises(SettingWrong, match=r"Load 1 .* is not the newest: load 2 came later"):
        replay(desk.connection(), 1, run_id="again")


def test_a_load_without_rejected_rows_has_none_to_replay(desk: Office) -> None:
    replay(desk.connection(), 1, run_id="again")
    with pytest.raises(SettingWrong, match=r"Load 2 has no rejected rows"):
        replay(desk.connection(), 2, run_id="again", rejected=True)


def test_a_load_that_does_not_exist_is_said(desk: Office) -> None:
    with pytest.raises(SettingWrong, match=r"There is no load 77"):
        replay(desk.connection(), 77, run_id="again")


def test_a_load_that_never_found_its_import_is_replayed_too(desk: Office) -> None:
    action = desk.model.import_named("Actuals from Xero")
    action.name = "Renamed"
    with pytest.raises(SettingWrong):
        replay(desk.connection(), 1, run_id="again")
    action.name = "Actuals from Xero"
    assert replay(desk.connection(), 2, run_id="again").state == "verified"


def test_the_command_replays_and_prints_the_outcome(run) -> None:
    found = run("replay", "1", "--rejected", "--json")
    (row,) = json.loads(found.stdout)
    assert (row["load_id"], row["state"], row["connection"]) == (2, "verified", "uk")
    assert "read back and equal" in found.stderr


def test_audit_show_lists_loads_narrowed_by_connection_and_period(run) -> None:
    assert [row["state"] for row in json.loads(run("audit", "show", "--json").stdout)] == ["refused"]
    assert json.loads(run("audit", "show", "--connection", "ie", "--json").stdout) == []
    assert json.loads(run("audit", "show", "--period", "2026-09", "--json").stdout) == []


def test_audit_show_of_a_load_lists_its_rejected_rows_with_source_lines(run) -> None:
    found = run("audit", "show", "1", "--json")
    (row,) = json.loads(found.stdout)
    assert (row["file_row"], row["row"]["Account"], row["source_lines"][0]["record_id"]) == (3, "999", "record-3")
    assert "Load the list that lacks the member" in row["reason"]
    assert "Load 1: uk/actuals 2026-10, refused PARTIAL" in found.stderr


def test_audit_show_tells_a_loads_events(run) -> None:
    events = [row["event"] for row in json.loads(run("audit", "show", "1", "--events", "--json").stdout)]
    assert events == ["planned", "routed", "uploaded", "intended", "started", "finished", "refused"]


def test_audit_show_explains_a_cell(run) -> None:
    found = run("audit", "show", "1", "--cell", "Account=200", "--json")
    assert [row["record_id"] for row in json.loads(found.stdout)] == ["record-2"]
    assert "1,200.5" in found.stderr
    assert "= Σ of 1 lines" in found.stderr


def test_audit_show_explains_a_cell_as_the_last_verified_load_left_it(run, desk: Office) -> None:
    replay(desk.connection(), 1, run_id="again")
    of_slice = ("--connection", "uk", "--target", "actuals", "--period", "2026-10")
    found = run("audit", "show", *of_slice, "--cell", "Account=999", "--json")
    assert [row["record_id"] for row in json.loads(found.stdout)] == ["record-3"]
    with pytest.raises(SettingWrong, match="without the load"):
        run("audit", "show", *of_slice[:4], "--cell", "Account=999")


def test_a_cell_without_an_equals_sign_is_refused(run) -> None:
    with pytest.raises(SettingWrong, match=r"'Account' names no cell"):
        run("audit", "show", "1", "--cell", "Account")


def test_audit_verify_counts_and_finds_a_changed_load(run, desk: Office) -> None:
    from sqlalchemy import update

    from ml_connector_dagster.store.tables.loads import load

    assert "7 events checked, 0 broken" in run("audit", "verify").stderr
    with desk.store.begin() as connection:
        connection.execute(update(load).values(file_hash="other"))
    with pytest.raises(FiguresDiffer, match=r"broken in 1 place\."):
        run("audit", "verify", "--json")
