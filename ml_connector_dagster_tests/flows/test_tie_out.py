"""The tie-out over the real chain: little books → staging → file → the sandbox's Anaplan model → read back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml_connector_dagster.errors import HeldForPerson, RecordRefused, SettingWrong
from ml_connector_dagster.flows.changes import dirty_periods
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.flows.model_totals import ModelTotals
from ml_connector_dagster.flows.preview import preview
from ml_connector_dagster.flows.slices import CurrentSnapshots
from ml_connector_dagster.flows.tie_out import newest_tie_outs, tie_out
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.ledger.posting import LedgerLine
from ml_connector_dagster.sources.contract.answers import Page
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.staging.snapshots import Staging
from ml_connector_dagster_tests.flows.little_company import ACTUALS, BALANCES, LITTLE, REGISTER, little, settings
from ml_connector_dagster_tests.flows.office import Office, office

OCT = "2026-10"


def shape(definition: dict[str, Any]) -> None:
    """Give the model the members of the little company."""
    members = {
        "Accounts": ["200", "260", "400", "429", "610", "800", "960"],
        "Customers": ["UK-c-1", "UK-c-2", "unassigned"],
        "Regions": ["UK-opt-north", "unassigned"],
    }
    for entry in definition["lists"]:
        if entry["name"] in members:
            entry["items"] = [{"code": code, "name": f"{entry['name']} {code}"} for code in members[entry["name"]]]


@pytest.fixture
def desk(planning_server, october, tmp_path) -> Iterator[Office]:
    with office(planning_server, october.store, tmp_path, shape=shape) as opened:
        yield opened


@pytest.fixture
def connection(desk, october):
    """The little company with October staged, in a model of the sandbox; nothing is loaded yet."""
    october.__dict__["_model"] = desk.connection().model()
    return october


def load(connection, target="actuals", period=OCT):
    return load_target(connection, translate(connection, target, period), run_id="test")


def edit(desk, account, value, module="Actuals", line_item="Amount", **more):
    at = {"Entities": "UK", "Versions": "Actual", "Time": "Oct 26", "Accounts": account, **more}
    desk.model.plant(module, line_item, at, value)


def books_and_staged(connection, target, period):
    """Tie out without a model: what stands in Anaplan's place differs from nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ml_connector_dagster.flows.tie_out._ask_model", lambda *_: ModelTotals(Decimal(0)))
        return tie_out(connection, target, period)


CELL = {"Customers": "UK-c-1", "Regions": "UK-opt-north"}


def test_books_staged_and_anaplan_are_the_same_to_the_cent(connection):
    load(connection)
    result = tie_out(connection, "actuals", OCT)
    assert result.holds
    assert result.books == result.staged == result.anaplan == Decimal("190.75")
    assert (result.unexplained, result.differences, result.residuals) == (0, (), {})
    assert result.says == "2026-10: books and staged agree to the cent, and Anaplan shows the same."


def test_the_newest_tie_out_of_a_slice_is_answered(connection, desk):
    load(connection)
    began_at = connection.store.now()
    tie_out(connection, "actuals", OCT)
    edit(desk, "400", "30.26", Customers="unassigned", Regions="unassigned")
    red = tie_out(connection, "actuals", OCT)
    kept = newest_tie_outs(connection, ["actuals"], since=began_at)
    assert list(kept) == [("actuals", OCT)]
    assert kept["actuals", OCT].anaplan == red.anaplan
    assert kept["actuals", OCT].differences == red.differences
    assert newest_tie_outs(connection, ["actuals"], since=connection.store.now()) == {}


# ── negative controls ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_one_cent_planted_in_the_source_turns_red_and_names_account_and_period(october):
    october.books.post("hidden", "2026-10-15", {"acc-200": "-0.01", "acc-610": "0.01"})
    result = books_and_staged(october, "actuals", OCT)
    assert not result.holds
    assert result.unexplained == Decimal("0.01")
    assert result.says.startswith("2026-10: 0.01 is unexplained. account 200 Sales: books 140.01, staged 140.00")


def test_one_cent_planted_in_the_staged_file_turns_red(october):
    plant_in_staged(october, lambda amounts: [amounts[0] + Decimal("0.01"), *amounts[1:]])
    result = books_and_staged(october, "actuals", OCT)
    assert [(one.subject, abs(one.unexplained)) for one in result.differences] == [
        ("account 200 Sales", Decimal("0.01"))
    ]


