"""Documents and lines that stand in the model and no longer in the books: found, shown first, set to 0; or named in red."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ml_connector_dagster.audit import trail
from ml_connector_dagster.errors import ConnectorError, SettingWrong
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.flows.preview import preview
from ml_connector_dagster.flows.read_back import ReadBackPlan
from ml_connector_dagster.flows.tie_out import tie_out
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.flows.verify import verify_load
from ml_connector_dagster.mapping.targets import ModuleTarget
from ml_connector_dagster.sandbox.anaplan.members import Member
from ml_connector_dagster.sandbox.server import Running
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster_tests.flows.little_company import REGISTER, LittleConnection, little, settings
from ml_connector_dagster_tests.flows.office import PERIOD, Office, office

LINES: dict[str, Any] = {
    "name": "invoice_lines",
    "from": "invoices",
    "import": "Lines from Xero",
    "columns": {
        "Line": "line", "Invoice": "transaction", "Company": "=UK", "Date": "document_date", "Text": "description",
        "Amount": "amount", "Active": "active",
    },
    "grain": "line",
    "read_back": {
        "view": "Line Register", "line_item": "Net", "columns": {"Line": "Lines", "Company": "Entity", "Date": "Posted on"},
    },
}  # fmt: skip
STRAY = {"Entity": "UK", "Date": "2026-10-09", "Number": "INV-9", "Active": True, "Amount": "5.00"}


def _with_lines(definition: dict[str, Any]) -> None:
    """Add a register of lines, whose company is a list's item and whose date is kept under another name."""
    items = {
        "Invoice": "TEXT",
        "Entity": "LIST:Entities",
        "Posted on": "DATE",
        "Text": "TEXT",
        "Net": "NUMBER",
        "Active": "BOOLEAN",
    }
    columns = {
        "Invoice": "Invoice",
        "Company": "Entity",
        "Date": "Posted on",
        "Text": "Text",
        "Amount": "Net",
        "Active": "Active",
    }
    shown = [{"name": name, "format": kind} for name, kind in items.items()]
    definition["lists"].append({"name": "Lines", "top": "All Lines"})
    definition["modules"].append({"name": "Line Register", "dimensions": ["Lines"], "line_items": shown})
    view = {"name": "Line Register", "module": "Line Register", "rows": ["Lines"], "columns": ["Line items"]}
    definition["views"].append(view)
    definition["files"].append({"name": "lines.csv", "headers": list(LINES["columns"])})
    makes = {"Line": {"list_field": "code"}}
    fills = {
        "Line": {"dimension": "Lines", "match": "code"},
        **{column: {"line_item": name} for column, name in columns.items()},
    }
    imports = [
        ("Lines list", "HIERARCHY_DATA", "Lines", makes),
        ("Lines module", "MODULE_DATA", "Line Register", fills),
    ]
    definition["imports"] += [
        {"name": name, "type": kind, "target": target, "file": "lines.csv", "columns": chosen}
        for name, kind, target, chosen in imports
    ]
    definition["processes"].append({"name": "Lines from Xero", "actions": ["Lines list", "Lines module"]})


@pytest.fixture
def desk(planning_server: Running, october: LittleConnection, tmp_path: Path) -> Iterator[Office]:
    with office(planning_server, october.store, tmp_path, shape=_with_lines) as opened:
        yield opened


@pytest.fixture
def company(desk: Office, october: LittleConnection) -> LittleConnection:
    """The little company with October staged, in a model of the sandbox; nothing is loaded yet."""
    return in_a_run_of_its_own(desk, october)


def in_a_run_of_its_own(desk: Office, company: LittleConnection) -> LittleConnection:
    """Members are asked for once a run."""
    company.__dict__["_model"] = desk.connection().model()
    return company


def load(company: LittleConnection, period: str = PERIOD, target: str = "invoice_register", **asked: bool) -> Any:
    return load_target(company, translate(company, target, period, **asked), run_id="r", force=bool(asked))


def figure(desk: Office, document: str) -> Any:
    return desk.model.read("Invoice Register", "Amount", {"Invoices": document})


def plant(desk: Office, document: str, *, code: bool = True, **facts: Any) -> None:
    """A document that another import, or a planner, wrote."""
    invoices = desk.model.list_named("Invoices")
    invoices.add(Member(f"2{len(invoices.members):011d}", document, code=document if code else ""))
    for name, value in (STRAY | facts).items():
        desk.model.plant("Invoice Register", name, {"Invoices": document}, value)


