"""Documents, or their lines, to one row each, keyed by the vendor's stable id.

A row that vanished from the period (deleted, or its line removed) is sent again with amount 0 and ``active`` false: a
list member cannot be taken back by an import. A document that does not stand in the ledger (void, draft) keeps its row and its
status, with amount 0 and ``active`` false. Rows are sorted by key, which takes memory in proportion to a period's documents.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.ledger.money import ZERO, cents, plain
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.account_signs import LEFT_OUT, AccountSigns
from ml_connector_dagster.mapping.columns import PERIOD, Column, check_columns, columns_of, record_column
from ml_connector_dagster.mapping.file_rows import AMOUNT, FileRows
from ml_connector_dagster.mapping.line_members import NONE, LineMembers
from ml_connector_dagster.mapping.member_text import clean
from ml_connector_dagster.mapping.members import Members
from ml_connector_dagster.mapping.previous import vanished_rows
from ml_connector_dagster.mapping.row_files import FIRST_FILE_ROW, SIDECAR, RowFile, cells_schema
from ml_connector_dagster.mapping.targets import ModuleTarget

LEDGER_WORDS = {"document": "record_id", "transaction": "record_id", "document_date": "posting_date"}
DOCUMENT_WORDS = {
    "document": "document_id",
    "transaction": "document_id",
    "bank_account": "bank_account_id",
    "linked": "linked_id",
}
"""Fields of ``columns:`` whose column in a record has another name."""
CREDITS = frozenset({"credit_note", "vendor_credit"})
"""Kinds that are printed positive and count negative (accounting_rules §3)."""


StandingElsewhere = Callable[[Collection[str]], Collection[str]]
"""Answers which of these document ids stand in another period now: their rows belong to that period's file."""


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What rows are made from, besides the documents themselves."""

    members: Members
    loaded_at: datetime
    rate_divides: bool
    tracking: pa.Table | None
    accounts: pa.Table | None
    standing_elsewhere: StandingElsewhere


def build_document_rows(
    target: ModuleTarget,
    period: Period,
    *,
    documents: Iterator[pa.Table],
    tracking: pa.Table | None,
    members: Members,
    loaded_at: datetime,
    rate_divides: bool,
    accounts: pa.Table | None = None,
    previous: Iterable[pa.Table] = (),
    standing_elsewhere: StandingElsewhere | None = None,
    cells: Path,
    sidecar: Path,
) -> FileRows:
    """Write one row per document (grain ``document``) or per line (grain ``line``), and the record behind each.

    The amount is the document's total, or the line's net amount: as on the document (``currency: document``) or in base
    currency at the document's own rate, half-up to the cent; credit notes are negative. Rows of ``ledger_lines`` carry
    the posting's amount with the target's sign.

    Args:
        target: Of grain ``document`` or ``line``.
        period: The period of the file.
        documents: DocumentLine tables (or LedgerLine for ``from: ledger_lines``); a document's rows are adjacent.
        tracking: Newest TrackingOption table; None where no column asks for a category.
        members: The connection's mapping.
        loaded_at: When the accounting system was read (``SnapshotRow.read_began_at``), so that equal content makes an equal
            file.
        rate_divides: True where base = amount / rate (Xero), False where base = amount × rate (QuickBooks, Zoho).
        accounts: Newest LedgerAccount table; needed for ``from: ledger_lines``, whose sign and statement follow the account.
        previous: Rows that the model shows, and those of every load since and including the last verified one; the later
            table wins.
        standing_elsewhere: Asked about vanished documents; without it every vanished one is retired.
        cells: Where to write the rows.
        sidecar: Where to write the source records.

    Raises:
        SettingWrong: The columns do not make a file, or two rows have one key.
        RecordRefused: An account's class is unknown.
    """
    check_columns(target, tracking.column("category").to_pylist() if tracking is not None else ())
    inputs = _Inputs(members, loaded_at, rate_divides, tracking, accounts, standing_elsewhere or (lambda _: ()))
    writer = _Writer(target, period, inputs)
    rows = [row for table in documents for row in writer.rows(table)]
    gone = writer.vanished(previous, rows)
    ordered = sorted([*rows, *gone], key=lambda row: (row.key, row.texts))
    _assert_unique(target, ordered)
    _write_rows(cells, writer.columns, ordered)
    _write_sidecar(sidecar, target.from_, ordered)
    return FileRows(
        header=tuple(column.name for column in writer.columns),
        amount_column=next(column.name for column in writer.columns if column.field == AMOUNT),
        cells=cells,
        sidecar=sidecar,
        rows=len(ordered),
        zero_rows=len(gone),
        total=sum((row.amount for row in ordered), Decimal(0)),
        unmapped=tuple(unmapped for dimension in writer.dimensions.values() for unmapped in dimension.unmapped()),
        members_needed=writer.members_needed(ordered),
    )


@dataclass(frozen=True, slots=True)
class _Row:
    key: str
    texts: tuple[str, ...]
    amount: Decimal
    kind: str
    """Empty for a vanished row, which no record stands behind."""
    record_id: str
    line_id: str


class _Writer:
    """Turns records into rows, column by column."""

    def __init__(self, target: ModuleTarget, period: Period, inputs: _Inputs) -> None:
        self._target, self._period, self._inputs = target, period, inputs
        self.columns = columns_of(target)
        self.texts = [column for column in self.columns if column.field != AMOUNT]
        self._is_ledger = target.from_ == "ledger_lines"
        self._words = LEDGER_WORDS if self._is_ledger else DOCUMENT_WORDS
        party = "" if self._is_ledger else "party_id"
        self.dimensions = {
            column.name: LineMembers(column, inputs.members, inputs.tracking, party)
            for column in self.texts
            if column.is_dimension
        }
        self._signs = AccountSigns(target, inputs.accounts) if self._is_ledger and inputs.accounts is not None else None
        self._loaded_at = f"{inputs.loaded_at:%Y-%m-%d %H:%M:%S}"
        words = {PERIOD: period.label(target.period_format), "loaded_at": self._loaded_at}
        self._said_by_file = {column.name: words.get(column.field, column.constant) for column in self.texts}

    def rows(self, table: pa.Table) -> Iterator[_Row]:
        """Yield the rows of a table; records with an unmapped member are reported instead."""
        if self._target.grain == "document":
            table = _first_lines(table, self._words["document"])
        signs = self._signs_of(table)
        table, signs = _standing(table, signs)
        names = {name: self._names(dimension, table) for name, dimension in self.dimensions.items()}
        self._report(table, names)
        for place, record in enumerate(table.to_pylist()):
            members = {name: column[place] for name, column in names.items()}
            if None not in members.values():
                yield self._row(record, members, signs[place])

    def vanished(self, previous: Iterable[pa.Table], rows: Sequence[_Row]) -> list[_Row]:
        """Answer a row of amount 0 for each key of earlier loads that is neither here nor in another period now."""
        found = vanished_rows(self._target, self._period, previous, {(row.key,) for row in rows})
        record = [column.name for column in self.texts].index(record_column(self._target))
        elsewhere = set(self._inputs.standing_elsewhere({texts[record] for texts in found.values()}))
        return [
            _Row(key, self._retired(texts), ZERO, "", texts[record], "")
            for (key,), texts in found.items()
            if texts[record] not in elsewhere
        ]

    def members_needed(self, rows: Sequence[_Row]) -> dict[str, frozenset[str]]:
        """Answer file column to members: of the dimensions, the constants and the key."""
        keys = {"", "line" if self._target.grain == "line" else "document"}
        return {
            column.name: frozenset(row.texts[place] for row in rows)
            for place, column in enumerate(self.texts)
            if column.is_dimension or column.field in keys
        }

    def _row(self, record: dict[str, Any], members: dict[str, str | None], sign: int) -> _Row:
        record_id = record[self._words["document"]]
        is_line = self._target.grain == "line"
        line_id = record["line_id"] if is_line else ""
        texts = tuple(
            members[column.name] or "" if column.is_dimension else self._text(column, record) for column in self.texts
        )
        key = (line_id or record_id) if is_line else record_id
        return _Row(key, texts, self._amount(record, sign), record["kind"], record_id, line_id)

    def _text(self, column: Column, record: dict[str, Any]) -> str:
        match column.field:
            case "" | "period" | "loaded_at":
                return self._said_by_file[column.name]
            case "active":
                return "true" if record.get("posts", True) else "false"
            case "line":
                return _written(record["line_id"] or record[self._words["document"]])
            case field:
                return _written(self._value(field, record))

    def _value(self, field: str, record: dict[str, Any]) -> Any:
        name = self._words.get(field, field)
        if name not in record:
            raise SettingWrong(
                f"{self._target.name}: {self._target.from_} have no {field!r}.",
                "The column would stay empty.",
                "Leave the column out, or fill the module from a document entity.",
            )
        return record[name]

    def _amount(self, record: dict[str, Any], sign: int) -> Decimal:
        if self._is_ledger:
            posted: Decimal = record["document_amount" if self._target.currency == "document" else "amount"]
            return sign * posted
        if not record["posts"]:
            return ZERO
        amount: Decimal = record["total" if self._target.grain == "document" else "net_amount"]
        if self._target.currency == "base" and record["rate"] != 1:
            rate = record["rate"] or self._no_rate(record)
            amount = cents(amount / rate if self._inputs.rate_divides else amount * rate)
        return -amount if record["kind"] in CREDITS else amount

    def _no_rate(self, record: dict[str, Any]) -> NoReturn:
        raise SettingWrong(
            f"{self._target.name}: {record['kind']} {record['document_id']} is in {record['currency']}, and the accounting system "
            "gives no rate for it.",
            "Its amount in the company's currency is not known, so the file is not written.",
            "Load the module with `currency: document` and a column that carries `currency`.",
            target=self._target.name,
        )

    def _signs_of(self, table: pa.Table) -> list[int]:
        return [1] * table.num_rows if self._signs is None else self._signs.of(table).tolist()

    def _names(self, dimension: LineMembers, table: pa.Table) -> list[str | None]:
        numbers = dimension.numbers_of(table).tolist()
        return [None if number == NONE else dimension.names[number] for number in numbers]

    def _report(self, table: pa.Table, names: dict[str, list[str | None]]) -> None:
        left_out = [None in members for members in zip(*names.values(), strict=True)]
        if any(left_out):
            amounts = "amount" if self._is_ledger else "net_amount"
            unmapped = table.filter(pa.array(left_out))
            for dimension in self.dimensions.values():
                dimension.count_unmapped(unmapped, unmapped.column(amounts).combine_chunks())

    def _retired(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        said = {"active": "false", "loaded_at": self._loaded_at}
        return tuple(said.get(column.field, text) for column, text in zip(self.texts, texts, strict=True))


def _write_rows(path: Path, columns: Sequence[Column], rows: Sequence[_Row]) -> None:
    file = RowFile(path, cells_schema(columns))
    file.add_rows([(*row.texts, row.amount) for row in rows])
    file.close()


def _write_sidecar(path: Path, entity: str, rows: Sequence[_Row]) -> None:
    """Write the record behind each row; a vanished row has none."""
    file = RowFile(path, SIDECAR)
    file.add_rows(
        [
            (line, entity, row.kind, row.record_id, row.line_id, row.amount)
            for line, row in enumerate(rows, start=FIRST_FILE_ROW)
            if row.kind
        ]
    )
    file.close()


def _first_lines(table: pa.Table, id_column: str) -> pa.Table:
    ids = table.column(id_column).to_pylist()
    return table.filter(pa.array([place == 0 or ids[place - 1] != own for place, own in enumerate(ids)], pa.bool_()))


def _standing(table: pa.Table, signs: list[int]) -> tuple[pa.Table, list[int]]:
    wanted = pa.array([sign != LEFT_OUT for sign in signs], pa.bool_())
    return table.filter(wanted), [sign for sign in signs if sign != LEFT_OUT]


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value.normalize())
    if isinstance(value, date):
        return value.isoformat()
    return clean(value)


def _assert_unique(target: ModuleTarget, rows: Sequence[_Row]) -> None:
    for before, row in pairwise(rows):
        if before.key == row.key:
            raise SettingWrong(
                f"{target.name}: {row.key} occurs twice in the file.",
                "Anaplan would take one of the two rows, so a figure would be lost.",
                "Use `grain: line` where a document has several rows; read the period again if it has not.",
                record_id=row.key,
            )
