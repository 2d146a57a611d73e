"""The same chain over the sandbox's Xero: 200-person books in two tenants, their own ledger, residual classes and all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from ml_connector_dagster.anaplan.patience import Patience
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.flows.pull import PullOutcome, pull
from ml_connector_dagster.flows.reparse import reparse
from ml_connector_dagster.flows.tie_out import tie_out
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster.sources.xero import parse
from ml_connector_dagster.staging.snapshots import Staging
from ml_connector_dagster_tests.connections.sandboxed import DEMO, connected, variables

PERIOD = "2026-10"
MODULES = ("actuals", "balances", "invoice_register")


@pytest.fixture(scope="module")
def connector(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Connector]:
    """Both demo companies, connected to a sandbox of this module's own."""
    folder = tmp_path_factory.mktemp("xero")
    with running(World.new(task_seconds=0.0)) as sandbox:
        shell = variables(folder, sandbox.base_url, sqlite_template)
        shutil.copytree(DEMO / "calder_ie", folder / "defs" / "calder_ie")
        with connected(shell) as opened:
            yield opened


@pytest.fixture(scope="module")
def pulling(connector: Connector) -> tuple[dict[str, dict[str, PullOutcome]], int]:
    """Connection and entity to what reading the period answered; and how many requests Xero saw meanwhile."""
    before = _requests_seen(connector)
    outcomes = {
        name: {entity.name: pull(opened, entity.name, PERIOD) for entity in opened.source.entities}
        for name in connector.names()
        for opened in [connector.connection(name)]
    }
    return outcomes, _requests_seen(connector) - before


@pytest.fixture(scope="module")
def pulled(pulling: tuple[dict[str, dict[str, PullOutcome]], int]) -> dict[str, dict[str, PullOutcome]]:
    return pulling[0]


@pytest.fixture(scope="module")
def loaded(connector: Connector, pulled: dict[str, dict[str, PullOutcome]]) -> Connector:
    """Everything of the period in the model."""
    for name in connector.names():
        opened = connector.connection(name)
        opened.model().patience = Patience(first_look_seconds=0.01, look_seconds=0.02)
        for target in (*(one.name for one in opened.settings.lists), *MODULES):
            load_target(opened, translate(opened, target, PERIOD), run_id="test")
    return connector


@pytest.mark.parametrize("name", ["calder_uk", "calder_ie"])
def test_a_period_is_translated_anew_from_its_kept_answers_without_a_call(
    connector: Connector, pulled: dict[str, dict[str, PullOutcome]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same answers and same parser make the same rows, ledger lines included; another parser makes its own due."""
    opened = connector.connection(name)
    calls = opened.source_calls
    again = {one.entity: one for one in reparse(opened, PERIOD)}
    assert list(again) == [entity.name for entity in opened.source.entities]
    assert [one for one in again.values() if one.changed or one.says] == []
    assert {entity: one.records for entity, one in again.items()} == {e: one.records for e, one in pulled[name].items()}
    staging = Staging(opened.store, opened.blobs)
    assert "ledger_lines" not in staging.dirty(name)

    with monkeypatch.context() as another_parser:
        another_parser.setattr(parse, "fingerprint", lambda *parts: "another")
        (moved,) = reparse(opened, PERIOD, ("bills",))
    assert (moved.changed, moved.records) == (True, again["bills"].records)
    assert "ledger_lines" in staging.dirty(name)
    assert [one.changed for one in reparse(opened, PERIOD, ("bills", "ledger_lines"))] == [True, False]
    assert opened.source_calls == calls
    with pytest.raises(SettingWrong, match="never read"):
        reparse(opened, "2026-09")


@pytest.mark.parametrize("name", ["calder_uk", "calder_ie"])
@pytest.mark.parametrize("target", MODULES)
def test_books_staged_and_anaplan_agree_for_both_companies(loaded: Connector, name: str, target: str) -> None:
    result = tie_out(loaded.connection(name), target, PERIOD)
    assert result.holds, result.says
    assert result.unexplained == Decimal("0.00")
    assert result.staged == result.anaplan
    assert result.books == result.staged + sum(result.residuals.values())


def test_a_pull_makes_the_calls_that_the_formula_says(pulled: dict[str, dict[str, PullOutcome]]) -> None:
    for outcomes in pulled.values():
        made = {name: one.calls for name, one in outcomes.items() if name != "ledger_lines"}
        assert made == {name: one.expected_calls for name, one in outcomes.items() if name != "ledger_lines"}
        lines = outcomes["ledger_lines"]
        assert lines.expected_calls is not None
        assert lines.calls >= lines.expected_calls  # by need: documents that stand in no staged period


def test_the_calls_that_a_pull_reports_are_those_that_xero_saw(
    pulling: tuple[dict[str, dict[str, PullOutcome]], int],
) -> None:
    outcomes, seen = pulling
    assert sum(one.calls for entities in outcomes.values() for one in entities.values()) == seen


def test_nothing_of_the_period_was_refused(pulled: dict[str, dict[str, PullOutcome]]) -> None:
    assert {one.quarantined for outcomes in pulled.values() for one in outcomes.values()} == {0}


def test_the_books_were_met_at_rest(pulled: dict[str, dict[str, PullOutcome]]) -> None:
    assert {outcomes["ledger_lines"].moved for outcomes in pulled.values()} == {""}


def _requests_seen(connector: Connector) -> int:
    log = httpx.get(
        f"{connector.environment.sandbox_url}/_control/log",
        params={"vendor": "xero", "path": "/api.xro/"},
        verify=False,
    )
    return int(log.json()["count"])