@pytest.mark.parametrize("chosen", [REGISTER, LINES], ids=["documents", "lines"])
def test_a_lost_state_database_clears_what_was_deleted_in_the_books_and_nothing_else(
    desk: Office, october: LittleConnection, sqlite_template: Path, tmp_path: Path, chosen: dict[str, Any]
) -> None:
    """October loses an invoice after the database was lost; September's stays, and so does another company's."""
    name, environment = chosen["name"], october.store.environment
    before = little(october.store, tmp_path / "before", model=desk.connection().model(), modules=[chosen], lists=[])
    for period in ("2026-09", PERIOD):
        before.pull(period)
        assert load(before, period, name).state == "verified"
    plant(desk, "inv-ie", Entity="IE")
    october.store.close()
    shutil.copy(sqlite_template, environment.home / "state.db")
    (environment.home / "profile.json").unlink()
    with_fresh_home = Store.open(environment)
    again = little(with_fresh_home, tmp_path / "again", model=desk.connection().model(), modules=[chosen], lists=[])
    del again.books.docs["inv-2"]
    again.pull(PERIOD)
    assert not tie_out(again, name, PERIOD).holds

    shown = preview(again, name, PERIOD, tmp_path / "out")
    (zeroed,) = shown.plan.zeroes
    assert zeroed.stands == 40
    assert ("inv-2" in "".join(zeroed.cell), "2026-10-20" in zeroed.cell) == (True, True)
    assert [(one.before, one.after) for one in shown.changes] == [(Decimal(40), Decimal(0))]

    assert load(again, target=name).state == "verified"
    assert tie_out(again, name, PERIOD).holds
    assert trail.events(with_fresh_home, "uk")[0].facts["zeroes_of_model"] == 1
    again.pull("2026-09")
    assert translate(again, name, "2026-09").zeroes == translate(again, name, PERIOD).zeroes == ()
    assert load(again, "2026-09", name).state == "verified"
    assert figure(desk, "inv-ie") == 5
    with_fresh_home.close()


def test_a_retired_document_keeps_the_facts_that_the_view_shows(desk: Office, company: LittleConnection) -> None:
    plant(desk, "inv-9")
    assert load(company).state == "verified"
    kept = [desk.model.read("Invoice Register", name, {"Invoices": "inv-9"}) for name in ("Number", "Date", "Active")]
    assert (figure(desk, "inv-9"), kept) == (0, ["INV-9", "2026-10-09", False])


def test_a_document_that_strayed_into_the_month_turns_red_and_the_next_load_clears_it(
    desk: Office, company: LittleConnection
) -> None:
    assert load(company).sent
    assert not load(company).sent
    plant(desk, "inv-9")
    red = tie_out(in_a_run_of_its_own(desk, company), "invoice_register", PERIOD)
    assert [(one.subject, one.anaplan) for one in red.differences] == [("member Document inv-9", Decimal(5))]
    assert "materialize the module again" in red.says
    assert load(company).sent
    assert tie_out(company, "invoice_register", PERIOD).holds


def test_a_document_that_no_row_can_clear_is_named_in_red(desk: Office, company: LittleConnection) -> None:
    """A planner's own item without a code: a file cannot reach it."""
    assert load(company).sent
    plant(desk, "by hand", code=False)
    with pytest.raises(ConnectorError, match="by hand"):
        load(company, from_model=True)
    assert [one.subject for one in tie_out(company, "invoice_register", PERIOD).differences] == [
        "member Document by hand"
    ]


def test_a_document_that_moved_to_another_month_is_that_month_s_until_it_is_loaded(
    desk: Office, company: LittleConnection
) -> None:
    load(company)
    company.books.edit("inv-2", on=date(2026, 9, 30))
    for period in ("2026-09", PERIOD):
        company.pull(period)
    assert load(company).state == "verified"
    assert tie_out(company, "invoice_register", PERIOD).holds
    late = tie_out(company, "invoice_register", "2026-09")
    assert ("member Document inv-2", Decimal(40), Decimal(0)) in [
        (one.subject, one.staged, one.anaplan) for one in late.differences
    ]
    load(company, "2026-09")
    assert tie_out(company, "invoice_register", "2026-09").holds
    assert tie_out(company, "invoice_register", PERIOD).holds


def test_a_view_that_does_not_say_whose_a_document_is_is_refused_before_anything_is_sent(
    desk: Office, company: LittleConnection
) -> None:
    desk.model.view_named("Invoice Register").line_items = ["Amount", "Number"]
    read_back = {**REGISTER["read_back"], "view": "Invoice Register.Invoice Register"}
    company.settings = settings(modules=[{**REGISTER, "read_back": read_back}])
    with pytest.raises(SettingWrong, match="does not show Entity, Date of each document"):
        translate(company, "invoice_register", PERIOD)
    with pytest.raises(SettingWrong, match="does not show Entity, Date"):
        load(company, ask_model=False)
    assert desk.tasks == []


def test_a_date_that_nobody_can_read_is_refused_by_name(desk: Office, company: LittleConnection) -> None:
    plant(desk, "inv-8", Date="08.10.2026", Entity="IE")
    assert translate(company, "invoice_register", PERIOD).zeroes == ()
    plant(desk, "inv-9", Date="09.10.2026")
    in_a_run_of_its_own(desk, company)
    with pytest.raises(SettingWrong, match=r"shows '09\.10\.2026' as Date of inv-9"):
        translate(company, "invoice_register", PERIOD)


def test_a_load_of_an_earlier_release_is_judged_by_what_its_row_kept(desk: Office, company: LittleConnection) -> None:
    """Its row does not say how to tell whose a document is; then the others in the view are nobody's difference."""
    load(company)
    plant(desk, "inv-9")
    row = desk.rows()[-1]
    new = row.route["proof"]["cells"]
    assert ReadBackPlan.from_facts(new) == ReadBackPlan.of(ModuleTarget.model_validate(REGISTER), PERIOD)
    old = {name: new[name] for name in ("view", "line_item", "columns", "fixed", "time_columns")} | {"closed": False}
    kept = [replace(row, route={**row.route, "proof": {"cells": facts}}) for facts in (old, new)]
    says = [str(verify_load(company.model(), company.store, company.blobs, one) or "") for one in kept]
    assert says[0] == ""
    assert "at Document inv-9 the file has 0.00 and the model 5.00" in says[1]
