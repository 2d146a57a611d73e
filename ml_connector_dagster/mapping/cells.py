"""Ledger lines to one row per target cell: the whole slice of one company and one period.

Two passes over the lines, neither of which keeps them: the first sums up the cells, the second writes which lines stand
behind each row once the rows' order is known. Rows are sorted by member, so that equal content makes an equal file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.account_signs import LEFT_OUT, AccountSigns, signed
from ml_connector_dagster.mapping.columns import PERIOD, Column, check_columns, columns_of
from ml_connector_dagster.mapping.file_rows import AMOUNT, FileRows
from ml_connector_dagster.mapping.line_members import NONE, LineMembers, Numbers, combined
from ml_connector_dagster.mapping.members import Members
from ml_connector_dagster.mapping.previous import vanished_rows
from ml_connector_dagster.mapping.row_files import FIRST_FILE_ROW, SIDECAR, RowFile, cells_schema
from ml_connector_dagster.mapping.sums import DECIMAL, Sums
from ml_connector_dagster.mapping.targets import ModuleTarget

Lines = Callable[[Sequence[str]], Iterator[pa.Table]]
"""Yields the tables of a period's lines with these columns."""
BROUGHT_FORWARD = "brought_forward"
"""Entity of the sidecar row that stands for a closing balance's opening and earlier periods."""
OPENING_COLUMNS = (
    "ledger_account_id",
    "amount",
    "document_amount",
    "currency",
    "customer_id",
    "vendor_id",
    "tracking",
    "kind",
)


def build_cells(
    target: ModuleTarget,
    period: Period,
    *,
    lines: Lines,
    accounts: pa.Table,
    tracking: pa.Table | None,
    members: Members,
    carried: Iterable[pa.Table] = (),
    previous: Iterable[pa.Table] = (),
    cells: Path,
    sidecar: Path,
) -> FileRows:
    """Aggregate the period's ledger lines to the target's cells and write ``cells`` and ``sidecar``.

    Amounts are in base currency (``currency: document``: as on the document), with the sign that the target asks for.

    Args:
        target: Of grain ``cell``.
        period: The period of the file.
        lines: Called twice, each time with the columns that are needed; yields the period's LedgerLine tables (those columns
            at least), in the same order both times.
        accounts: Newest LedgerAccount table; gives class and with it sign and statement.
        tracking: Newest TrackingOption table; None where no column asks for a category.
        members: The connection's mapping.
        carried: For ``closing_balance``: ``opening_lines`` and the LedgerLine tables of every earlier period since
            ``periods.start``. One sidecar row ``brought_forward`` per cell stands for them.
        previous: Cells tables of every load since and including the last verified one, or a read-back in the same columns
            and labels. Their cells that are not in this file get a zero row; rows of other companies or periods are left
            alone, as are rows whose amount is 0 already where there is an amount.
        cells: Where to write the rows.
        sidecar: Where to write the source lines.

    Raises:
        SettingWrong: The columns do not make a file, ``clear`` covers more than it holds, or a line has no rate.
        RecordRefused: An account's class is unknown.
    """
    check_columns(target, tracking.column("category").to_pylist() if tracking is not None else ())
    pass_one = _CellSums(target, AccountSigns(target, accounts), members, tracking)
    for table in carried:
        pass_one.carry(table)
    for table in lines(pass_one.columns):
        pass_one.add(table)
    rows = _Rows.of(target, period, pass_one, previous)
    file = RowFile(cells, cells_schema(rows.columns))
    file.add_rows(rows.rows)
    file.close()
    _write_sidecar(sidecar, (target.from_, period), pass_one, rows, lines(pass_one.columns_behind))
    return FileRows(
        header=tuple(column.name for column in rows.columns),
        amount_column=next(column.name for column in rows.columns if column.field == AMOUNT),
        cells=cells,
        sidecar=sidecar,
        rows=len(rows.rows),
        zero_rows=rows.zero_rows,
        total=sum((row[-1] for row in rows.rows), Decimal(0)),
        unmapped=tuple(unmapped for dimension in pass_one.dimensions for unmapped in dimension.unmapped()),
        members_needed=rows.members_needed(),
    )