def test_one_cent_planted_in_a_model_cell_turns_red_and_names_the_member(connection, desk):
    load(connection)
    edit(desk, "200", "100.01", **CELL)
    result = tie_out(connection, "actuals", OCT)
    assert not result.holds
    assert result.unexplained == Decimal("0.01")
    (one,) = result.differences
    assert one.subject == "member Account 200, Customer UK-c-1, Region UK-opt-north"
    assert (one.books, one.staged, one.anaplan) == (None, Decimal(100), Decimal("100.01"))
    assert "Anaplan 100.01" in result.says


def test_a_figure_where_none_should_be_turns_red(connection, desk):
    load(connection)
    edit(desk, "429", "5.00", **CELL)
    assert tie_out(connection, "actuals", OCT).unexplained == Decimal(5)


def test_a_dropped_document_turns_red(october):
    """The source shows it, the read lost it."""
    bill = october.books.docs.pop("bill-1")
    october.pull(OCT)
    october.books.docs["bill-1"] = bill
    result = books_and_staged(october, "actuals", OCT)
    assert [one.subject for one in result.differences] == ["account 400 Advertising"]


def test_a_swapped_sign_turns_red(october):
    plant_in_staged(october, lambda amounts: [-amount for amount in amounts])
    result = books_and_staged(october, "actuals", OCT)
    assert result.unexplained == 2 * Decimal("190.75")
    assert "and 1 more" not in result.says


def test_a_document_in_the_wrong_month_turns_red(october):
    from datetime import date

    october.books.edit("inv-2", on=date(2026, 9, 30))
    result = books_and_staged(october, "actuals", OCT)
    assert [one.subject for one in result.differences] == ["account 200 Sales"]
    assert result.unexplained == Decimal(40)


def test_more_than_three_accounts_are_counted_in_the_sentence(sqlite_store, tmp_path):
    opened = little(sqlite_store, tmp_path, modules=[{**ACTUALS, "accounts": "all"}])
    opened.pull(OCT)
    opened.books.docs.clear()
    assert "and 2 more" in books_and_staged(opened, "actuals", OCT).says


# ── residual classes ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_named_postings_explain_a_difference_and_are_shown_as_their_class(october):
    october.books.post("fx_revaluation", "2026-10-31", {"acc-429": "3.00", "acc-610": "-3.00"})
    result = books_and_staged(october, "actuals", OCT)
    assert result.holds
    assert result.residuals == {"fx_revaluation": Decimal(3)}
    assert (result.books, result.staged) == (Decimal("193.75"), Decimal("190.75"))


def test_a_class_that_names_an_account_the_books_do_not_move_is_no_explanation(october, monkeypatch):
    monkeypatch.setattr(october.reader(), "residuals", lambda *_: {"bank": {"acc-429": Decimal(2)}})
    october.pull(OCT)
    result = books_and_staged(october, "actuals", OCT)
    assert [(one.subject, one.unexplained) for one in result.differences] == [("account 429 General", Decimal(-2))]


def test_classes_are_asked_for_again_only_where_a_balance_has_moved(october, monkeypatch):
    asked = []
    monkeypatch.setattr(october.reader(), "residuals", lambda *_: asked.append("again") or {})
    assert books_and_staged(october, "actuals", OCT).holds
    assert asked == []
    october.books.post("hidden", "2026-10-15", {"acc-200": "-0.01", "acc-610": "0.01"})
    assert not books_and_staged(october, "actuals", OCT).holds
    assert asked == ["again"]


def test_books_that_moved_since_the_read_are_said_so_and_read_again(october):
    october.books.invoice("late", "2026-10-31", a200="9.00")
    result = books_and_staged(october, "actuals", OCT)
    assert not result.holds
    assert result.note.startswith("The books moved since the period was read")
    assert Staging(october.store, october.blobs).dirty("uk")["invoices"]
    assert {one.entity for one in dirty_periods(october)} == {"invoices", "bills"}


def test_a_difference_that_was_there_at_the_read_is_not_blamed_on_moving_books(october):
    october.books.post("hidden", "2026-10-15", {"acc-200": "-0.01", "acc-610": "0.01"})
    october.pull(OCT)
    result = books_and_staged(october, "actuals", OCT)
    assert not result.holds
    assert result.note == ""


# ── balances ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def balances(sqlite_store, tmp_path):
    modules = [{**BALANCES, "accounts": "all", "sign": "debit_positive"}]
    opened = little(sqlite_store, tmp_path, modules=modules, periods={"start": "2026-08"})
    opened.books.fiscal_year_end_month = 9
    opened.books.invoice("old", "2026-07-31", a200="7.00")
    opened.books.post("fx_revaluation", "2026-08-31", {"acc-429": "2.00", "acc-610": "-2.00"})
    opened.books.post("fx_revaluation", "2026-10-31", {"acc-429": "1.00", "acc-610": "-1.00"})
    return opened


