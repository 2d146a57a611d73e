"""A state database that is lost or restored: the model is asked, what is not in the books is shown first and set to 0."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import pytest
from click.testing import CliRunner

from ml_connector_dagster.audit import trail
from ml_connector_dagster.cli import load as load_command
from ml_connector_dagster.cli.main import main
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.flows.file_plan import FROM_MODEL_TAG
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.flows.preview import preview
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.flows.zeroes import says_zeroes
from ml_connector_dagster.sandbox.server import Running
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.environment import Environment
from ml_connector_dagster_tests.cli.test_flow_commands import OneConnection
from ml_connector_dagster_tests.flows.little_company import ACTUALS, LittleConnection, little
from ml_connector_dagster_tests.flows.office import PERIOD, Office, office

STALE = ("UK", "Actual", "2026-10-01", "429", "UK-c-1", "UK-opt-north")


def _little_lists(definition: dict[str, Any]) -> None:
    lists = {entry["name"]: entry for entry in definition["lists"]}
    lists["Customers"]["items"] = [{"code": code, "name": code} for code in ("UK-c-1", "UK-c-2", "unassigned")]
    lists["Regions"]["items"] = [{"code": code, "name": code} for code in ("UK-opt-north", "unassigned")]


@pytest.fixture
def desk(planning_server: Running, sqlite_store: Store, tmp_path: Path) -> Iterator[Office]:
    with office(planning_server, sqlite_store, tmp_path, shape=_little_lists) as opened:
        yield opened


@pytest.fixture
def company(desk: Office, sqlite_store: Store, tmp_path: Path) -> LittleConnection:
    return _company(desk, sqlite_store, tmp_path / "company")


def _company(desk: Office, store: Store, folder: Path) -> LittleConnection:
    """The little company over a model, its October read."""
    opened = little(store, folder, model=desk.connection().model(), modules=[ACTUALS], lists=[])
    opened.pull(PERIOD)
    return opened


def _load(company: LittleConnection, **asked: bool) -> Any:
    return load_target(company, translate(company, "actuals", PERIOD, **asked), run_id="r", force=bool(asked))


def _stale(desk: Office, value: str = "5.00") -> None:
    at = dict(zip(("Entities", "Versions", "Accounts", "Customers", "Regions"), (*STALE[:2], *STALE[3:]), strict=True))
    desk.model.plant("Actuals", "Amount", {**at, "Time": "Oct 26"}, value)


def _figures(desk: Office) -> dict[str, Decimal]:
    at = {"Entities": "UK", "Versions": "Actual", "Time": "Oct 26", "Customers": "UK-c-1", "Regions": "UK-opt-north"}
    return {
        account: desk.model.read("Actuals", "Amount", {**at, "Accounts": account}) for account in ("200", "260", "429")
    }


def test_a_lost_state_database_zeroes_exactly_what_only_the_model_holds_and_says_so_before(
    desk: Office, company: LittleConnection, environment: Environment, sqlite_template: Path, tmp_path: Path
) -> None:
    assert _load(company).state == "verified"
    _stale(desk)
    company.store.close()
    shutil.copy(sqlite_template, environment.home / "state.db")
    (environment.home / "profile.json").unlink()
    fresh = Store.open(environment)
    again = _company(desk, fresh, tmp_path / "again")

    shown = preview(again, "actuals", PERIOD, tmp_path / "out")
    assert [(one.cell, one.stands) for one in shown.plan.zeroes] == [(STALE, Decimal("5.00"))]
    assert [(one.before, one.after) for one in shown.changes] == [(Decimal(5), Decimal(0))]
    assert "1 figure (5.00 in all) of uk/actuals 2026-10" in says_zeroes(shown.plan)
    assert _figures(desk)["429"] == 5  # shown, not done

    assert _load(again).state == "verified"
    assert _figures(desk) == {"200": Decimal(100), "260": Decimal("20.5"), "429": Decimal(0)}
    assert trail.events(fresh, "uk")[0].facts["zeroes_of_model"] == 1
    assert translate(again, "actuals", PERIOD).zeroes == ()
    fresh.close()


def test_a_restored_state_database_would_skip_and_loads_from_the_model_when_asked(
    desk: Office, company: LittleConnection, tmp_path: Path
) -> None:
    """The backup knows a load of A; B was loaded since, and the books are at A again: the model holds B."""
    _load(company)
    _stale(desk)
    assert not _load(company).sent
    assert _figures(desk)["429"] == 5
    shown = preview(company, "actuals", PERIOD, tmp_path / "out", from_model=True)
    assert (shown.compared_with, len(shown.plan.zeroes)) == (None, 1)
    outcome = _load(company, from_model=True)
    assert (outcome.sent, outcome.state) == (True, "verified")
    assert _figures(desk)["429"] == 0
    assert says_zeroes(translate(company, "actuals", PERIOD, from_model=True)) == ""


class _Webserver:
    """Remembers what was launched, and does it at once."""

    def __init__(self) -> None:
        self.launched: list[tuple[str, dict[str, str]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def launch(self, job: str, period: str, tags: dict[str, str]) -> str:
        self.launched.append((job, tags))
        return "run-1"

    def status(self, run_id: str) -> str:
        return "SUCCESS"


def test_the_command_shows_the_figures_asks_and_launches_the_tagged_run(
    desk: Office, company: LittleConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stale(desk)
    webserver = _Webserver()
    opened = OneConnection(company)
    opened.store = company.store  # type: ignore[attr-defined]
    monkeypatch.setattr(Connector, "of_process", lambda: opened)
    monkeypatch.setattr(load_command, "dagster_at", lambda _: webserver)
    words = ["load", "uk", PERIOD, "--from-model"]
    refused = CliRunner().invoke(main, words, input="n\n")
    assert "429, UK-c-1, UK-opt-north: 5.00" in refused.stderr
    assert webserver.launched == []
    assert CliRunner().invoke(main, [*words, "--yes", "--read"]).exit_code == 0
    assert [job for job, _ in webserver.launched] == ["uk_read", "uk_load"]
    assert [FROM_MODEL_TAG in tags for _, tags in webserver.launched] == [False, True]
