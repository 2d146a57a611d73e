from __future__ import annotations

import csv
import os
import time
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from ml_connector_dagster.errors import HeldForPerson, RecordRefused
from ml_connector_dagster.flows.file_plan import HoldReason
from ml_connector_dagster.flows.register import held_slices, release, update_register
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.sources.contract.answers import RefusedRecord
from ml_connector_dagster.store.tables.loads import load
from ml_connector_dagster.store.tables.staging import snapshot
from ml_connector_dagster_tests.flows.little_company import ACTUALS, BALANCES, LISTS, little
from ml_connector_dagster_tests.flows.past import loaded

SEP, OCT = "2026-09", "2026-10"


@pytest.fixture
def connection(october):
    return october


def plan_of(connection, target="actuals", period=OCT):
    return translate(connection, target, period, ask_model=False)


def rows(plan):
    with plan.file.open(newline="") as file:
        return list(csv.DictReader(file))


def amounts(plan, *columns):
    return {tuple(row[column] for column in columns): Decimal(row["Amount"]) for row in rows(plan)}


def reasons(plan):
    return [hold.reason for hold in plan.held]


# ── modules of cells ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_module_file_holds_one_row_per_cell_in_the_natural_sign(connection):
    plan = plan_of(connection)
    assert amounts(plan, "Account", "Customer") == {
        ("200", "UK-c-1"): Decimal(100),
        ("200", "UK-c-2"): Decimal(40),
        ("260", "UK-c-1"): Decimal("20.5"),
        ("400", "unassigned"): Decimal("30.25"),
    }
    assert {row["Period"] for row in rows(plan)} == {"2026-10-01"}
    assert plan.total == Decimal("190.75")
    assert plan.held == ()
    assert plan.members_needed["Account"] == {"200", "260", "400"}
    assert plan.members_needed["Entity"] == {"UK"}


def test_every_amount_is_the_sum_of_the_source_lines_its_sidecar_lists(connection):
    plan = plan_of(connection)
    behind = pq.read_table(plan.sidecar).group_by("file_row").aggregate([("amount", "sum")]).to_pylist()
    assert {row["file_row"]: row["amount_sum"] for row in behind} == {
        number: Decimal(row["Amount"]) for number, row in enumerate(rows(plan), start=2)
    }


def test_the_same_content_makes_the_same_file_and_digest(connection):
    first = plan_of(connection)
    connection.pull(OCT)
    again = plan_of(connection)
    assert (again.file_hash, again.digest) == (first.file_hash, first.digest)


def test_a_cell_loaded_before_and_gone_now_is_sent_as_zero(connection):
    loaded(connection, plan_of(connection))
    connection.books.edit("inv-2", party="c-1")
    connection.pull(OCT)
    plan = plan_of(connection)
    assert amounts(plan, "Account", "Customer")["200", "UK-c-2"] == 0
    assert plan.zero_rows == 1


def test_a_load_that_crashed_after_the_verified_one_still_counts_for_the_zero_rows(connection):
    """Protocol 9: A verified, B may have reached Anaplan, the books return to A; B's own cell is zeroed."""
    loaded(connection, plan_of(connection))
    connection.books.invoice("inv-3", "2026-10-09", a429="5.00")
    connection.pull(OCT)
    loaded(connection, plan_of(connection), "intended")
    del connection.books.docs["inv-3"]
    connection.pull(OCT)
    assert amounts(plan_of(connection), "Account")[("429",)] == 0


def test_a_first_load_asks_the_model_for_its_cells_unless_told_not_to(connection, monkeypatch):
    held_by_model = pa.table(
        {
            "Entity": ["UK"], "Version": ["Actual"], "Period": ["2026-10-01"], "Account": ["299"], "Customer": ["UK-old"],
            "Region": ["UK-opt-north"],
        }
    )  # fmt: skip
    monkeypatch.setattr("ml_connector_dagster.flows.translate.previous_cells", lambda *_, from_model: held_by_model)
    assert plan_of(connection).zero_rows == 0
    assert translate(connection, "actuals", OCT).zero_rows == 1


def test_a_period_never_read_is_held_with_what_to_do(connection):
    with pytest.raises(HeldForPerson, match="Materialize the source entities of 2026-08"):
        plan_of(connection, period="2026-08")


def test_an_account_of_unknown_class_is_refused(connection):
    code, name, _ = connection.books.chart["acc-200"]
    connection.books.chart["acc-200"] = (code, name, "")
    connection.pull(OCT, "ledger_accounts")
    with pytest.raises(RecordRefused):
        plan_of(connection)