def test_a_closing_balance_carries_the_classes_of_every_month_since_the_opening(balances):
    for period in ("2026-08", "2026-09", OCT):
        balances.pull(period)
        assert books_and_staged(balances, "balances", period).holds
    result = books_and_staged(balances, "balances", OCT)
    assert result.books == result.staged + sum(result.residuals.values())
    assert set(result.residuals) <= {"fx_revaluation"}


def test_a_balance_in_the_model_is_compared_by_account(connection, desk):
    load(connection, "balances")
    result = tie_out(connection, "balances", OCT)
    assert result.holds
    edit(desk, "610", "1.00", "Balances", "Closing Balance")
    assert not tie_out(connection, "balances", OCT).holds


# ── documents ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_documents_are_compared_one_by_one_with_what_the_source_serves_now(october):
    assert books_and_staged(october, "invoice_register", OCT).books == Decimal("160.50")
    october.books.edit("inv-2", lines={"acc-200": Decimal("40.01")})
    del october.books.docs["inv-1"]
    result = books_and_staged(october, "invoice_register", OCT)
    assert [(one.subject, one.unexplained) for one in result.differences] == [
        ("document inv-1 inv-1", Decimal("-120.50")),
        ("document inv-2 inv-2", Decimal("0.01")),
    ]


def test_a_document_served_twice_counts_as_it_came_last(october, monkeypatch):
    reader = october.reader()
    read = type(reader).read

    def twice(entity, period):
        (page,) = read(reader, entity, period)
        (older,) = read(reader, entity, period)
        yield type(older)(rows=[row._replace(total=row.total + 1) for row in older.rows], read=older.read)
        yield page

    monkeypatch.setattr(reader, "read", twice)
    assert books_and_staged(october, "invoice_register", OCT).holds


def test_a_page_that_is_a_table_already_is_taken_as_it_is(october, monkeypatch):
    from ml_connector_dagster.ledger.document import DocumentLine
    from ml_connector_dagster.staging.frames import table_of

    reader = october.reader()
    read = type(reader).read

    def as_table(entity, period):
        for page in read(reader, entity, period):
            yield type(page)(rows=table_of(DocumentLine, page.rows), read=page.read)

    monkeypatch.setattr(reader, "read", as_table)
    assert books_and_staged(october, "invoice_register", OCT).holds


def test_a_register_without_numbers_names_documents_by_id(sqlite_store, tmp_path):
    columns = {name: field for name, field in REGISTER["columns"].items() if field != "number"}
    opened = little(sqlite_store, tmp_path, modules=[{**REGISTER, "columns": columns}])
    opened.pull(OCT)
    del opened.books.docs["inv-2"]
    result = books_and_staged(opened, "invoice_register", OCT)
    assert [one.subject for one in result.differences] == ["document inv-2"]


def test_a_register_is_read_back_document_by_document(connection, desk):
    load(connection, "invoice_register")
    result = tie_out(connection, "invoice_register", OCT)
    assert result.holds
    assert result.anaplan == Decimal("160.50")


def test_documents_that_one_run_adds_after_another_load_are_found_in_the_model(connection, desk):
    """Members are asked for once a run; an import that makes members must not be judged by the old ones."""
    load(connection, "invoice_register")
    connection.books.invoice("inv-7", "2026-10-30", a200="70.00")
    connection.pull(OCT)
    assert load(connection, "invoice_register").state == "verified"
    assert tie_out(connection, "invoice_register", OCT).anaplan == Decimal("230.50")


def test_the_register_shows_other_months_documents_too_and_they_are_left_alone(connection, desk):
    connection.pull("2026-09")
    load(connection, "invoice_register", period="2026-09")
    load(connection, "invoice_register")
    assert tie_out(connection, "invoice_register", OCT).holds
    assert tie_out(connection, "invoice_register", "2026-09").anaplan == Decimal(10)


# ── what cannot be tied out ───────────────────────────────────────────────────────────────────────────────────────────
def test_a_module_that_was_never_loaded_is_red_and_says_so(connection):
    result = tie_out(connection, "actuals", OCT)
    assert not result.holds
    assert result.note == "The slice was never loaded."


def test_a_module_that_lags_behind_the_newest_read_says_so(connection):
    load(connection)
    connection.books.invoice("late", "2026-10-31", a200="9.00")
    connection.pull(OCT)
    result = tie_out(connection, "actuals", OCT)
    assert result.unexplained == Decimal(9)
    assert result.note == "What was read last is not loaded yet."


