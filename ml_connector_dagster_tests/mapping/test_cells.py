"""One row per target cell; every cent of it traced to the lines behind it."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector_dagster.errors import RecordRefused, SettingWrong
from ml_connector_dagster.ledger.posting import LedgerLine
from ml_connector_dagster.mapping import cells, sums
from ml_connector_dagster.mapping.cells import opening_lines
from ml_connector_dagster.mapping.file_rows import FileRows, UnmappedMember
from ml_connector_dagster.staging.frames import DECIMAL, table_of
from ml_connector_dagster_tests.mapping.books import (
    CELL_COLUMNS,
    OCTOBER,
    TRACKING,
    Desk,
    behind,
    members,
    module,
    posting,
    shown,
)

UK = ("UK", "Actual", "2026-10-01")


def amounts(rows: FileRows) -> dict[tuple[str, ...], Decimal]:
    """Members to amount, without entity, version and period."""
    return {row[3:-1]: row[-1] for row in shown(rows)}


def test_one_cell_is_one_row_whatever_the_number_of_its_lines(desk: Desk) -> None:
    lines = [
        posting("rent", "100.10"),
        posting("rent", "200.20", line_id="2"),
        posting("rent", "-0.30", line_id="3"),
        posting("rent", "5.00", customer_id="c1"),
    ]
    rows = desk.cells(lines)
    assert shown(rows) == [(*UK, "rent", "c1", Decimal("5.00")), (*UK, "rent", "unassigned", Decimal("300.00"))]
    assert (rows.rows, rows.total, rows.amount_column) == (2, Decimal("305.00"), "Amount")
    assert rows.header == tuple(CELL_COLUMNS)


def test_ids_that_share_a_member_share_its_cell(tmp_path: Path) -> None:
    desk = Desk(tmp_path, members(tmp_path, crosswalk={"rent": "4000", "sales": "4000"}))
    assert amounts(desk.cells([posting("rent", "100"), posting("sales", "-30")])) == {("4000", "unassigned"): 130}


def test_income_liabilities_and_equity_are_positive_by_their_class(desk: Desk) -> None:
    lines = [posting(account, "-10") for account in ("sales", "loan", "capital")]
    lines += [posting(account, "10") for account in ("rent", "bank")]
    natural = amounts(desk.cells(lines, module(accounts="all")))
    assert set(natural.values()) == {Decimal(10)}
    as_debits = amounts(desk.cells(lines, module(accounts="all", sign="debit_positive")))
    assert as_debits["sales", "unassigned"] == -10


def test_a_contra_account_is_not_flipped_again(desk: Desk) -> None:
    assert amounts(desk.cells([posting("sales", "25")])) == {("sales", "unassigned"): -25}


@pytest.mark.parametrize(
    ("accounts", "kept"), [("profit_and_loss", {"sales"}), ("balance_sheet", {"bank"}), ("all", {"sales", "bank"})]
)
def test_a_module_takes_its_statement_s_accounts_alone(desk: Desk, accounts: str, kept: set[str]) -> None:
    rows = desk.cells([posting("sales", "-10"), posting("bank", "10")], module(accounts=accounts))
    assert {account for account, _ in amounts(rows)} == kept
    assert rows.unmapped == ()


@pytest.mark.parametrize(("account", "why"), [("odd", "unknown class ''"), ("new", "not in the chart of accounts")])
def test_an_account_without_a_known_class_is_refused(desk: Desk, account: str, why: str) -> None:
    with pytest.raises(RecordRefused, match=why):
        desk.cells([posting(account, "10")])
    with pytest.raises(RecordRefused, match=why):
        desk.cells([posting(account, "10")], module(accounts="all"))


def test_no_class_is_needed_where_neither_sign_nor_statement_depends_on_it(desk: Desk) -> None:
    rows = desk.cells([posting("odd", "-10")], module(accounts="all", sign="debit_positive"))
    assert amounts(rows) == {("odd", "unassigned"): -10}


def test_tracking_is_found_by_the_category_s_name(tmp_path: Path) -> None:
    desk = Desk(tmp_path, members(tmp_path, tracking__Region={"prefix": "UK-"}))
    target = module(columns={"Region": "tracking.Region", "Period": "period", "Amount": "amount"})
    lines = [
        posting("rent", "1", tracking='{"cat-region":"north","cat-practice":"tax"}'),
        posting("rent", "2", tracking='{"cat-region":"north"}'),
        posting("rent", "4", tracking='{"cat-practice":"tax"}'),
    ]
    assert shown(desk.cells(lines, target)) == [
        ("UK-north", "2026-10-01", Decimal(3)),
        ("unassigned", "2026-10-01", Decimal(4)),
    ]


@pytest.mark.parametrize("tracking", [TRACKING, None])
def test_an_unknown_tracking_category_is_refused(desk: Desk, tracking: pa.Table | None) -> None:
    with pytest.raises(SettingWrong, match="Colour"):
        desk.cells([], module(columns={**CELL_COLUMNS, "Colour": "tracking.Colour"}), tracking=tracking)


def test_vendor_currency_and_kind_are_dimensions_too(desk: Desk) -> None:
    target = module(columns={"V": "vendor", "C": "currency", "K": "kind", "Amount": "amount"})
    lines = [posting("rent", "1", vendor_id="v1", currency="EUR", kind="bill"), posting("rent", "2")]
    assert shown(desk.cells(lines, target)) == [
        ("unassigned", "GBP", "invoice", Decimal(2)),
        ("v1", "EUR", "bill", Decimal(1)),
    ]


def test_books_in_a_currency_without_a_rate_are_refused_unless_the_base_books_alone_are_wanted(desk: Desk) -> None:
    lines = [posting("rent", "80"), posting("rent", "0", document_amount=Decimal(100), currency="CAD", rate=Decimal(0))]
    columns = {"Account": "ledger_account", "Amount": "amount"}
    with pytest.raises(SettingWrong, match=r"keeps books in CAD too.*currency: base_books"):
        desk.cells(lines, module(columns=columns))
    assert desk.cells(lines, module(columns=columns, currency="base_books")).total == 80


def test_document_currency_takes_the_document_s_amount(desk: Desk) -> None:
    target = module(columns={"Currency": "currency", "Amount": "amount"}, currency="document")
    lines = [posting("rent", "80", document_amount=Decimal(100), currency="USD")]
    assert shown(desk.cells(lines, target)) == [("USD", Decimal(100))]


def test_a_line_without_a_member_is_reported_with_count_and_amount_and_never_lost(tmp_path: Path) -> None:
    desk = Desk(tmp_path, members(tmp_path, crosswalk={"rent": "4000"}))
    lines = [posting("rent", "100"), posting("sales", "-30"), posting("sales", "-12.50", line_id="2")]
    rows = desk.cells(lines)
    assert rows.unmapped == (UnmappedMember("ledger_account", "sales", 2, Decimal("-42.50")),)
    assert rows.total == 100
    assert sum(one.amount for one in rows.unmapped) + sum(one["amount"] for one in behind(rows)) == Decimal("57.50")


def test_unmapped_ids_of_every_dimension_are_reported(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("source_id,source_code,source_name,member\nc1,,,C1\n")
    chosen = members(tmp_path, crosswalk={"rent": "4000"}, customer={"file": "customers.csv"})
    desk = Desk(tmp_path, chosen)
    lines = [
        posting("rent", "1", customer_id="c1"),
        posting("rent", "2", customer_id="c2"),
        posting("sales", "-4", customer_id="c2"),
    ]
    assert desk.cells(lines).unmapped == (
        UnmappedMember("ledger_account", "sales", 1, Decimal(-4)),
        UnmappedMember("customer", "c2", 2, Decimal(-2)),
    )


def test_a_tracking_option_without_a_member_is_reported_by_its_own_id(tmp_path: Path) -> None:
    (tmp_path / "regions.csv").write_text("source_id,source_code,source_name,member\nsouth,,,S\n")
    desk = Desk(tmp_path, members(tmp_path, tracking__Region={"file": "regions.csv"}))
    target = module(columns={"Region": "tracking.Region", "Amount": "amount"})
    lines = [posting("rent", "1", tracking='{"cat-region":"north"}')]
    assert desk.cells(lines, target).unmapped == (UnmappedMember("tracking.Region", "north", 1, Decimal(1)),)


def test_suspense_keeps_totals_whole(tmp_path: Path) -> None:
    desk = Desk(tmp_path, members(tmp_path, crosswalk={"rent": "4000"}, ledger_account={"unmapped": "suspense:9999"}))
    rows = desk.cells([posting("rent", "100"), posting("sales", "-30")])
    assert amounts(rows) == {("4000", "unassigned"): 100, ("9999", "unassigned"): 30}
    assert rows.unmapped == ()


def test_a_cell_loaded_before_and_now_gone_gets_a_zero_row(desk: Desk) -> None:
    first = desk.cells([posting("rent", "1"), posting("rent", "2", customer_id="c1")])
    previous = list(first.batches())
    rows = desk.cells([posting("rent", "3")], previous=[*previous, *previous])
    assert amounts(rows) == {("rent", "c1"): 0, ("rent", "unassigned"): 3}
    assert (rows.zero_rows, rows.rows) == (1, 2)
    assert {one["file_row"] for one in behind(rows)} == {3}


def test_zero_rows_reach_no_other_company_version_or_period(desk: Desk) -> None:
    names = list(CELL_COLUMNS)[:-1]
    strangers = [
        ("IE", *UK[1:], "rent", "c1"),
        ("UK", "Budget", UK[2], "rent", "c1"),
        ("UK", "Actual", "2026-09-01", "rent", "c1"),
    ]
    previous = pa.table({name: [row[place] for row in strangers] for place, name in enumerate(names)})
    assert desk.cells([posting("rent", "3")], previous=[previous]).zero_rows == 0
    ours = pa.table({name: [text] for name, text in zip(names, (*UK, "rent", "c1"), strict=True)})
    assert desk.cells([posting("rent", "3")], previous=[previous, ours]).zero_rows == 1


def test_cells_that_hold_zero_already_are_not_sent_again(desk: Desk) -> None:
    first = desk.cells([posting("rent", "0", customer_id="c1")])
    assert desk.cells([], previous=list(first.batches())).rows == 0


def test_an_empty_table_of_earlier_cells_may_lack_columns(desk: Desk) -> None:
    assert desk.cells([posting("rent", "3")], previous=[pa.table({})]).zero_rows == 0


def test_everything_voided_is_said_with_zero_rows(desk: Desk) -> None:
    first = desk.cells([posting("rent", "1"), posting("sales", "-2")])
    rows = desk.cells([], previous=list(first.batches()))
    assert (rows.rows, rows.zero_rows, rows.total) == (2, 2, 0)


def test_a_cell_whose_lines_cancel_out_is_still_in_the_file(desk: Desk) -> None:
    assert amounts(desk.cells([posting("rent", "5"), posting("rent", "-5")])) == {("rent", "unassigned"): 0}


def test_a_closing_balance_is_opening_plus_movements(desk: Desk) -> None:
    target = module(
        columns={"Account": "ledger_account", "Amount": "amount"}, measure="closing_balance", accounts="balance_sheet"
    )
    opening = opening_lines({"bank": Decimal("1000.00"), "loan": Decimal("-400.00"), "sales": Decimal(-5)})
    september = table_of(LedgerLine, [posting("bank", "50.00", period="2026-09"), posting("rent", "1")])
    rows = desk.cells([posting("bank", "-20.25"), posting("rent", "20.25")], target, carried=[opening, september])
    assert shown(rows) == [("bank", Decimal("1029.75")), ("loan", Decimal("400.00"))]
    assert [(one["file_row"], one["entity"], one["record_id"], one["amount"]) for one in behind(rows)] == [
        (2, "brought_forward", "2026-09", Decimal("1050.00")),
        (3, "brought_forward", "2026-09", Decimal("400.00")),
        (2, "ledger_lines", "d1", Decimal("-20.25")),
    ]


def test_members_needed_are_named_per_column_constants_included(desk: Desk) -> None:
    first = desk.cells([posting("rent", "1", customer_id="c9")])
    rows = desk.cells([posting("rent", "1", customer_id="c1")], previous=list(first.batches()))
    assert rows.members_needed == {
        "Entity": {"UK"},
        "Version": {"Actual"},
        "Account": {"rent"},
        "Customer": {"c1", "c9"},
    }
    assert desk.cells([]).members_needed["Account"] == frozenset()


def test_equal_content_makes_an_equal_file_whatever_the_order_of_lines(desk: Desk) -> None:
    lines = [posting("rent", "1", customer_id=f"c{number}") for number in range(9)]
    assert shown(desk.cells(lines)) == shown(desk.cells(lines[::-1]))


LINES = st.lists(
    st.builds(
        posting,
        st.sampled_from(["rent", "sales", "bank"]),
        st.decimals(-1000, 1000, places=2).map(str),
        customer_id=st.sampled_from(["", "c1", "c2"]),
        tracking=st.sampled_from(["{}", '{"cat-region":"north"}', '{"cat-region":"south"}']),
    ),
    max_size=30,
)


@given(lines=LINES)
@settings(max_examples=40, deadline=None)
def test_the_amount_of_every_row_is_the_sum_of_its_source_lines(
    lines: list[LedgerLine], tmp_path_factory: pytest.TempPathFactory
) -> None:
    target = module(columns={**CELL_COLUMNS, "Region": "tracking.Region"})
    rows = Desk(tmp_path_factory.mktemp("cells")).cells(lines, target)
    sums_of_rows: dict[int, Decimal] = defaultdict(Decimal)
    for one in behind(rows):
        sums_of_rows[one["file_row"]] += one["amount"]
    assert dict(sums_of_rows) == {number: row[-1] for number, row in enumerate(shown(rows), start=2)}
    assert rows.total == sum(
        (-1 if one.ledger_account_id == "sales" else 1) * one.amount for one in lines if one.ledger_account_id != "bank"
    )


def test_sums_stay_exact_when_they_are_compacted_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "_COMPACT_AT_ROWS", 3)
    whole = sums.Sums()
    for number in range(20):
        groups = pa.array([number % 2, 2 + number % 3], pa.int64()).to_numpy()
        whole.add(groups, pa.array([Decimal("0.10"), Decimal("-0.01")], DECIMAL))
    assert sum(whole.totals().values()) == Decimal("1.80")
    assert whole.totals()[0] == Decimal(1)


def test_a_cell_twice_in_a_file_would_be_said_and_not_sent() -> None:
    with pytest.raises(SettingWrong, match="1 cells occur twice"):
        cells._assert_unique(module(), {("UK",): 1}, [(0,), (1,)])


def test_the_period_is_written_as_the_import_expects_it(desk: Desk) -> None:
    target = module(period_format="mmm_yy")
    assert shown(desk.cells([posting("rent", "3")], target))[0][2] == OCTOBER.label("mmm_yy") == "Oct 26"
