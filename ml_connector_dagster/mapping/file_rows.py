"""What every translation answers: rows of one import file, the source lines behind them, and what could not be mapped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

AMOUNT = "amount"
"""Name of the amount column in a cells file, whatever the import file calls it."""


@dataclass(frozen=True, slots=True)
class UnmappedMember:
    """A source id without a member: how many lines carry it and what they sum to (debit positive, base currency)."""

    dimension: str
    """ledger_account, customer, vendor, tracking.<Category>."""
    source_id: str
    lines: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class FileRows:
    """The rows of one file, on disk: memory does not grow with them.

    ``cells`` is Parquet: one string column per file column except the amount's, then ``amount`` decimal128(38, 10). Its row
    i (from 0) is line i + 2 of the import file. ``sidecar`` is Parquet: file_row int32, entity, kind, record_id, line_id,
    amount decimal128(38, 10); Σ amount over a file_row equals the row's amount exactly; zero rows have no source line.
    """

    header: tuple[str, ...]
    amount_column: str
    """The file's own name of the amount column; empty for a list file."""
    cells: Path
    sidecar: Path
    rows: int
    zero_rows: int
    """Rows sent only to empty what an earlier load wrote."""
    total: Decimal
    """Σ of the file's amounts."""
    unmapped: tuple[UnmappedMember, ...]
    """Not in the file. Not empty means: hold the load, or the figures would be silently smaller."""
    members_needed: Mapping[str, frozenset[str]]
    """File column to the members it names, constants included; period and amount are not among them."""

    def batches(self) -> Iterator[pa.Table]:
        """Yield the cells file in row groups."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.cells) as file:
            for index in range(file.num_row_groups):
                yield file.read_row_group(index)