def opening_lines(opening: Mapping[str, Decimal]) -> pa.Table:
    """Turn {ledger_account_id: balance, debit positive, base currency} into a table that ``carried`` takes."""
    blank = [""] * len(opening)
    amounts = pa.array(opening.values(), DECIMAL)
    columns: dict[str, Any] = dict.fromkeys(OPENING_COLUMNS, pa.array(blank, pa.string()))
    columns |= {
        "ledger_account_id": pa.array(opening.keys(), pa.string()),
        "amount": amounts,
        "document_amount": amounts,
        "tracking": pa.array(["{}"] * len(opening), pa.string()),
    }
    return pa.table(columns)


class _CellSums:
    """The first pass: which cell each line belongs to, and what each cell sums up to."""

    def __init__(self, target: ModuleTarget, signs: AccountSigns, members: Members, tracking: pa.Table | None) -> None:
        self._target = target
        self._signs = signs
        self._measure = "document_amount" if target.currency == "document" else "amount"
        self.dimensions = [
            LineMembers(column, members, tracking) for column in columns_of(target) if column.is_dimension
        ]
        self.keys: list[tuple[int, ...]] = []
        self._numbers: dict[tuple[int, ...], int] = {}
        self.sums = Sums()
        self.carried = Sums()
        self._cells_of_lines: list[np.ndarray[Any, np.dtype[np.int32]]] = []

    @property
    def columns(self) -> list[str]:
        """The columns of a line that decide its cell and its amount."""
        money = ["amount", self._measure, *(["rate", "currency"] if self._target.currency == "base" else [])]
        return list(dict.fromkeys(["ledger_account_id", *money, *self._sources()]))

    @property
    def columns_behind(self) -> list[str]:
        """The columns of a line that the sidecar shows."""
        return ["ledger_account_id", self._measure, "kind", "record_id", "line_id"]

    def add(self, table: pa.Table) -> None:
        """Take lines of the period; remembers four bytes a line."""
        if self._target.currency == "base":
            _refuse_books_without_rate(self._target, table)
        self._cells_of_lines.append(self._sum(table, self.sums).astype(np.int32))

    def carry(self, table: pa.Table) -> None:
        """Take lines from before the period."""
        self._sum(table, self.carried)

    def again(self, tables: Iterable[pa.Table]) -> Iterator[tuple[pa.Table, Numbers, pa.Array]]:
        """Yield the lines of the period that stand in a cell, with their cell and signed amount."""
        for table, cells in zip(tables, self._cells_of_lines, strict=True):
            standing = cells != NONE
            kept = table.filter(pa.array(standing))
            amounts = signed(kept.column(self._measure).combine_chunks(), self._signs.of(kept))
            yield kept, cells[standing].astype(np.int64), amounts

    def _sum(self, table: pa.Table, sums: Sums) -> Numbers:
        signs = self._signs.of(table)
        numbers = [dimension.numbers_of(table) for dimension in self.dimensions]
        wanted = signs != LEFT_OUT
        mapped = wanted.copy()
        for column in numbers:
            mapped &= column != NONE
        if not np.array_equal(mapped, wanted):
            self._report(table, wanted & ~mapped)
        cells: Numbers = np.full(table.num_rows, NONE, dtype=np.int64)
        cells[mapped] = self._cells([column[mapped] for column in numbers], int(mapped.sum()))
        amounts = signed(table.column(self._measure).combine_chunks(), signs).filter(pa.array(mapped))
        sums.add(cells[mapped], amounts)
        return cells

    def _sources(self) -> Iterator[str]:
        return (dimension.source for dimension in self.dimensions)

    def _cells(self, numbers: list[Numbers], rows: int) -> Numbers:
        codes, keys = combined(numbers, rows)
        found = []
        for key in keys:
            if key not in self._numbers:
                self._numbers[key] = len(self.keys)
                self.keys.append(key)
            found.append(self._numbers[key])
        cells: Numbers = np.array(found, dtype=np.int64)[codes]
        return cells

    def _report(self, table: pa.Table, unmapped: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
        left_out = table.filter(pa.array(unmapped))
        for dimension in self.dimensions:
            dimension.count_unmapped(left_out, left_out.column("amount").combine_chunks())


def _refuse_books_without_rate(target: ModuleTarget, table: pa.Table) -> None:
    """Refuse lines whose amount in base currency nobody knows: left out in silence they would be missing from the module."""
    without = pc.equal(table.column("rate"), pa.scalar(0, table.schema.field("rate").type))
    if not pc.any(without).as_py():
        return
    currencies = ", ".join(sorted(set(table.column("currency").filter(without).to_pylist())))
    raise SettingWrong(
        f"{target.name}: the company keeps books in {currencies} too, and the accounting system gives no rate for them.",
        "Their figures in the company's currency are not known, so the file is not written.",
        "Load the module with `currency: document` and a column that carries `currency`; or write `currency: base_books` where "
        "the books in the company's own currency are all that is wanted.",
        target=target.name,
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of the file in their order, and where each cell of the first pass stands among them."""

    columns: tuple[Column, ...]
    rows: list[tuple[Any, ...]]
    file_rows: Numbers
    """Cell number to line of the file."""
    zero_rows: int

    @classmethod
    def of(cls, target: ModuleTarget, period: Period, sums: _CellSums, previous: Iterable[pa.Table]) -> _Rows:
        columns = columns_of(target)
        label = period.label(target.period_format)
        fixed = [label if column.field == PERIOD else column.constant for column in columns if column.field != AMOUNT]
        places = [place for place, column in enumerate(c for c in columns if c.field != AMOUNT) if column.is_dimension]
        totals, carried = sums.sums.totals(), sums.carried.totals()
        cells: dict[tuple[str, ...], int] = {}
        for number, key in enumerate(sums.keys):
            names = fixed.copy()
            for place, dimension, member in zip(places, sums.dimensions, key, strict=True):
                names[place] = dimension.names[member]
            cells[tuple(names)] = number
        _assert_unique(target, cells, sums.keys)
        gone = vanished_rows(target, period, previous, cells)
        rows: list[tuple[Any, ...]] = []
        file_rows: Numbers = np.zeros(len(sums.keys), dtype=np.int64)
        for file_row, names_of_row in enumerate(sorted([*cells, *gone]), start=FIRST_FILE_ROW):
            cell = cells.get(names_of_row)
            amount = Decimal(0)
            if cell is not None:
                file_rows[cell] = file_row
                amount = totals.get(cell, Decimal(0)) + carried.get(cell, Decimal(0))
            rows.append((*names_of_row, amount))
        return cls(columns, rows, file_rows, len(gone))

    def members_needed(self) -> dict[str, frozenset[str]]:
        """Answer file column to the members it names; period and amount are no members."""
        shown = [column for column in self.columns if column.field != AMOUNT]
        values: list[tuple[Any, ...]] = list(zip(*self.rows, strict=True)) or [()] * (len(shown) + 1)
        return {column.name: frozenset(values[place]) for place, column in enumerate(shown) if column.field != PERIOD}


def _write_sidecar(path: Path, of: tuple[str, Period], sums: _CellSums, rows: _Rows, lines: Iterable[pa.Table]) -> None:
    file = RowFile(path, SIDECAR)
    entity, period = of
    earlier = str(period.previous())
    file.add_rows(
        [
            (int(rows.file_rows[cell]), BROUGHT_FORWARD, "", earlier, "", amount)
            for cell, amount in sorted(sums.carried.totals().items())
        ]
    )
    for table, cells, amounts in sums.again(lines):
        behind = {
            "file_row": pa.array(rows.file_rows[cells].astype(np.int32)),
            "entity": pa.repeat(pa.scalar(entity), table.num_rows),
            "kind": table.column("kind"),
            "record_id": table.column("record_id"),
            "line_id": table.column("line_id"),
            "amount": amounts,
        }
        file.add(pa.table(behind))
    file.close()


def _assert_unique(target: ModuleTarget, cells: Mapping[tuple[str, ...], int], keys: list[tuple[int, ...]]) -> None:
    if len(cells) != len(keys):
        raise SettingWrong(
            f"{target.name}: {len(keys) - len(cells)} cells occur twice in the file.",
            "Anaplan adds such rows up or takes the last one, so the figures could not be trusted.",
            "Report this: the translation is meant to make it impossible.",
            target=target.name,
        )
