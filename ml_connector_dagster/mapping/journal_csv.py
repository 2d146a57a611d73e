"""Journals as a CSV file that people write, and the accounts and classes it names found in the company's charts.

One row a line of a journal, UTF-8 (a byte order mark, as Excel writes it, is taken), columns in any order:

============  ========================================================================================================
connection    the connection whose company gets the journal
journal       its key: rows with the same one are one journal; a key stands for one content for ever
date          posting date, 2026-10-31; the same on all rows of a journal
account       number, full name or id of a ledger account
class         full name or id of a class or other reporting dimension; may be empty, and the column may be missing
debit         amount in the home currency, 1250.00; either this or ``credit``
credit
memo          of the line; the column may be missing
adjustment    yes on an accountant's adjustment; the column may be missing
============  ========================================================================================================
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from ml_connector_dagster.errors import RecordRefused, SettingWrong
from ml_connector_dagster.ledger.journal import Journal, JournalLine
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.ledger.money import ZERO, amount
from ml_connector_dagster.ledger.party import TrackingOption

NEEDED = ("connection", "journal", "date", "account", "debit", "credit")
OPTIONAL = ("class", "memo", "adjustment")
_YES, _NO = ("yes", "true", "1"), ("", "no", "false", "0")


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One row of the file, read and not yet resolved."""

    line: int
    """Of the file; the header is 1."""
    connection: str
    journal: str
    posting_date: date
    account: str
    option: str
    amount: Decimal
    """Debit + and credit −."""
    memo: str
    is_adjustment: bool


@dataclass(frozen=True, slots=True)
class JournalFile:
    """A file of journals."""

    rows: tuple[JournalRow, ...]
    document_hash: str
    """SHA-256 of its bytes: what was approved."""

    def by_connection(self) -> dict[str, tuple[JournalRow, ...]]:
        """Answer the rows of each connection, in their order."""
        found: dict[str, list[JournalRow]] = {}
        for row in self.rows:
            found.setdefault(row.connection, []).append(row)
        return {name: tuple(rows) for name, rows in found.items()}


def read_journals(path: Path) -> JournalFile:
    """Read and check a file of journals.

    Raises:
        SettingWrong: It is no UTF-8 text, has other columns or no rows, or rows cannot be read: ``context["others"]``
            holds what is wrong with further rows.
    """
    content = path.read_bytes()
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise _wrong(
            path, f"is not UTF-8 text ({error.reason} at byte {error.start})", "Save it as CSV UTF-8."
        ) from error
    reader = csv.DictReader(lines, restkey="", strict=True)
    _check_columns(path, [name or "" for name in reader.fieldnames or ()])
    rows, problems = _read_rows(path, reader)
    if problems:
        first, *others = problems
        first.context["others"] = tuple(others)
        raise first
    if not rows:
        raise _wrong(path, "has no rows", "Write one row a line of a journal.")
    return JournalFile(tuple(rows), hashlib.sha256(content).hexdigest())


def journals_of(
    rows: Iterable[JournalRow], accounts: Mapping[str, LedgerAccount], options: Mapping[str, TrackingOption]
) -> tuple[Journal, ...]:
    """Put rows of one connection together as journals, their accounts and classes found.

    Args:
        rows: Of one connection.
        accounts: The chart by id.
        options: The reporting dimension's options by id.

    Raises:
        RecordRefused: An account or class is unknown, or its text fits several; ``context["others"]`` holds further ones.
    """
    chart = _index((one.ledger_account_id, one.code, one.name) for one in accounts.values())
    classes = _index((one.option_id, one.option) for one in options.values())
    found: dict[str, list[tuple[JournalRow, JournalLine]]] = {}
    problems: list[RecordRefused] = []
    for row in rows:
        try:
            line = _line(row, _single(chart, row, "account", row.account), _class_id(classes, row))
        except RecordRefused as error:
            problems.append(error)
        else:
            found.setdefault(row.journal, []).append((row, line))
    if problems:
        first, *others = problems
        first.context["others"] = tuple(others)
        raise first
    return tuple(_journal(key, lines) for key, lines in found.items())


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    missing = [name for name in NEEDED if name not in columns]
    unknown = [name for name in columns if name not in (*NEEDED, *OPTIONAL)]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if missing or unknown or twice:
        said = [
            f"{words} {', '.join(map(repr, names))}"
            for words, names in (("lacks", missing), ("has the unknown", unknown), ("has twice", twice))
            if names
        ]
        takes = f"Its columns are {', '.join(NEEDED)}, and if wanted {', '.join(OPTIONAL)}."
        raise _wrong(path, f"{' and '.join(said)} among its columns", takes)