# ── closing balances ──────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def balances(sqlite_store, tmp_path):
    """A company whose fiscal year ends in September 2026, with a balance from before the first period."""
    module = {**BALANCES, "accounts": "all"}
    opened = little(sqlite_store, tmp_path, modules=[module], periods={"start": SEP, "open_months": 3})
    opened.books.fiscal_year_end_month = 9
    opened.books.invoice("old", "2026-08-31", a200="7.00")
    return opened


def test_a_closing_balance_is_the_opening_of_the_day_before_the_first_period_and_every_movement_since(balances):
    balances.pull(SEP)
    balances.pull(OCT)
    plan = plan_of(balances, "balances")
    by_account = amounts(plan, "Account")
    assert by_account[("610",)] == Decimal("177.50")  # 7 opening + 10 September + 160.50 October
    assert by_account[("800",)] == Decimal("-30.25")
    assert f"ledger_lines@{SEP}" in plan.snapshots


def test_income_and_expense_restart_at_zero_each_fiscal_year_and_equity_takes_the_roll(balances):
    balances.pull(SEP)
    balances.pull(OCT)
    by_account = amounts(plan_of(balances, "balances"), "Account")
    assert by_account[("200",)] == Decimal(-140)  # October alone: the year began with it
    assert by_account[("960",)] == Decimal(-17)  # the result of the year before, as the books rolled it
    assert sum(by_account.values()) == 0


def test_income_and_expense_carry_on_within_a_fiscal_year(balances):
    balances.books.fiscal_year_end_month = 12
    balances.pull(SEP)
    balances.pull(OCT)
    by_account = amounts(plan_of(balances, "balances"), "Account")
    assert by_account[("200",)] == Decimal(-157)
    assert by_account.get(("960",), 0) == 0


def test_a_month_between_that_was_not_read_makes_the_month_carry_its_own_opening(balances):
    balances.pull(OCT)
    plan = plan_of(balances, "balances")
    assert amounts(plan, "Account")[("610",)] == Decimal("177.50")
    assert f"ledger_lines@{SEP}" not in plan.snapshots
    balances.pull(SEP)
    assert plan_of(balances, "balances").file_hash == plan.file_hash


def test_a_closing_balance_waits_for_the_books_own_report(balances):
    """The lines are staged before the report is: a run that died between the two leaves no opening."""
    balances.pull(OCT)
    with balances.store.begin() as database:
        database.execute(sa.update(snapshot).where(snapshot.c.entity == "trial_balance").values(current=False))
    with pytest.raises(HeldForPerson):
        plan_of(balances, "balances")


def test_the_books_balance_in_every_month(balances):
    balances.books.post("fx_revaluation", "2026-10-31", {"acc-610": "2.00", "acc-429": "-2.00"})
    for period in (SEP, OCT):
        balances.pull(period)
        assert sum(amounts(plan_of(balances, "balances", period), "Account").values()) == 0


# ── documents and lists ───────────────────────────────────────────────────────────────────────────────────────────────
def test_a_document_module_holds_one_row_a_document(connection):
    plan = plan_of(connection, "invoice_register")
    assert amounts(plan, "Number") == {("inv-1",): Decimal("120.50"), ("inv-2",): Decimal(40)}
    assert {row["Active"] for row in rows(plan)} == {"true"}


def test_a_voided_document_counts_nothing_whatever_amounts_it_keeps(connection):
    connection.books.edit("inv-2", posts=False)
    connection.pull(OCT)
    assert amounts(plan_of(connection, "invoice_register"), "Number", "Active")["inv-2", "false"] == 0
    assert ("200", "UK-c-2") not in amounts(plan_of(connection), "Account", "Customer")


def test_a_vanished_document_is_retired_but_one_that_moved_to_another_period_is_left_to_that_one(connection):
    loaded(connection, plan_of(connection, "invoice_register"))
    connection.books.edit("inv-2", on=date(2026, 9, 30))
    del connection.books.docs["inv-1"]
    connection.pull(SEP)
    connection.pull(OCT)
    register = amounts(plan_of(connection, "invoice_register"), "Document", "Active")
    assert register == {("inv-1", "false"): Decimal(0)}


def test_a_list_always_sends_the_newest_snapshot(connection):
    """Replaying an old month never takes the list backwards."""
    connection.pull(SEP, "customers")
    connection.books.customers["c-3"] = "Newest"
    connection.pull(OCT, "customers")
    plan = plan_of(connection, "customers", SEP)
    assert {row["Code"] for row in rows(plan)} >= {"UK-c-1", "UK-c-2", "UK-c-3"}
    assert plan.kind == "list"
    assert plan.cells is None
    assert plan.total == plan.rows