def test_a_member_that_the_model_does_not_know_differs(connection):
    load(connection)
    connection.map_accounts({"acc-200": "NEW", "acc-260": "260", "acc-400": "400"})
    result = tie_out(connection, "actuals", OCT)
    assert any("Account NEW" in one.subject for one in result.differences)


def test_a_list_has_nothing_to_tie_out(october):
    with pytest.raises(SettingWrong, match="is a list"):
        tie_out(october, "customers", OCT)


def test_a_period_never_read_cannot_be_tied_out(october):
    with pytest.raises(HeldForPerson):
        tie_out(october, "actuals", "2026-08")


def test_an_account_that_the_chart_read_then_does_not_have_is_never_left_out(october):
    october.books.chart["acc-new"] = ("499", "New", "expense")
    october.books.post("hidden", "2026-10-30", {"acc-new": "8.00", "acc-800": "-8.00"})
    result = books_and_staged(october, "actuals", OCT)
    assert [(one.subject, one.unexplained) for one in result.differences] == [("account acc-new", Decimal(8))]


def test_an_account_of_unknown_class_is_given_no_sign(sqlite_store, tmp_path):
    modules = [{**BALANCES, "sign": "natural"}]
    opened = little(sqlite_store, tmp_path, modules=modules)
    opened.pull(OCT)
    opened.books.chart["acc-610"] = ("610", "Receivables", "")
    opened.pull(OCT, "ledger_accounts")
    with pytest.raises(RecordRefused, match="class ''"):
        books_and_staged(opened, "balances", OCT)


def plant_in_staged(connection, change) -> None:
    """Change the amounts of the staged ledger lines of October in the file itself, income and expense alone."""
    fact = CurrentSnapshots.of(connection).at("ledger_lines", OCT)
    assert fact is not None
    path: Path = connection.blobs.local_path(fact.blob)
    table = pq.read_table(path)
    rows = table.to_pylist()
    chosen = [row for row in rows if row["ledger_account_id"] in ("acc-200", "acc-260", "acc-400")]
    for row, amount in zip(chosen, change([row["amount"] for row in chosen]), strict=True):
        row["amount"] = amount
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)


def test_a_first_load_shows_beforehand_which_figures_of_the_model_it_would_clear(connection, desk, tmp_path):
    """Accounting rules §6: cells that the model has and the file has not are zeroed, and shown first."""
    edit(desk, "429", "5.00", **CELL)
    shown = preview(connection, "actuals", OCT, tmp_path / "out")
    cleared = {change.cell.split(",")[0]: (change.before, change.after) for change in shown.changes}
    assert cleared["429"] == (Decimal(5), Decimal(0))
    assert shown.plan.zero_rows == 1


def test_loading_again_restores_what_somebody_edited_in_the_model(connection, desk):
    """The file is the one that was sent before; the red tie-out is what makes it worth sending."""
    load(connection)
    edit(desk, "200", "100.01", **CELL)
    edit(desk, "429", "5.00", **CELL)
    assert "materialize the module again" in tie_out(connection, "actuals", OCT).says
    assert load(connection).sent
    assert tie_out(connection, "actuals", OCT).holds
    assert not load(connection).sent


def test_commitments_are_compared_with_the_orders_as_they_are_served_now(october, monkeypatch):
    """They stand as of the period's end, are no actuals, and what moved since the read makes their period dirty."""
    commitments = Entity(
        "commitment_lines", EntityKind.COMMITMENT, LedgerLine, ("record_id", "line_id"), "orders", "Open.", "orders"
    )
    wanted = {**ACTUALS, "name": "commitments", "from": "commitment_lines", "accounts": "all"}
    october.source = replace(LITTLE, entities=(*LITTLE.entities, commitments))
    october.settings = settings(modules=[ACTUALS, wanted])
    money, day = Decimal("250.00"), date(2026, 10, 31)
    line = LedgerLine(
        OCT, day, "acc-429", money, money, "GBP", Decimal(1), "", "v-1", "{}", "purchase_order", "po-1", "1", "hash"
    )
    monkeypatch.setattr(october.reader(), "read", lambda entity, period: iter([Page(rows=[line], read=1, raw=b"{}")]))
    october.pull(OCT, "commitment_lines")
    assert [books_and_staged(october, name, OCT).staged for name in ("commitments", "actuals")] == [
        Decimal("250.00"),
        Decimal("190.75"),
    ]
    line = line._replace(amount=Decimal("100.00"))
    result = books_and_staged(october, "commitments", OCT)
    assert (result.holds, result.books, result.staged) == (False, Decimal("100.00"), Decimal("250.00"))
    assert ("commitment_lines", OCT) in {(one.entity, one.period) for one in dirty_periods(october)}