def _read_rows(path: Path, reader: csv.DictReader[str]) -> tuple[list[JournalRow], list[SettingWrong]]:
    rows: list[JournalRow] = []
    problems: list[SettingWrong] = []
    first_of: dict[tuple[str, str], JournalRow] = {}
    try:
        for raw in reader:
            row = _read_row(path, reader.line_num, raw, problems)
            if row is None:
                continue
            head = first_of.setdefault((row.connection, row.journal), row)
            if (head.posting_date, head.is_adjustment) != (row.posting_date, row.is_adjustment):
                why = f"has another date or adjustment than line {head.line} of the same journal {row.journal!r}"
                problems.append(_wrong(path, why, "Give all its rows the same, or another key.", line=row.line))
            rows.append(row)
    except csv.Error as error:
        problems.append(_wrong(path, f"is no CSV ({error})", "Save it as CSV with commas.", line=reader.line_num))
    return rows, problems


def _read_row(path: Path, line: int, raw: Mapping[str, Any], problems: list[SettingWrong]) -> JournalRow | None:
    cells = {name: str(raw.get(name) or "").strip() for name in (*NEEDED, *OPTIONAL)}
    if not any(cells.values()):
        return None
    try:
        return _row(line, cells, has_more_cells="" in raw)
    except ValueError as error:
        problems.append(_wrong(path, str(error), "Correct the row.", line=line))
        return None


def _row(line: int, cells: Mapping[str, str], *, has_more_cells: bool) -> JournalRow:
    empty = [name for name in ("connection", "journal", "date", "account") if not cells[name]]
    if has_more_cells:
        raise ValueError("has more cells than the header")
    if empty:
        raise ValueError(f"has no {', no '.join(empty)}")
    return JournalRow(
        line,
        cells["connection"],
        cells["journal"],
        _date(cells["date"]),
        cells["account"],
        cells["class"],
        _amount(cells["debit"], cells["credit"]),
        cells["memo"],
        _flag(cells["adjustment"]),
    )


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-10-31") else date.fromisoformat("")
    except ValueError:
        raise ValueError(f"has {text!r} where a date like 2026-10-31 belongs") from None


def _amount(debit: str, credit: str) -> Decimal:
    if bool(debit) == bool(credit):
        raise ValueError("has both a debit and a credit" if debit else "has neither a debit nor a credit")
    try:
        value = amount(debit or credit)
    except RecordRefused:
        raise ValueError(f"has {debit or credit!r} where an amount like 1250.00 belongs") from None
    if value < ZERO:
        raise ValueError("has an amount below zero: write it on the other side")
    return value if debit else -value


def _flag(text: str) -> bool:
    if text.lower() not in (*_YES, *_NO):
        raise ValueError(f"has {text!r} for adjustment, which is yes or empty")
    return text.lower() in _YES


def _index(named: Iterable[tuple[str, ...]]) -> dict[str, set[str]]:
    """Answer {text: ids it may mean}."""
    found: dict[str, set[str]] = {}
    for record_id, *texts in named:
        for text in {record_id, *texts} - {""}:
            found.setdefault(text, set()).add(record_id)
    return found


def _single(index: Mapping[str, set[str]], row: JournalRow, word: str, text: str) -> str:
    ids = index.get(text, set())
    if len(ids) == 1:
        return next(iter(ids))
    why = f"fits {len(ids)} of them: {', '.join(sorted(ids))}" if ids else "is not among them as they were read last"
    raise RecordRefused(
        f"Line {row.line}: {word} {text!r} {why}.",
        "Nothing of the file was posted.",
        f"Write the {word}'s number, full name or id as the accounting system has it now.",
        journal=row.journal,
    )


def _class_id(index: Mapping[str, set[str]], row: JournalRow) -> str:
    return _single(index, row, "class", row.option) if row.option else ""


def _line(row: JournalRow, account_id: str, option_id: str) -> JournalLine:
    return JournalLine(account_id, row.amount, option_id, row.memo, row.account, row.option)


def _journal(key: str, lines: Sequence[tuple[JournalRow, JournalLine]]) -> Journal:
    head = lines[0][0]
    return Journal(key, head.posting_date, tuple(line for _, line in lines), head.is_adjustment)


def _wrong(path: Path, why: str, do: str, *, line: int = 0) -> SettingWrong:
    place = f"Line {line} of {path}" if line else str(path)
    return SettingWrong(f"{place} {why}.", "Nothing of the file was posted.", do, file=str(path), line=line)
