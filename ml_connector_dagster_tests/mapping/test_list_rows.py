"""Every member that a module file may name is in the list, once, and none is ever taken out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ml_connector_dagster.ledger.party import Party
from ml_connector_dagster.mapping.file_rows import FileRows
from ml_connector_dagster.staging.frames import table_of
from ml_connector_dagster_tests.mapping.books import ACCOUNTS, TRACKING, Desk, anaplan_list, behind, members, party

CUSTOMERS = {"name": "customers", "from": "customers"}


def listed(rows: FileRows) -> list[tuple[Any, ...]]:
    """The rows of the file."""
    return [tuple(row[name] for name in rows.header) for table in rows.batches() for row in table.to_pylist()]


def test_members_are_the_crosswalk_s_and_distinct(tmp_path: Path) -> None:
    desk = Desk(tmp_path, members(tmp_path, crosswalk={"rent": "4000", "loan": "4000", "sales": "3000"}))
    columns = {"Code": "code", "Name": "name", "Active": "active", "Class": "account_class", "Parent": "parent"}
    rows = desk.members_of_list(ACCOUNTS, anaplan_list(columns=columns))
    assert listed(rows) == [
        ("3000", "3000 Sales", "true", "income", "income"),
        ("4000", "4000 Loan", "true", "liability", "liability"),
        ("unassigned", "unassigned", "true", "", ""),
    ]
    assert [(one["file_row"], one["record_id"]) for one in behind(rows)] == [(2, "sales"), (3, "rent"), (3, "loan")]


def test_names_are_unique_where_two_customers_are_called_the_same(tmp_path: Path) -> None:
    desk = Desk(tmp_path, members(tmp_path, customer={"prefix": "UK-"}))
    parties = table_of(Party, [party("p1", "Smith"), party("p2", "Smith\n")])
    assert [row[:2] for row in listed(desk.members_of_list(parties, anaplan_list(**CUSTOMERS)))] == [
        ("UK-p1", "UK-p1 Smith"),
        ("UK-p2", "UK-p2 Smith"),
        ("unassigned", "unassigned"),
    ]


def test_archived_and_merged_members_stay_and_are_inactive(desk: Desk) -> None:
    parties = [party("p1", "Old", active=False), party("p2", "Loser", merged_into="p3"), party("p3", "Survivor")]
    rows = desk.members_of_list(table_of(Party, parties), anaplan_list(**CUSTOMERS))
    assert [(row[0], row[2]) for row in listed(rows)] == [
        ("p1", "false"),
        ("p2", "false"),
        ("p3", "true"),
        ("unassigned", "true"),
    ]


def test_a_member_is_active_while_one_record_behind_it_is_and_takes_its_name(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("source_id,source_code,source_name,member\np1,,,C\np2,,,C\n")
    desk = Desk(tmp_path, members(tmp_path, customer={"file": "customers.csv"}))
    parties = table_of(Party, [party("p1", "Old", active=False), party("p2", "New")])
    assert listed(desk.members_of_list(parties, anaplan_list(**CUSTOMERS)))[0] == ("C", "C New", "true")


def test_the_suspense_member_is_in_the_list_under_its_own_name(tmp_path: Path) -> None:
    mapping = {"unmapped": "suspense:9999", "blank": "0000"}
    desk = Desk(tmp_path, members(tmp_path, crosswalk={"rent": "4000"}, ledger_account=mapping))
    assert [row[1] for row in listed(desk.members_of_list(ACCOUNTS))] == ["0000", "4000 Rent", "9999"]


@pytest.mark.parametrize(
    ("from_", "mapping", "expected"),
    [
        ("tracking.Region", {}, ["north", "south", "unassigned"]),
        ("tracking", {}, ["north", "south", "tax", "unassigned"]),
        ("tracking", {"tracking__Region": {"prefix": "UK-"}}, ["UK-north", "UK-south", "unassigned"]),
        ("tracking", {"customer": {"prefix": "UK-"}}, ["north", "south", "tax", "unassigned"]),
    ],
)
def test_tracking_fills_a_list_per_category(
    tmp_path: Path, from_: str, mapping: dict[str, Any], expected: list[str]
) -> None:
    desk = Desk(tmp_path, members(tmp_path, **mapping))
    target = anaplan_list(**{"name": "regions", "from": from_}, columns={"Code": "code", "Parent": "parent"})
    rows = desk.members_of_list(TRACKING, target)
    assert [row[0] for row in listed(rows)] == expected
    assert listed(rows)[0][1] == "Region"


def test_constants_and_other_columns_of_the_record_are_written(desk: Desk) -> None:
    target = anaplan_list(columns={"Code": "code", "Company": "=UK", "Currency": "currency", "Type": "account_type"})
    assert listed(desk.members_of_list(ACCOUNTS, target))[0] == ("bank", "UK", "", "TYPE")


def test_a_list_file_has_no_figures(desk: Desk) -> None:
    rows = desk.members_of_list(ACCOUNTS)
    assert (rows.amount_column, rows.total, rows.unmapped, rows.rows) == ("", 0, (), ACCOUNTS.num_rows + 1)
