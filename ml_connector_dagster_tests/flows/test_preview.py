from __future__ import annotations

import csv
from decimal import Decimal

from ml_connector_dagster.anaplan.actions import FileLayout, Route
from ml_connector_dagster.flows import preview as preview_flow
from ml_connector_dagster.flows.preview import preview
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster_tests.flows.little_company import REGISTER
from ml_connector_dagster_tests.flows.past import loaded

OCT = "2026-10"


def test_before_a_first_load_every_cell_is_new(october, tmp_path):
    shown = preview(october, "actuals", OCT, tmp_path / "out", ask_model=False)
    assert shown.compared_with is None
    assert shown.totals == {"200": Decimal(140), "260": Decimal("20.50"), "400": Decimal("30.25")}
    assert [change.delta for change in shown.changes][:2] == [Decimal(100), Decimal(40)]
    with shown.file.open(newline="") as file:
        assert len(list(csv.DictReader(file))) == shown.plan.rows == 4


def test_against_the_last_load_only_what_moves_is_shown(october, tmp_path):
    row = loaded(october, translate(october, "actuals", OCT, ask_model=False))
    october.books.edit("inv-2", lines={"acc-200": Decimal(41)})
    october.pull(OCT)
    shown = preview(october, "actuals", OCT, tmp_path, ask_model=False)
    assert shown.compared_with == row.id
    assert [(change.cell, change.before, change.after) for change in shown.changes] == [
        ("200, UK-c-2, UK-opt-north", Decimal(40), Decimal(41))
    ]


def test_documents_are_compared_by_their_key_whatever_their_texts_say(october, tmp_path):
    loaded(october, translate(october, "invoice_register", OCT, ask_model=False))
    october.books.edit("inv-2", number="INV-0002")
    october.pull(OCT)
    assert preview(october, "invoice_register", OCT, tmp_path, ask_model=False).changes == ()


def test_a_module_without_account_is_totalled_by_its_first_column(october, tmp_path):
    shown = preview(october, "invoice_register", OCT, tmp_path, ask_model=False)
    assert next(iter(REGISTER["columns"])) == "Document"
    assert shown.totals == {"inv-1": Decimal("120.50"), "inv-2": Decimal(40)}


def test_a_list_has_members_and_no_totals(october, tmp_path):
    shown = preview(october, "customers", OCT, tmp_path, ask_model=False)
    assert (shown.totals, shown.changes, shown.compared_with) == ({}, (), None)
    assert "UK-c-1" in shown.file.read_text()


def test_unmapped_accounts_are_predicted(october, tmp_path):
    october.map_accounts({"acc-200": "200", "acc-260": "260"})
    shown = preview(october, "actuals", OCT, tmp_path, ask_model=False)
    assert [one.source_name for one in shown.plan.unmapped] == ["Advertising"]


def test_the_file_is_cut_as_the_import_asks(october, tmp_path, monkeypatch):
    layout = FileLayout((), separator=";", decimal_separator="COMMA")
    route = Route("imports", "112000000001", "Actuals", "113000000001", layout, ())
    monkeypatch.setattr(preview_flow, "find_route", lambda model, wanted: route)
    loaded(october, translate(october, "actuals", OCT, ask_model=False))
    lines = preview(october, "actuals", OCT, tmp_path).file.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("Entity;Version;Period")
    assert any(line.endswith(";20,50") for line in lines)


def test_a_load_whose_cells_were_swept_is_compared_with_nothing(october, tmp_path):
    loaded(october, translate(october, "actuals", OCT, ask_model=False), cells_blob="")
    assert len(preview(october, "actuals", OCT, tmp_path, ask_model=False).changes) == 4
