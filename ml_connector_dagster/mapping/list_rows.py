"""Reference records to list members.

One row per distinct member, whatever number of records it stands for; the member for lines without one, and the suspense
member where there is one, are always among them. A member is inactive when every record behind it is archived or merged away;
it is never removed, since that would remove its figures in every module.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from ml_connector_dagster.mapping.columns import Column, check_columns, columns_of
from ml_connector_dagster.mapping.crosswalk import reference_records
from ml_connector_dagster.mapping.file_rows import FileRows
from ml_connector_dagster.mapping.member_text import clean, member_name
from ml_connector_dagster.mapping.members import Members
from ml_connector_dagster.mapping.row_files import FIRST_FILE_ROW, SIDECAR, RowFile, cells_schema
from ml_connector_dagster.mapping.targets import ListTarget

TRACKING_ENTITY = "tracking"
_MemberRow = tuple[str, list[dict[str, Any]]]
"""A member and the records behind it."""


def build_list_rows(
    target: ListTarget, *, reference: pa.Table, members: Members, cells: Path, sidecar: Path
) -> FileRows:
    """Write one row per distinct member, sorted by code; names are ``<code> <name>``, since they must be unique.

    Records without a member in the crosswalk have no row: a line on one is reported where the line is mapped.
    ``from: tracking`` takes the categories that ``mapping:`` names (every one where it names none);
    ``from: tracking.<Category>`` takes that one.

    Args:
        target: ``from`` is ledger_accounts, customers, vendors, tracking, or ``tracking.<Category>``.
        reference: The newest LedgerAccount, Party or TrackingOption table.
        members: The connection's mapping.
        cells: Where to write the rows; the amount column is 0 throughout and not part of the file.
        sidecar: Where to write which records stand behind each member.

    Returns:
        The rows; ``total`` is 0, ``amount_column`` empty.

    Raises:
        SettingWrong: The columns do not make a list, or prefix and id make a code that Anaplan would reject.
    """
    check_columns(target, ())
    columns = columns_of(target)
    found: dict[str, list[dict[str, Any]]] = {}
    for record in _records(target, reference, members):
        found.setdefault(record["member"], []).append(record)
    for member in _always(target, reference, members):
        found.setdefault(member, [])
    rows = [(member, found[member]) for member in sorted(found)]
    _write_rows(cells, columns, rows)
    _write_sidecar(sidecar, target.entity, rows)
    return FileRows(
        header=tuple(column.name for column in columns),
        amount_column="",
        cells=cells,
        sidecar=sidecar,
        rows=len(rows),
        zero_rows=0,
        total=Decimal(0),
        unmapped=(),
        members_needed={},
    )


def _write_rows(path: Path, columns: Sequence[Column], rows: Sequence[_MemberRow]) -> None:
    file = RowFile(path, cells_schema(columns))
    file.add_rows([(*(_text(column, *row) for column in columns), Decimal(0)) for row in rows])
    file.close()


def _write_sidecar(path: Path, entity: str, rows: Sequence[_MemberRow]) -> None:
    behind = RowFile(path, SIDECAR)
    behind.add_rows(
        [
            (line, entity, "", record["id"], "", Decimal(0))
            for line, (_, records) in enumerate(rows, start=FIRST_FILE_ROW)
            for record in records
        ]
    )
    behind.close()


def _records(target: ListTarget, reference: pa.Table, members: Members) -> Iterator[dict[str, Any]]:
    """Yield the records that have a member, with ``id``, ``member`` and ``shown`` (their name)."""
    wanted = _dimensions(target, reference, members)
    for (record_id, _, shown), record in zip(reference_records(reference), reference.to_pylist(), strict=True):
        dimension = _dimension_of(target, record)
        member = members.member(dimension, record_id) if dimension in wanted else None
        if member is not None and not (record_id and member == members.suspense(dimension)):
            yield record | {"id": record_id, "member": member, "shown": shown}


def _always(target: ListTarget, reference: pa.Table, members: Members) -> Iterator[str]:
    for dimension in _dimensions(target, reference, members):
        yield members.blank(dimension)
        suspense = members.suspense(dimension)
        if suspense:
            yield suspense


def _dimensions(target: ListTarget, reference: pa.Table, members: Members) -> list[str]:
    if target.entity != TRACKING_ENTITY or target.category:
        return [target.dimension]
    named = [name for name in (one.name for one in members.dimensions) if name.startswith(f"{TRACKING_ENTITY}.")]
    return named or sorted({f"{TRACKING_ENTITY}.{category}" for category in reference.column("category").to_pylist()})


def _dimension_of(target: ListTarget, record: dict[str, Any]) -> str:
    return f"{TRACKING_ENTITY}.{record['category']}" if target.entity == TRACKING_ENTITY else target.dimension


def _text(column: Column, member: str, records: list[dict[str, Any]]) -> str:
    active = [record for record in records if _is_active(record)]
    first = min(active or records, key=lambda record: record["id"], default={})
    match column.field:
        case "":
            return column.constant
        case "code":
            return member
        case "name":
            return member_name(member, first.get("shown", ""))
        case "active":
            return "true" if active or not records else "false"
        case "parent":
            return clean(first.get("category") or first.get("account_class") or "")
        case field:
            return clean(first.get(field) or "")


def _is_active(record: dict[str, Any]) -> bool:
    return bool(record["active"]) and not record.get("merged_into")