# ── holds ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_unmapped_account_holds_the_slice_and_says_what_would_be_missing(connection):
    connection.map_accounts({"acc-200": "200", "acc-260": "260"})
    plan = plan_of(connection)
    assert reasons(plan) == [HoldReason.UNMAPPED]
    assert [(one.source_code, one.source_name, one.amount) for one in plan.unmapped] == [
        ("400", "Advertising", Decimal("30.25"))
    ]
    assert "ledger_account 400 Advertising" in plan.held[0].says
    assert [held.may_be_released for held in held_slices(connection)] == [False]


def test_an_unmapped_account_may_go_to_suspense_so_that_totals_stay_whole(sqlite_store, tmp_path):
    mapping = {"ledger_account": {"file": "mapping/accounts.csv", "unmapped": "suspense:9999"}}
    opened = little(sqlite_store, tmp_path, mapping=mapping)
    opened.map_accounts({"acc-200": "200", "acc-260": "260"})
    opened.pull(OCT)
    plan = plan_of(opened)
    assert plan.held == ()
    assert amounts(plan, "Account")[("9999",)] == Decimal("30.25")


def test_quarantined_records_hold_the_slice_unless_it_loads_without_them(connection):
    connection.books.refused = [RefusedRecord("inv-9", "no date", b"{}")]
    connection.pull(OCT)
    assert reasons(plan_of(connection)) == [HoldReason.QUARANTINED]
    without = connection.settings.modules[0].model_copy(update={"load_without": "quarantined"})
    connection.settings = connection.settings.model_copy(update={"modules": (without,)})
    plan = plan_of(connection)
    assert plan.held == ()
    assert plan.quarantined == 1


def test_a_mended_record_changes_the_digest_although_the_lines_are_the_same(connection):
    mended = plan_of(connection).digest
    connection.books.refused = [RefusedRecord("draft", "no date", b"{}")]
    connection.pull(OCT)
    assert plan_of(connection).digest != mended


def test_a_slice_that_reads_empty_is_held_and_never_zeroed_in_silence(connection):
    loaded(connection, plan_of(connection))
    connection.books.docs.clear()
    connection.pull(OCT)
    plan = plan_of(connection)
    assert reasons(plan) == [HoldReason.EMPTIED]
    assert plan.held[0].delta == Decimal("-190.75")


def test_a_slice_that_falls_by_more_than_half_is_held(connection):
    loaded(connection, plan_of(connection))
    del connection.books.docs["inv-1"], connection.books.docs["inv-2"]
    connection.pull(OCT)
    assert reasons(plan_of(connection)) == [HoldReason.HALVED]


def test_a_slice_that_falls_by_half_exactly_is_loaded(connection):
    connection.books.invoice("inv-4", "2026-10-30", a200="1.00")
    connection.pull(OCT, "invoices")
    loaded(connection, plan_of(connection, "invoice_register"))
    del connection.books.docs["inv-1"]
    connection.pull(OCT, "invoices")
    assert reasons(plan_of(connection, "invoice_register")) == []  # four lines, now two


def test_a_change_in_a_locked_period_is_held_with_its_delta(connection):
    loaded(connection, plan_of(connection))
    connection.books.lock_on = date(2026, 10, 31)
    update_register(connection)
    assert reasons(plan_of(connection)) == []  # the file that stands there already
    connection.books.edit("inv-1", lines={"acc-200": Decimal(90), "acc-260": Decimal("20.50")})
    connection.pull(OCT)
    plan = plan_of(connection)
    assert reasons(plan) == [HoldReason.LOCKED]
    assert plan.held[0].delta == Decimal(-10)
    assert "moved by -10.00" in plan.held[0].says


def test_the_first_load_of_a_locked_period_restates_nothing(connection):
    connection.books.lock_on = date(2026, 10, 31)
    update_register(connection)
    assert plan_of(connection).held == ()


def test_a_release_is_for_one_content_alone(connection):
    loaded(connection, plan_of(connection))
    connection.books.docs.clear()
    connection.pull(OCT)
    plan_of(connection)
    release(connection, "actuals", OCT, by="ann")
    assert plan_of(connection).held == ()
    assert held_slices(connection) == ()
    connection.books.invoice("inv-5", "2026-10-01", a200="1.00")
    connection.pull(OCT)
    assert reasons(plan_of(connection)) == [HoldReason.HALVED]


def test_a_code_that_moved_is_held_for_a_person(connection):
    connection.books.chart["acc-400"] = ("4001", "Advertising", "expense")
    connection.pull(OCT)
    plan = plan_of(connection)
    assert reasons(plan) == [HoldReason.MOVED_CODE]
    assert "400: code 400 is now 4001" in plan.held[0].says


