"""Journals from a CSV file: read with line numbers, accounts and classes found or refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from ml_connector_dagster.errors import RecordRefused, SettingWrong
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.ledger.party import TrackingOption
from ml_connector_dagster.mapping.journal_csv import journals_of, read_journals

HEAD = "connection,journal,date,account,class,debit,credit,memo\n"
CHART = (("8-1", "6600", "Fees"), ("8-2", "2300", "Accrued"), ("8-3", "6610", "Fees:Legal"), ("8-4", "", "6610"))
ACCOUNTS = {
    list_id: LedgerAccount(list_id, code, name, "expense", "Expense", "", "", True, None, "")
    for list_id, code, name in CHART
}
CLASSES = {"9-1": TrackingOption("9-1", "Sales:East", "class", "Class", True, "")}


def write(folder: Path, text: str, *, head: str = HEAD, encoding: str = "utf-8") -> Path:
    path = folder / "journals.csv"
    path.write_bytes((head + text).encode(encoding))
    return path


def test_rows_of_one_key_are_one_journal_debit_positive(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "bs,NOV-1,2026-11-30,6600,Sales:East,1250.00,,Plan\nbs,NOV-1,2026-11-30,Accrued,,,1250,\n\nbs,NOV-2,2026-11-30,8-1,,1,,\n",
        encoding="utf-8-sig",
    )
    file = read_journals(path)
    first, second = journals_of(file.by_connection()["bs"], ACCOUNTS, CLASSES)
    assert [(line.ledger_account_id, line.amount, line.tracking_id, line.memo) for line in first.lines] == [
        ("8-1", Decimal("1250.00"), "9-1", "Plan"),
        ("8-2", Decimal(-1250), "", ""),
    ]
    assert (first.key, f"{first.posting_date}", second.key) == ("NOV-1", "2026-11-30", "NOV-2")
    assert len(file.document_hash) == 64


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("bs,A,30.11.2026,6600,,1,,", "Line 2 .*'30.11.2026' where a date like 2026-10-31 belongs"),
        ("bs,A,2026-11-30,6600,,1,2,", "both a debit and a credit"),
        ("bs,A,2026-11-30,6600,,,,", "neither a debit nor a credit"),
        ("bs,A,2026-11-30,6600,,-1,,", "below zero"),
        ("bs,A,2026-11-30,6600,,1.000.00,,", "an amount like 1250.00 belongs"),
        (",A,2026-11-30,,,1,,", "no connection, no account"),
        ("bs,A,2026-11-30,6600,,1,,memo,more", "more cells than the header"),
        ("bs,A,2026-11-30,6600,,1,,\nbs,A,2026-12-01,2300,,,1,", "Line 3 .*another date .*than line 2"),
        ("", "no rows"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(tmp_path: Path, row: str, says: str) -> None:
    with pytest.raises(SettingWrong, match=says):
        read_journals(write(tmp_path, row))


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("connection,journal,date,account,amount\n", "lacks 'debit', 'credit' and has the unknown 'amount'"),
        (HEAD.replace("memo", "debit"), "has twice 'debit'"),
        ("", "lacks 'connection'"),
    ],
)
def test_other_columns_are_refused(tmp_path: Path, head: str, says: str) -> None:
    with pytest.raises(SettingWrong, match=says):
        read_journals(write(tmp_path, "x\n", head=head))


def test_every_wrong_row_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingWrong) as caught:
        read_journals(write(tmp_path, "bs,A,x,6600,,1,,\nbs,A,2026-11-30,6600,,,,\n"))
    assert len(caught.value.context["others"]) == 1


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingWrong, match="not UTF-8"):
        read_journals(write(tmp_path, "bs,A,2026-11-30,Büro,,1,,\n", encoding="cp1252"))


@pytest.mark.parametrize(
    ("account", "option", "says"),
    [
        ("9999", "", "Line 2: account '9999' is not among them"),
        ("6610", "", r"account '6610' fits 2 of them: 8-3, 8-4"),
        ("6600", "West", "class 'West' is not among them"),
    ],
)
def test_an_unknown_or_ambiguous_account_or_class_is_refused(
    tmp_path: Path, account: str, option: str, says: str
) -> None:
    file = read_journals(write(tmp_path, f"bs,A,2026-11-30,{account},{option},1,,\nbs,A,2026-11-30,x,,,1,\n"))
    with pytest.raises(RecordRefused, match=says) as caught:
        journals_of(file.rows, ACCOUNTS, CLASSES)
    assert len(caught.value.context["others"]) == 1


@pytest.mark.parametrize(("text", "is_adjustment"), [("yes", True), ("", False), ("no", False)])
def test_an_adjustment_is_said_on_every_row(tmp_path: Path, text: str, is_adjustment: bool) -> None:
    head = "adjustment,connection,journal,date,account,debit,credit\n"
    path = write(tmp_path, f"{text},bs,A,2026-11-30,6600,1,\n{text},bs,A,2026-11-30,2300,,1\n", head=head)
    (made,) = journals_of(read_journals(path).rows, ACCOUNTS, CLASSES)
    assert made.is_adjustment is is_adjustment
