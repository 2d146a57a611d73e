"""The crosswalk is a file that people edit: every mistake is said with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.ledger.party import Party
from ml_connector_dagster.mapping.crosswalk import (
    CrosswalkRow,
    MovedCode,
    export_crosswalk,
    moved_codes,
    read_crosswalk,
    suggest_members,
    write_crosswalk,
)
from ml_connector_dagster.staging.frames import table_of
from ml_connector_dagster_tests.mapping.books import ACCOUNTS, TRACKING, party

HEADER = "source_id,source_code,source_name,member\r\n"
RENT = CrosswalkRow("rent", "201", "Rent", "4000")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    rows = (CrosswalkRow("b", "2", 'Fees, "other"', ""), CrosswalkRow("a", "1", "Übrige", "4000"))
    write_crosswalk(tmp_path / "mapping" / "accounts.csv", rows)
    assert read_crosswalk(tmp_path / "mapping" / "accounts.csv") == (rows[1], rows[0])
    assert [path.name for path in (tmp_path / "mapping").iterdir()] == ["accounts.csv"]


def test_a_byte_order_mark_and_empty_lines_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEADER}rent,201, Rent ,4000\r\n,,,\r\n\r\n".encode())
    assert read_crosswalk(path) == (RENT,)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id,member\r\n", "line 1 has the columns id, member"),
        ("", "line 1 has the columns none"),
        (f"{HEADER}rent,201,Rent\r\n", "line 2 has 3 fields instead of 4"),
        (f"{HEADER}\r\n,201,Rent,4000\r\n", "line 3 has no source_id"),
        (f"{HEADER}rent,,,1\r\nbank,,,2\r\nrent,,,3\r\n", "line 4 names rent again, as line 2 does"),
        (f'{HEADER}"re\r\nnt",,,1\r\nbank,,,#2\r\n', "line 4 gives the member '#2': it begins with #"),
        (f"{HEADER}rent,,,{'4' * 61}\r\n", "line 2 gives the member .*61 characters, Anaplan takes 60"),
    ],
)
def test_a_mistake_is_said_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "accounts.csv"
    path.write_bytes(content.encode())
    with pytest.raises(SettingWrong, match=said):
        read_crosswalk(path)


def test_a_missing_file_and_one_in_another_encoding_are_said(tmp_path: Path) -> None:
    with pytest.raises(SettingWrong, match="does not exist"):
        read_crosswalk(tmp_path / "accounts.csv")
    (tmp_path / "accounts.csv").write_bytes("Miete für Büro".encode("latin-1"))
    with pytest.raises(SettingWrong, match="is not UTF-8"):
        read_crosswalk(tmp_path / "accounts.csv")


def test_an_export_shows_every_account_with_the_member_it_has(tmp_path: Path) -> None:
    gone = CrosswalkRow("gone", "999", "Gone", "4999")
    exported = {row.source_id: row for row in export_crosswalk(ACCOUNTS, [RENT, gone])}
    assert exported["rent"] == RENT
    assert exported["sales"] == CrosswalkRow("sales", "200", "Sales", "")
    assert exported["gone"] == gone
    assert len(exported) == ACCOUNTS.num_rows + 1


def test_parties_and_tracking_options_are_exported_too() -> None:
    parties = table_of(Party, [party("p1", "Ashdown Ltd", code="C-7")])
    assert export_crosswalk(parties, []) == (CrosswalkRow("p1", "C-7", "Ashdown Ltd", ""),)
    assert export_crosswalk(TRACKING, [])[0] == CrosswalkRow("north", "north", "North", "")


def test_members_are_suggested_by_code_and_then_by_name() -> None:
    rows = [
        CrosswalkRow("a", "4000", "Whatever", ""),
        CrosswalkRow("b", "77", "  travel  COSTS ", ""),
        CrosswalkRow("c", "88", "Unheard of", ""),
        CrosswalkRow("d", "4000", "Chosen by a person", "1234"),
    ]
    filled, reasons = suggest_members(rows, {"4000": "Rent", "5000": "Travel costs"})
    assert [row.member for row in filled] == ["4000", "5000", "", "1234"]
    assert reasons.to_dict("list")["because"] == ["code", "name", ""]
    assert list(reasons["source_id"]) == ["a", "b", "c"]


def test_an_ambiguous_name_is_no_suggestion() -> None:
    filled, _ = suggest_members([CrosswalkRow("a", "", "Other", "")], {"1": "Other", "2": "OTHER", "3": ""})
    assert filled[0].member == ""


def test_a_first_chart_may_keep_its_own_codes() -> None:
    rows = [CrosswalkRow("a", "200", "Sales", ""), CrosswalkRow("b", "", "Bank", "")]
    filled, reasons = suggest_members(rows, {}, own_codes=True)
    assert [row.member for row in filled] == ["200", ""]
    assert list(reasons["because"]) == ["own code", ""]


def test_nothing_open_is_nothing_to_suggest() -> None:
    filled, reasons = suggest_members([RENT], {"4000": "Rent"})
    assert (filled, len(reasons)) == ((RENT,), 0)


def test_a_mapped_code_that_moved_is_held() -> None:
    rows = [
        RENT,
        CrosswalkRow("sales", "190", "Sales", "3000"),
        CrosswalkRow("bank", "", "Bank", "1000"),
        CrosswalkRow("loan", "999", "Loan", ""),
        CrosswalkRow("gone", "999", "Gone", "9000"),
    ]
    assert moved_codes(ACCOUNTS, rows) == (MovedCode("sales", "190", "200", "3000"),)