def test_a_moved_code_of_an_account_that_the_period_does_not_use_holds_nothing(connection):
    connection.books.chart["acc-429"] = ("4291", "General", "expense")
    connection.pull(OCT)
    assert plan_of(connection).held == ()
    assert reasons(plan_of(connection, "accounts")) == [HoldReason.MOVED_CODE]


def test_a_moved_tracking_option_holds_every_slice_that_carries_the_category(connection):
    from ml_connector_dagster.mapping.crosswalk import CrosswalkRow, write_crosswalk

    write_crosswalk(connection.folder / "regions.csv", [CrosswalkRow("opt-north", "opt-old", "North", "N")])
    mapping = {**connection.settings.mapping, "tracking.Region": {"file": "regions.csv"}}
    connection.settings = type(connection.settings).model_validate(
        {**connection.settings.model_dump(by_alias=True), "mapping": mapping}
    )
    assert reasons(plan_of(connection)) == [HoldReason.MOVED_CODE]


def test_a_slice_that_goes_on_being_held_is_listed_once(connection):
    connection.map_accounts({"acc-200": "200"})
    plan_of(connection)
    plan_of(connection)
    assert len(held_slices(connection)) == 1


def test_a_hold_that_is_over_leaves_the_register(connection):
    connection.map_accounts({"acc-200": "200"})
    plan_of(connection)
    assert len(held_slices(connection)) == 1
    connection.map_accounts()
    plan_of(connection)
    assert held_slices(connection) == ()


def test_a_hold_that_a_later_plan_of_the_same_content_does_not_meet_is_taken_back(connection):
    connection.books.lock_on = date(2026, 10, 31)
    loaded(connection, replace(plan_of(connection), file_hash="another"))
    update_register(connection)
    assert reasons(plan_of(connection)) == [HoldReason.LOCKED]
    connection.books.lock_on = None
    update_register(connection)
    assert plan_of(connection).held == ()
    assert held_slices(connection) == ()


def test_a_release_does_not_wave_through_what_needs_mending(connection):
    """Between release and load a record was quarantined: the release was for another content."""
    loaded(connection, plan_of(connection))
    connection.books.docs.clear()
    connection.pull(OCT)
    plan_of(connection)
    release(connection, "actuals", OCT, by="ann")
    connection.books.refused = [RefusedRecord("inv-9", "no date", b"{}")]
    connection.pull(OCT)
    assert set(reasons(plan_of(connection))) == {HoldReason.QUARANTINED, HoldReason.EMPTIED}


def test_more_than_five_unmapped_ids_are_counted(connection):
    connection.map_accounts({})
    for number in range(6):
        account = f"acc-9{number}"
        connection.books.chart[account] = (f"9{number}", "More", "expense")
        connection.books.bill(f"more-{number}", "2026-10-01", **{f"a9{number}": "1.00"})
    connection.pull(OCT)
    assert "and 4 more" in plan_of(connection).held[0].says


def test_the_files_of_old_plans_are_swept_after_a_day(connection):
    first = plan_of(connection)
    long_ago = time.time() - 2 * 24 * 3600
    os.utime(first.file.parent, (long_ago, long_ago))
    second = plan_of(connection)
    assert not first.file.exists()
    assert second.file.exists()


def test_a_snapshot_that_housekeeping_took_away_holds_nothing_back(connection):
    """What the last load was made from is no longer known: nothing to compare with."""
    loaded(connection, replace(plan_of(connection), snapshots={"ledger_lines@2026-10": "forgotten"}))
    connection.books.docs.clear()
    connection.pull(OCT)
    assert reasons(plan_of(connection)) == []


def test_a_load_that_knows_no_snapshots_holds_nothing_back(connection):
    row = loaded(connection, plan_of(connection))
    with connection.store.begin() as database:
        database.execute(sa.update(load).where(load.c.id == row.id).values(snapshots={}))
    connection.books.docs.clear()
    connection.pull(OCT)
    assert reasons(plan_of(connection)) == []


def test_a_vendor_dimension_without_reference_entity_is_named_by_its_id(sqlite_store, tmp_path):
    mapping = {"ledger_account": {"file": "mapping/accounts.csv"}, "vendor": {"file": "mapping/vendors.csv"}}
    columns = {**ACTUALS["columns"], "Customer": "vendor"}
    opened = little(sqlite_store, tmp_path, mapping=mapping, modules=[{**ACTUALS, "columns": columns}], lists=LISTS[:1])
    (opened.folder / "mapping" / "vendors.csv").write_text("source_id,source_code,source_name,member\r\n")
    opened.pull(OCT)
    assert plan_of(opened).held == ()  # no line carries a vendor
