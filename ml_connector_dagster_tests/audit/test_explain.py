"""From a figure to the lines of the books, and from a refused row to its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from ml_connector_dagster.audit.explain import SourceLine, column_values, explain_cells, file_lines, remedy
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.sandbox.server import Running
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster_tests.flows.office import PERIOD, Office, office, planning_server

__all__ = ["planning_server"]
LAYOUT = {"encoding": "UTF-8", "separator": ",", "delimiter": '"'}


@pytest.fixture
def desk(planning_server: Running, sqlite_store: Store, tmp_path: Path) -> Iterator[Office]:
    with office(planning_server, sqlite_store, tmp_path) as opened:
        load_target(
            opened.connection(),
            opened.plan({("200", "UK-a"): "12.50", ("200", "UK-b"): "1", ("400", "UK-a"): "3"}),
            run_id="r",
        )
        yield opened


def explained(desk: Office, **where: str) -> list:
    return explain_cells(desk.store, desk.connection().blobs, ("uk", "actuals", PERIOD), where)


def test_a_figure_is_the_sum_of_the_lines_listed_for_it(desk: Office) -> None:
    (found,) = explained(desk, Account="200", Customer="UK-a")
    assert (found.amount, found.file_row, found.holds) == (Decimal("12.50"), 2, True)
    assert found.lines == (SourceLine("invoices", "record-2", "1", Decimal("12.5000000000")),)
    assert found.cell["Account"] == "200"


def test_every_cell_of_a_member_is_explained(desk: Office) -> None:
    assert [one.amount for one in explained(desk, Account="200")] == [Decimal("12.50"), Decimal(1)]
    assert len(explained(desk)) == 3


def test_a_column_the_file_lacks_names_those_it_has(desk: Office) -> None:
    with pytest.raises(SettingWrong, match=r"no column Konto.*Entity, Version, Period, Account"):
        explained(desk, Konto="200")


def test_a_slice_that_was_never_verified_is_said(desk: Office) -> None:
    with pytest.raises(SettingWrong, match=r"uk/actuals of 2026-09 has no verified load"):
        explain_cells(desk.store, desk.connection().blobs, ("uk", "actuals", "2026-09"), {})


def test_a_list_has_no_cells_to_explain(desk: Office) -> None:
    from ml_connector_dagster.audit.explain import explain_load

    with pytest.raises(SettingWrong, match=r"Load 7 has no cells"):
        explain_load(desk.connection().blobs, 7, ("", ""), {})


def test_lines_of_a_file_are_found_by_their_number(tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_text('Code,Name\r\na,"x, y"\r\nb,z\r\nb,\r\n', encoding="utf-8", newline="")
    assert list(file_lines(file, [2, 9], LAYOUT)) == [(2, {"Code": "a", "Name": "x, y"})]
    assert column_values(file, "Code", LAYOUT) == ["a", "b"]
    assert column_values(file, "Name", {**LAYOUT, "delimiter": ""}) == ['"x', "z"]


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("Invalid name: Account", "Load the list"),
        ("moduleImportInvalidListIdentifier", "Load the list"),
        ("Invalid date: 2026-13-01", "period_format"),
        ("Invalid number: junk", "decimal separator"),
        ("Invalid parent", "parent list"),
        ("hierarchyImportNameOrCodeExists", "names unique"),
        ("No write access", "write access"),
        ("something new", "builder of the import"),
    ],
)
def test_every_reason_has_a_remedy(reason: str, advice: str) -> None:
    assert advice in remedy(reason)
