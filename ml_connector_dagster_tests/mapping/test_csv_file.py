"""The file is cut as Anaplan's metadata says, and holds every cent as a plain decimal."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path

import pytest

from ml_connector_dagster.errors import RecordRefused, SettingWrong
from ml_connector_dagster.mapping import csv_file, row_files
from ml_connector_dagster.mapping.columns import Column
from ml_connector_dagster.mapping.csv_file import CsvLayout, check_layout, recut_csv, write_csv
from ml_connector_dagster.mapping.file_rows import FileRows
from ml_connector_dagster.mapping.row_files import RowFile, cells_schema


def rows_of(folder: Path, *rows: tuple[str, str], amount_column: str = "Amount") -> FileRows:
    """A file of one text column and an amount."""
    columns = [Column("Account", "ledger_account"), Column("Amount", "amount")]
    file = RowFile(folder / "cells.parquet", cells_schema(columns))
    file.add_rows([(text, Decimal(amount)) for text, amount in rows])
    file.close()
    header = ("Amount", "Account") if amount_column else ("Account",)
    return FileRows(header, amount_column, folder / "cells.parquet", folder / "none", len(rows), 0, Decimal(0), (), {})


def written(folder: Path, rows: FileRows, layout: CsvLayout | None = None) -> bytes:
    """The bytes of the file; with a layout, those of the file that was cut again."""
    path = folder / "file.csv"
    file = write_csv(path, rows)
    if layout is not None:
        path = folder / "cut.csv"
        file = recut_csv(folder / "file.csv", CsvLayout(), path, layout, {"Amount"})
    content = path.read_bytes()
    assert (file.sha256, file.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert (file.path, file.rows) == (path, rows.rows)
    return content


def test_lines_end_in_crlf_without_a_byte_order_mark(tmp_path: Path) -> None:
    content = written(tmp_path, rows_of(tmp_path, ("4000", "12.50")))
    assert content == b"Amount,Account\r\n12.50,4000\r\n"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "0"),
        ("-0.00", "0"),
        ("12", "12"),
        ("12.5", "12.50"),
        ("-12.50", "-12.50"),
        ("0.0000001", "0.0000001"),
        ("12345678901234567.89", "12345678901234567.89"),
        ("1E+3", "1000"),
        ("0.1230", "0.123"),
    ],
)
def test_amounts_are_plain_decimals(tmp_path: Path, amount: str, shown: str) -> None:
    content = written(tmp_path, rows_of(tmp_path, ("a", amount)))
    assert content.splitlines()[1] == f"{shown},a".encode()


def test_separator_delimiter_encoding_and_decimal_separator_follow_the_layout(tmp_path: Path) -> None:
    layout = CsvLayout(separator=";", delimiter="'", encoding="ISO-8859-1", decimal_separator=",")
    content = written(tmp_path, rows_of(tmp_path, ("Büro; 'neu'", "1.5")), layout)
    assert content == "Amount;Account\r\n1,50;'Büro; ''neu'''\r\n".encode("latin-1")


def test_utf_16_as_anaplan_names_it_has_no_byte_order_mark(tmp_path: Path) -> None:
    content = written(tmp_path, rows_of(tmp_path, ("ü", "1")), CsvLayout(encoding="UTF-16LE"))
    assert content == "Amount,Account\r\n1,ü\r\n".encode("utf-16-le")


def test_control_characters_become_a_space(tmp_path: Path) -> None:
    assert written(tmp_path, rows_of(tmp_path, ("Fees\r\nother", "1"))).splitlines()[1] == b"1,Fees other"


def test_a_list_file_has_no_amount(tmp_path: Path) -> None:
    assert written(tmp_path, rows_of(tmp_path, ("4000", "0"), amount_column="")) == b"Account\r\n4000\r\n"


def test_a_file_of_many_row_groups_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_files, "ROWS_PER_GROUP", 3)
    rows = rows_of(tmp_path, *((str(number), "1") for number in range(10)))
    assert len(written(tmp_path, rows).splitlines()) == 11


def test_a_separator_in_a_value_needs_a_delimiter(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, ("plain", "1"), ("Fees, other", "1"))
    with pytest.raises(RecordRefused, match="'Fees, other' cannot be written"):
        written(tmp_path, rows, CsvLayout(delimiter=""))
    assert written(tmp_path, rows_of(tmp_path, ("plain", "1")), CsvLayout(delimiter="")).endswith(b"1,plain\r\n")


def test_a_character_that_the_encoding_has_not_is_refused(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, ("plain", "1"), ("日本", "1"))
    with pytest.raises(RecordRefused, match="日本"):
        written(tmp_path, rows, CsvLayout(encoding="ISO-8859-1"))


def test_a_file_cut_again_and_back_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second of two batches, quotes, and a constant that looks like a number are no exceptions."""
    monkeypatch.setattr(csv_file, "_ROWS_AT_ONCE", 2)
    layout = CsvLayout(separator="\t", delimiter="'", encoding="UTF-16LE", decimal_separator=",")
    content = written(tmp_path, rows_of(tmp_path, ('A "quoted", name', "1.25"), ("l'été", "-3"), ("1.5", "0.10")))
    recut_csv(tmp_path / "file.csv", CsvLayout(), tmp_path / "cut.csv", layout, {"Amount"})
    assert "0,10\t1.5\r\n" in (tmp_path / "cut.csv").read_bytes().decode("utf-16-le")
    recut_csv(tmp_path / "cut.csv", layout, tmp_path / "back.csv", CsvLayout(), {"Amount"})
    assert (tmp_path / "back.csv").read_bytes() == content


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"encoding": "EBCDIC-9"}, "no known encoding"),
        ({"encoding": "UTF-16"}, "begins with a byte order mark"),
        ({"separator": ""}, "separates columns by ''"),
        ({"separator": "-"}, "separates columns by '-'"),
        ({"delimiter": ","}, "puts ',' round texts"),
        ({"separator": ",", "decimal_separator": ","}, "has the decimal separator ','"),
    ],
)
def test_a_layout_that_cannot_be_written_is_refused(wrong: dict[str, str], says: str) -> None:
    with pytest.raises(SettingWrong, match=says):
        check_layout(CsvLayout(**wrong))
