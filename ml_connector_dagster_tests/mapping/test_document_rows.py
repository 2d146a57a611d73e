"""Documents and lines keep their key, their date and their status; a vanished one is retired, never forgotten."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.mapping.file_rows import FileRows, UnmappedMember
from ml_connector_dagster.mapping.targets import ModuleTarget
from ml_connector_dagster_tests.mapping.books import ACCOUNTS, Desk, behind, line, members, module, posting, shown

REGISTER = {
    "Document": "record_id",
    "Entity": "=UK",
    "Customer": "customer",
    "Number": "number",
    "Date": "document_date",
    "Due": "due_date",
    "Status": "status",
    "Amount": "amount",
    "Transaction": "transaction_id",
    "Loaded": "loaded_at",
    "Active": "active",
}
LINES = {
    "Line": "line_id",
    "Document": "document",
    "Date": "document_date",
    "Account": "ledger_account",
    "Text": "description",
    "Amount": "amount",
}


def register(**changes: Any) -> ModuleTarget:
    """A module of invoices."""
    return module(**{"name": "register", "from": "invoices", "grain": "document", "columns": REGISTER} | changes)


def by_key(rows: FileRows) -> dict[str, dict[str, Any]]:
    """Key to the row, by column name."""
    return {row["Document"]: row for table in rows.batches() for row in table.to_pylist()}


def test_a_document_is_one_row_with_its_facts(desk: Desk) -> None:
    rows = desk.documents([line("d1"), line("d1", "2")], register())
    assert by_key(rows) == {
        "d1": {
            "Document": "d1",
            "Entity": "UK",
            "Customer": "p1",
            "Number": "INV-d1",
            "Date": "2026-10-07",
            "Due": "2026-11-06",
            "Status": "AUTHORISED",
            "Transaction": "d1",
            "Loaded": "2026-11-02 06:30:00",
            "Active": "true",
            "amount": Decimal("120.00"),
        }
    }
    assert rows.header == tuple(REGISTER)
    assert (rows.total, rows.amount_column) == (Decimal("120.00"), "Amount")


def test_the_record_behind_each_row_carries_its_amount(desk: Desk) -> None:
    rows = desk.documents([line("d2", total=Decimal("5.00")), line("d1")], register())
    assert [(one["file_row"], one["kind"], one["record_id"], one["amount"]) for one in behind(rows)] == [
        (2, "invoice", "d1", Decimal("120.00")),
        (3, "invoice", "d2", Decimal("5.00")),
    ]


def test_a_voided_document_keeps_its_row_without_its_amount(desk: Desk) -> None:
    row = by_key(desk.documents([line("d1", status="VOIDED", posts=False)], register()))["d1"]
    assert (row["amount"], row["Active"], row["Status"]) == (0, "false", "VOIDED")


def test_credit_notes_are_negative(desk: Desk) -> None:
    rows = desk.documents([line("d1", kind="credit_note"), line("d2", kind="vendor_credit")], register())
    assert rows.total == Decimal("-240.00")


def test_base_currency_without_a_rate_is_refused_and_document_currency_is_not(desk: Desk) -> None:
    """FreshBooks writes no rate: dollars and pounds are never added up."""
    foreign = line("d1", currency="CAD", rate=Decimal(0))
    with pytest.raises(SettingWrong, match="is in CAD, and the accounting system gives no rate"):
        desk.documents([foreign], register())
    told = register(currency="document", columns={**REGISTER, "Currency": "currency"})
    assert desk.documents([foreign], told).total == foreign.total


@pytest.mark.parametrize(
    ("divides", "currency", "expected"),
    [(True, "base", "96.00"), (False, "base", "150.00"), (True, "document", "120.00")],
)
def test_base_currency_follows_the_document_s_own_rate(desk: Desk, divides: bool, currency: str, expected: str) -> None:
    target = register(columns={**REGISTER, "Currency": "currency"}, currency=currency)
    foreign = line("d1", currency="USD", rate=Decimal("1.25"))
    assert desk.documents([foreign], target, rate_divides=divides).total == Decimal(expected)


def test_base_amounts_are_rounded_half_up_to_the_cent(desk: Desk) -> None:
    foreign = line("d1", total=Decimal("0.01"), rate=Decimal(2))
    assert desk.documents([foreign], register()).total == Decimal("0.01")


def test_a_line_is_keyed_by_its_own_id_and_a_document_without_lines_by_the_document_s(desk: Desk) -> None:
    target = register(grain="line", columns=LINES)
    rows = desk.documents([line("d1", "l1"), line("d1", "l2", net_amount=Decimal("-7.10")), line("d2", "")], target)
    assert [(row[0], row[1], row[-1]) for row in shown(rows)] == [
        ("d2", "d2", Decimal("100.00")),
        ("l1", "d1", Decimal("100.00")),
        ("l2", "d1", Decimal("-7.10")),
    ]
    assert {one["line_id"] for one in behind(rows)} == {"", "l1", "l2"}
    assert rows.members_needed["Line"] == {"d2", "l1", "l2"}


def test_other_document_fields_are_written_as_plain_text(desk: Desk) -> None:
    columns = {
        "Document": "document",
        "Period": "period",
        "Rate": "rate",
        "Total": "total",
        "Bank": "bank_account",
        "Paid": "linked",
        "Due": "due_date",
        "Amount": "amount",
    }
    one = line("d1", rate=Decimal("1.50"), total=Decimal("1E+3"), bank_account_id="b1", due_date=None, number="x")
    assert shown(desk.documents([one], register(columns=columns)))[0][:-1] == (
        "d1",
        "2026-10-01",
        "1.5",
        "1000",
        "b1",
        "",
        "",
    )


def test_two_rows_of_one_key_are_refused(desk: Desk) -> None:
    apart = [line("d1"), line("d2"), line("d1", "2")]
    with pytest.raises(SettingWrong, match="d1 occurs twice"):
        desk.documents(apart, register())


def test_an_unmapped_customer_is_reported_with_its_documents(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("source_id,source_code,source_name,member\np1,,,C1\n")
    desk = Desk(tmp_path, members(tmp_path, customer={"file": "customers.csv"}))
    rows = desk.documents([line("d1"), line("d2", party_id="p2")], register())
    assert list(by_key(rows)) == ["d1"]
    assert rows.unmapped == (UnmappedMember("customer", "p2", 1, Decimal("100.00")),)


def previous(desk: Desk, *lines: Any, target: ModuleTarget | None = None) -> list[pa.Table]:
    """What an earlier load sent."""
    return list(desk.documents(lines, target or register()).batches())


def test_a_vanished_document_is_retired_with_its_last_known_facts(desk: Desk) -> None:
    rows = desk.documents([line("d1")], register(), previous=previous(desk, line("d1"), line("d2")))
    row = by_key(rows)["d2"]
    assert (row["amount"], row["Active"], row["Number"], row["Status"]) == (0, "false", "INV-d2", "AUTHORISED")
    assert rows.zero_rows == 1
    assert {one["record_id"] for one in behind(rows)} == {"d1"}


def test_a_document_that_moved_to_another_period_is_left_to_that_period_s_file(desk: Desk) -> None:
    asked: list[str] = []

    def elsewhere(ids: Collection[str]) -> Collection[str]:
        asked.extend(sorted(ids))
        return ["d2"]

    earlier = previous(desk, line("d1"), line("d2"), line("d3"))
    rows = desk.documents([line("d1")], register(), previous=earlier, standing_elsewhere=elsewhere)
    assert list(by_key(rows)) == ["d1", "d3"]
    assert asked == ["d2", "d3"]


@pytest.mark.parametrize(
    "stranger", [{"Entity": "IE"}, {"Date": "2026-09-30"}, {"Date": ""}], ids=["company", "month", "no date"]
)
def test_rows_of_another_company_or_month_are_left_alone(desk: Desk, stranger: dict[str, str]) -> None:
    (table,) = previous(desk, line("d2"))
    table = pa.Table.from_pylist([table.to_pylist()[0] | stranger])
    assert desk.documents([line("d1")], register(), previous=[table]).zero_rows == 0


def test_rows_that_do_not_say_whose_they_are_are_left_alone(desk: Desk) -> None:
    keys = pa.table({"Document": ["d2"], "Entity": ["UK"]})
    assert desk.documents([line("d1")], register(), previous=[keys]).zero_rows == 0


def test_a_fact_that_an_earlier_file_did_not_have_stays_empty(desk: Desk) -> None:
    (table,) = previous(desk, line("d2"))
    rows = desk.documents([line("d1")], register(), previous=[table.drop_columns(["Number"])])
    assert by_key(rows)["d2"]["Number"] == ""


def test_a_line_taken_off_its_document_is_retired(desk: Desk) -> None:
    target = register(grain="line", columns={**LINES, "Period": "period", "Active": "active"})
    earlier = previous(desk, line("d1", "l1"), line("d1", "l2"), target=target)
    september = pa.Table.from_pylist([row | {"Period": "2026-09-01"} for row in earlier[0].to_pylist()])
    rows = desk.documents([line("d1", "l1")], target, previous=[september, *earlier])
    assert [(row[0], row[-2], row[-1]) for row in shown(rows)] == [("l1", "true", 100), ("l2", "false", 0)]


def test_lines_of_the_ledger_carry_the_posting_with_the_target_s_sign(desk: Desk) -> None:
    columns = {"Line": "line", "Document": "document", "Date": "document_date", "Vendor": "vendor", "Amount": "amount"}
    target = register(**{"from": "ledger_lines", "grain": "line", "columns": columns})
    postings = [
        posting("sales", "-10", line_id="l1", vendor_id="v1", posting_date=date(2026, 10, 9)),
        posting("bank", "10", line_id="l2"),
    ]
    rows = desk.documents(postings, target, accounts=ACCOUNTS)
    assert shown(rows) == [("l1", "d1", "2026-10-09", "v1", Decimal(10))]
    foreign = register(
        **{"from": "ledger_lines", "grain": "line", "columns": columns | {"C": "currency"}, "currency": "document"}
    )
    assert desk.documents(postings[:1], foreign, accounts=ACCOUNTS).total == 10


def test_an_unmapped_posting_is_reported_in_base_currency(tmp_path: Path) -> None:
    columns = {name: LINES[name] for name in ("Line", "Document", "Date", "Account", "Amount")}
    target = register(**{"from": "ledger_lines", "grain": "line", "columns": columns})
    desk = Desk(tmp_path, members(tmp_path, crosswalk={"rent": "4000"}))
    rows = desk.documents([posting("sales", "-10", document_amount=Decimal(-12))], target, accounts=ACCOUNTS)
    assert rows.unmapped == (UnmappedMember("ledger_account", "sales", 1, Decimal(-10)),)


def test_a_field_that_the_entity_has_not_is_refused(desk: Desk) -> None:
    target = register(**{"from": "ledger_lines", "grain": "line", "columns": LINES})
    with pytest.raises(SettingWrong, match="ledger_lines have no 'description'"):
        desk.documents([posting("rent", "1")], target, accounts=ACCOUNTS)
