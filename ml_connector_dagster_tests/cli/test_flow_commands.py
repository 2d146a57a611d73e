"""fields, kit, mapping, preview and held, over a little company whose October was read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from click.testing import CliRunner, Result

from ml_connector_dagster.audit import trail
from ml_connector_dagster.cli.main import main
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.environment import Environment
from ml_connector_dagster_tests.flows.little_company import LittleConnection, little
from ml_connector_dagster_tests.flows.past import loaded

OCT = "2026-10"


class OneConnection:
    """A connector that knows the little company alone."""

    def __init__(self, connection: LittleConnection) -> None:
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def connection(self, name: str) -> LittleConnection:
        assert name == "uk"
        return self._connection

    def names(self) -> tuple[str, ...]:
        return ("uk",)


@pytest.fixture(scope="module")
def read_home(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("read") / "home"
    home.mkdir()
    shutil.copy(sqlite_template, home / "state.db")
    store = Store.open(Environment.read({"ML_CONNECTOR_HOME": str(home)}))
    little(store, home / "company").pull(OCT)
    store.close()
    return home


@pytest.fixture
def company(read_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LittleConnection]:
    home = tmp_path / "home"
    shutil.copytree(read_home, home)
    store = Store.open(Environment.read({"ML_CONNECTOR_HOME": str(home)}))
    connection = little(store, home / "company")
    monkeypatch.setattr(Connector, "of_process", lambda: OneConnection(connection))
    monkeypatch.chdir(tmp_path)
    yield connection
    store.close()


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), env={"COLUMNS": "300"})


def rows(*words: str) -> list[dict[str, Any]]:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_fields_lists_the_company_s_own_categories(company: LittleConnection) -> None:
    names = {row["name"] for row in rows("fields", "uk")}
    assert {"period", "ledger_account", "tracking.Region", "amount", "account_class"} <= names


def test_kit_writes_a_page_and_a_sample_per_target(company: LittleConnection, tmp_path: Path) -> None:
    written = [Path(row["file"]).name for row in rows("kit", "uk")]
    assert written[0] == "README.md"
    assert "actuals.csv" in written
    assert (tmp_path / "kit_uk" / "accounts.csv").exists()
    assert rows("kit", "uk", "--out", str(tmp_path / "elsewhere"))
    assert (tmp_path / "elsewhere" / "README.md").exists()


def test_preview_summarises_every_target_as_json(company: LittleConnection, tmp_path: Path) -> None:
    by_target = {row["target"]: row for row in rows("preview", "uk", OCT, "--offline")}
    assert set(by_target) == {"accounts", "customers", "actuals", "balances", "invoice_register"}
    assert by_target["actuals"]["total"].startswith("190.75")
    assert (tmp_path / "preview" / f"uk_actuals_{OCT}.csv").exists()


def test_preview_shows_totals_changes_and_what_is_unmapped(company: LittleConnection) -> None:
    company.map_accounts({"acc-200": "200", "acc-260": "260"})
    result = run("preview", "uk", OCT, "--target", "actuals", "--offline")
    assert result.exit_code == 0, result.output
    for text in (
        "actuals: totals",
        "cells differ from an empty model",
        "actuals: without a member",
        "Advertising",
        "30.25",
    ):
        assert text in result.output
    assert "ml-connector mapping suggest uk ledger_account" in result.stderr


def test_preview_names_the_load_it_is_compared_with(company: LittleConnection) -> None:
    row = loaded(company, translate(company, "actuals", OCT, ask_model=False))
    company.books.bill("late", "2026-10-31", a429="1.00")
    company.pull(OCT)
    result = run("preview", "uk", OCT, "--target", "actuals", "--target", "customers", "--offline")
    assert f"actuals: 1 cells differ from load {row.id}" in result.output


def test_preview_of_an_unchanged_slice_shows_no_changes(company: LittleConnection) -> None:
    loaded(company, translate(company, "actuals", OCT, ask_model=False))
    result = run("preview", "uk", OCT, "--target", "actuals")
    assert "differ" not in result.output


def test_a_period_that_is_none_ends_with_the_exit_code_of_a_wrong_setting(company: LittleConnection) -> None:
    assert run("preview", "uk", "October").exit_code == 2


def test_a_period_never_read_ends_with_the_exit_code_of_a_hold(company: LittleConnection) -> None:
    result = run("preview", "uk", "2026-08", "--target", "actuals")
    assert result.exit_code == 8
    assert "Materialize the source entities of 2026-08 first." in result.stderr


def test_what_is_held_is_listed_and_released_by_name(company: LittleConnection) -> None:
    loaded(company, translate(company, "actuals", OCT, ask_model=False))
    company.books.docs.clear()
    company.pull(OCT)
    translate(company, "actuals", OCT, ask_model=False)
    (held,) = rows("held", "list")
    assert (held["connection"], held["target"], held["period"]) == ("uk", "actuals", OCT)
    result = run("held", "release", "uk", "actuals", OCT, "--by", "ann")
    assert result.exit_code == 0
    assert "Released by ann: actuals 2026-10, -190.75" in result.stderr
    assert rows("held", "list", "uk") == []
    assert run("held", "release", "uk", "actuals", OCT, "--by", "ann").exit_code == 2
    (event,) = [one for one in trail.events(company.store, "uk") if one.event == "hold_released"]
    assert (event.facts["by"], event.facts["delta"], event.facts["period"]) == ("ann", "-190.75", OCT)
    assert trail.verify(company.store, "uk") == []


def test_a_crosswalk_is_exported_edited_and_imported(company: LittleConnection, tmp_path: Path) -> None:
    company.map_accounts({"acc-200": "200"})
    assert {row["source_code"]: row["member"] for row in rows("mapping", "export", "uk", "ledger_account")}["400"] == ""
    edited = tmp_path / "accounts.csv"
    result = run("mapping", "export", "uk", "ledger_account", "--out", str(edited))
    assert "7 records written" in result.stderr
    edited.write_text(edited.read_text().replace("acc-400,400,Advertising,", "acc-400,400,Advertising,4000"))
    (done,) = rows("mapping", "import", "uk", "ledger_account", str(edited))
    assert (done["rows"], done["open_rows"]) == (7, 5)


def test_suggestions_say_why_and_can_be_written_to_look_over(company: LittleConnection, tmp_path: Path) -> None:
    company.settings = company.settings.model_copy(
        update={"lists": (), "modules": ()}
    )  # no list is known: own codes alone
    company.map_accounts({"acc-200": "200"})
    found = rows("mapping", "suggest", "uk", "ledger_account", "--own-codes", "--out", str(tmp_path / "filled.csv"))
    assert {row["because"] for row in found} == {"own code"}
    assert "acc-400,400,Advertising,400" in (tmp_path / "filled.csv").read_text()
    assert rows("mapping", "suggest", "uk", "ledger_account")[0]["because"] == ""
