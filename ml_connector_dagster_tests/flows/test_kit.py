from __future__ import annotations

import csv

import pytest

from ml_connector_dagster.anaplan.actions import FileLayout, Route
from ml_connector_dagster.flows import kit as kit_flow
from ml_connector_dagster.flows.kit import SAMPLE_ROWS, write_kit
from ml_connector_dagster_tests.flows.little_company import ACTUALS, little


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


@pytest.fixture
def fresh(sqlite_store, tmp_path):
    return little(sqlite_store, tmp_path)


def test_before_anything_was_read_the_samples_are_made_up(fresh, tmp_path):
    kit = write_kit(fresh, tmp_path / "kit")
    samples = {path.name: rows(path) for path in kit.samples}
    assert samples["accounts.csv"] == [["Code", "Name", "Active", "Class"], ["200", "200 Sales", "true", "income"]]
    header, row = samples["actuals.csv"]
    assert header == list(ACTUALS["columns"])
    assert row[:2] == ["UK", "Actual"]
    assert row[-1] == "1234.56"
    assert row[header.index("Region")] == "tracking.Region"
    assert len(samples["invoice_register.csv"]) == 2


def test_what_was_read_fills_the_samples(october, tmp_path):
    kit = write_kit(october, tmp_path / "kit")
    samples = {path.name: rows(path) for path in kit.samples}
    assert ["UK-c-1", "Boom FM", "true"] in [
        [row[0], row[1].removeprefix("UK-c-1 "), row[2]] for row in samples["customers.csv"]
    ]
    assert len(samples["actuals.csv"]) == 5


def test_a_sample_is_cut_as_the_import_that_stands_already(october, tmp_path, monkeypatch):
    layout = FileLayout((), separator="\t", delimiter="", encoding="UTF-16LE", decimal_separator=",")
    route = Route("imports", "112000000001", "Actuals", "113000000001", layout, ())
    monkeypatch.setattr(kit_flow, "find_route", lambda model, wanted: route)
    kit = write_kit(october, tmp_path / "kit", as_built=True)
    (actuals,) = [path for path in kit.samples if path.name == "actuals.csv"]
    lines = actuals.read_bytes().decode("utf-16-le").splitlines()
    assert lines[0].split("\t") == list(ACTUALS["columns"])
    assert any(line.endswith("\t20,50") for line in lines)
    assert "UTF-16LE, tab between columns, no text delimiter, decimal comma" in kit.page.read_text(encoding="utf-8")


def test_a_sample_is_no_copy_of_the_whole_file(october, tmp_path):
    for number in range(SAMPLE_ROWS + 5):
        october.books.customers[f"c-9{number}"] = f"Customer {number}"
    october.pull("2026-10", "customers")
    kit = write_kit(october, tmp_path / "kit")
    (customers,) = [path for path in kit.samples if path.name == "customers.csv"]
    assert len(rows(customers)) == SAMPLE_ROWS + 1


def test_where_an_entity_beside_it_is_missing_a_made_up_row_does(fresh, tmp_path):
    fresh.pull("2026-10", "invoices", "bills", "ledger_lines")
    kit = write_kit(fresh, tmp_path / "kit")
    (actuals,) = [path for path in kit.samples if path.name == "actuals.csv"]
    assert len(rows(actuals)) == 2


def test_a_period_that_read_empty_gives_a_made_up_row(fresh, tmp_path):
    fresh.books.docs.clear()
    fresh.pull("2026-10")
    kit = write_kit(fresh, tmp_path / "kit")
    (actuals,) = [path for path in kit.samples if path.name == "actuals.csv"]
    assert rows(actuals)[1][-1] == "1234.56"


def test_the_page_says_import_match_clear_and_view_of_each_target(fresh, tmp_path):
    page = write_kit(fresh, tmp_path / "kit").page.read_text(encoding="utf-8")
    for sentence in (
        'over `actuals.csv` (UTF-8, comma between columns, texts in ", decimal point), one row per target cell',
        "Match on **code only**, mapped to `Code`",
        "Entity: clear *Mapped items in source*",
        "Account: clear *All items*",
        "Save a view **Balances by entity** that shows line item **Closing Balance** by Accounts, Entities, Time, Versions",
        "The period is written like `2026-10-01` (`iso_date`)",
        "Beside it the view shows **Date, Entity**: whose a document is",
        "one row per document; one that vanished is sent with amount 0",
        "| Entity | always `UK` |",
        "## List Accounts",
    ):
        assert sentence in page


def test_a_module_without_read_back_is_told_so(sqlite_store, tmp_path):
    module = {name: value for name, value in ACTUALS.items() if name != "read_back"}
    page = write_kit(little(sqlite_store, tmp_path, modules=[module]), tmp_path / "kit").page
    assert "**No read-back is configured**" in page.read_text(encoding="utf-8")
