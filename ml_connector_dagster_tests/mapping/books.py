"""Ledger lines, accounts, parties and targets for tests of mapping; a firm of one office, made for the page."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.ledger.party import Party, TrackingOption
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import LedgerLine
from ml_connector_dagster.mapping.cells import build_cells
from ml_connector_dagster.mapping.document_rows import build_document_rows
from ml_connector_dagster.mapping.file_rows import FileRows
from ml_connector_dagster.mapping.list_rows import build_list_rows
from ml_connector_dagster.mapping.members import Members
from ml_connector_dagster.mapping.targets import DimensionMapping, ListTarget, ModuleTarget
from ml_connector_dagster.staging.frames import table_of
from ml_connector_dagster_tests.staging.readings import line

OCTOBER = Period(2026, 10)
READ_AT = datetime(2026, 11, 2, 6, 30, tzinfo=UTC)
CLASSES = {"sales": "income", "rent": "expense", "bank": "asset", "loan": "liability", "capital": "equity", "odd": ""}
ACCOUNTS = table_of(
    LedgerAccount,
    [
        LedgerAccount(name, str(200 + number), name.title(), account_class, "TYPE", "", "", name != "odd", None, "h")
        for number, (name, account_class) in enumerate(CLASSES.items())
    ],
)
TRACKING = table_of(
    TrackingOption,
    [
        TrackingOption("north", "North", "cat-region", "Region", True, "h"),
        TrackingOption("south", "South", "cat-region", "Region", False, "h"),
        TrackingOption("tax", "Tax advice", "cat-practice", "Practice", True, "h"),
    ],
)
CELL_COLUMNS = {
    "Entity": "=UK",
    "Version": "=Actual",
    "Period": "period",
    "Account": "ledger_account",
    "Customer": "customer",
    "Amount": "amount",
}


def posting(account: str, amount: str, **changes: Any) -> LedgerLine:
    """A posting of October; debit positive."""
    facts: dict[str, Any] = {
        "period": "2026-10",
        "posting_date": date(2026, 10, 7),
        "ledger_account_id": account,
        "amount": Decimal(amount),
        "document_amount": Decimal(amount),
        "currency": "GBP",
        "rate": Decimal(1),
        "customer_id": "",
        "vendor_id": "",
        "tracking": "{}",
        "kind": "invoice",
        "record_id": "d1",
        "line_id": "1",
        "version_hash": "h",
    }
    return LedgerLine(**facts | changes)


def module(**changes: Any) -> ModuleTarget:
    """A module of cells, with what the test changes."""
    facts: dict[str, Any] = {
        "name": "actuals",
        "from": "ledger_lines",
        "import": "Actuals from Xero",
        "columns": CELL_COLUMNS,
    }
    return ModuleTarget.model_validate(facts | changes)


def anaplan_list(**changes: Any) -> ListTarget:
    """A list of accounts, with what the test changes."""
    return ListTarget.model_validate({"name": "accounts", "from": "ledger_accounts", "import": "Accounts"} | changes)


def crosswalk_file(folder: Path, rows: Mapping[str, str], name: str = "accounts.csv") -> Path:
    """Write {source id: member} as a crosswalk."""
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["source_id", "source_code", "source_name", "member"])
        writer.writerows([source_id, "", "", member] for source_id, member in rows.items())
    return path


def members(folder: Path, *, crosswalk: Mapping[str, str] | None = None, **mapping: Any) -> Members:
    """Members by ``mapping:``; ``crosswalk`` is the file of ledger accounts."""
    chosen = {name.replace("__", "."): DimensionMapping.model_validate(facts) for name, facts in mapping.items()}
    if crosswalk is not None:
        path = crosswalk_file(folder, crosswalk)
        facts = chosen.get("ledger_account", DimensionMapping()).model_dump() | {"file": path.name}
        chosen["ledger_account"] = DimensionMapping.model_validate(facts)
    return Members.load(chosen, folder)


@dataclass
class Desk:
    """Builds files in a folder and reads them again."""

    folder: Path
    members: Members = field(default_factory=lambda: Members([]))

    def cells(self, lines: Iterable[LedgerLine], target: ModuleTarget | None = None, **options: Any) -> FileRows:
        """Build a file of cells."""
        tables = list(self._tables(LedgerLine, lines))
        facts: dict[str, Any] = {"accounts": ACCOUNTS, "tracking": TRACKING, "members": self.members} | options
        return build_cells(
            target or module(),
            OCTOBER,
            lines=lambda columns: (table.select(columns) for table in tables),
            **facts,
            **self._paths(),
        )

    def documents(self, lines: Iterable[tuple[Any, ...]], target: ModuleTarget, **options: Any) -> FileRows:
        """Build a file of documents or lines."""
        rows = list(lines)
        record = LedgerLine if target.from_ == "ledger_lines" else DocumentLine
        facts: dict[str, Any] = {
            "tracking": TRACKING,
            "members": self.members,
            "loaded_at": READ_AT,
            "rate_divides": True,
        }
        tables = iter([table_of(record, rows)])
        return build_document_rows(target, OCTOBER, documents=tables, **facts | options, **self._paths())

    def members_of_list(self, reference: pa.Table, target: ListTarget | None = None) -> FileRows:
        """Build a file of list members."""
        return build_list_rows(target or anaplan_list(), reference=reference, members=self.members, **self._paths())

    def _tables(self, record: type[Any], rows: Iterable[tuple[Any, ...]]) -> Iterator[pa.Table]:
        """Yield two rows a table, so that every test crosses a row group."""
        kept = list(rows)
        for first in range(0, len(kept), 2):
            yield table_of(record, kept[first : first + 2])

    def _paths(self) -> dict[str, Path]:
        return {"cells": self.folder / "cells.parquet", "sidecar": self.folder / "sidecar.parquet"}


def shown(rows: FileRows) -> list[tuple[Any, ...]]:
    """The rows of a file, each with its amount last."""
    return [tuple(row.values()) for table in rows.batches() for row in table.to_pylist()]


def behind(rows: FileRows) -> list[dict[str, Any]]:
    """The sidecar's rows."""
    found: list[dict[str, Any]] = pq.read_table(rows.sidecar).to_pylist()
    return found


def party(party_id: str, name: str, **changes: Any) -> Party:
    """A customer."""
    facts: dict[str, Any] = {
        "party_id": party_id,
        "name": name,
        "code": "",
        "active": True,
        "merged_into": "",
        "modified_at": None,
        "version_hash": "h",
    }
    return Party(**facts | changes)


__all__ = ["line"]
