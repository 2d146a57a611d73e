"""Turn the staged snapshots of a period into the file of one Anaplan list or module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.flows.document_slice import document_rows
from ml_connector_dagster.flows.file_plan import FilePlan
from ml_connector_dagster.flows.holds import SlicePlan, find_holds
from ml_connector_dagster.flows.mapping_use import mapping_hash
from ml_connector_dagster.flows.openings import carried_forward
from ml_connector_dagster.flows.past_loads import PastLoads
from ml_connector_dagster.flows.plan_folder import plan_folder
from ml_connector_dagster.flows.previous_cells import previous_cells
from ml_connector_dagster.flows.register import keep_holds
from ml_connector_dagster.flows.slice_rows import SliceRows
from ml_connector_dagster.flows.slices import CurrentSnapshots, need_inputs, slice_digest
from ml_connector_dagster.flows.strayed import has_strayed
from ml_connector_dagster.flows.unmapped import named_unmapped
from ml_connector_dagster.flows.zeroes import zeroed_cells
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.cells import build_cells
from ml_connector_dagster.mapping.csv_file import write_csv
from ml_connector_dagster.mapping.file_rows import FileRows
from ml_connector_dagster.mapping.list_rows import build_list_rows
from ml_connector_dagster.mapping.members import Members
from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget


def translate(
    connection: OpenConnection, target_name: str, period: str, *, ask_model: bool = True, from_model: bool = False
) -> FilePlan:
    """Answer the whole slice of a target and period as a file; the accounting system is not asked.

    A plan that must wait is answered too, with ``held`` filled: preview shows it, load refuses it. Why it waits is kept
    in the register, where it shows until the content changes or a person releases it.

    Args:
        connection: The opened connection.
        target_name: One of its lists or modules.
        period: 2026-10.
        ask_model: A slice that was never loaded reads the cells or documents which the model holds already, so that those
            not in the file are zeroed. False leaves that out: for a preview without Anaplan.
        from_model: Read them whatever was loaded before: after a restore, or to force.

    Raises:
        HeldForPerson: A snapshot the slice is made from was never read.
        SettingWrong: A crosswalk file, a column or the clear options are wrong.
        RecordRefused: An account has no known class, so its figures can be given no sign.
    """
    translation = _Translation(connection, connection.target(target_name), Period.parse(period))
    return translation.plan(ask_model=ask_model, from_model=from_model)


class _Translation:
    """One slice under way."""

    def __init__(self, connection: OpenConnection, target: ListTarget | ModuleTarget, period: Period) -> None:
        self._connection = connection
        self._target = target
        self._period = period
        snapshots = CurrentSnapshots.of(connection)
        self._inputs = need_inputs(connection, target, str(period), snapshots)
        self._slice = SliceRows(connection, period, self._inputs, snapshots)
        self._members = Members.load(connection.settings.mapping, connection.folder)
        self._folder = plan_folder(connection)

    def plan(self, *, ask_model: bool, from_model: bool) -> FilePlan:
        connection, target, inputs = self._connection, self._target, self._inputs
        settings_hash = connection.settings_hash(target.name)
        mapped = mapping_hash(connection, target, inputs, self._members)
        digest = slice_digest(inputs, settings_hash, mapped)
        previous = self._previous(ask_model=ask_model, from_model=from_model)
        rows = self._rows(previous)
        file = write_csv(self._folder / "file.csv", rows)
        unmapped = named_unmapped(rows.unmapped, self._slice, connection.source)
        sketch = SlicePlan(target, str(self._period), inputs, digest, file.sha256, self._total(rows), unmapped)
        held = find_holds(connection, sketch, self._slice)
        keep_holds(connection, target.name, sketch.register_period, digest, held)
        return FilePlan(
            connection=connection.name,
            target=target,
            kind=inputs.kind,
            period=str(self._period),
            header=rows.header,
            file=file.path,
            rows=rows.rows,
            file_hash=file.sha256,
            sidecar=rows.sidecar,
            cells=rows.cells if inputs.kind == "module" else None,
            total=sketch.total,
            snapshots=inputs.digests,
            settings_hash=settings_hash,
            mapping_hash=mapped,
            digest=digest,
            quarantined=inputs.quarantined,
            unmapped=unmapped,
            held=held,
            members_needed=_with_constants(target, rows.members_needed),
            zero_rows=rows.zero_rows,
            zeroes=zeroed_cells(target, rows, previous) if isinstance(target, ModuleTarget) else (),
        )

    def _rows(self, previous: Iterable[pa.Table]) -> FileRows:
        if isinstance(self._target, ListTarget):
            return build_list_rows(
                self._target,
                reference=pa.concat_tables(self._slice.main()),
                members=self._members,
                cells=self._cells,
                sidecar=self._sidecar,
            )
        if self._target.grain == "cell":
            return self._cell_rows(self._target, previous)
        return self._document_rows(self._target, previous)

    def _cell_rows(self, target: ModuleTarget, previous: Iterable[pa.Table]) -> FileRows:
        return build_cells(
            target,
            self._period,
            lines=self._slice.main,
            accounts=self._slice.accounts,
            tracking=self._slice.tracking,
            members=self._members,
            carried=carried_forward(self._slice) if target.measure == "closing_balance" else (),
            previous=previous,
            cells=self._cells,
            sidecar=self._sidecar,
        )

    def _document_rows(self, target: ModuleTarget, previous: Iterable[pa.Table]) -> FileRows:
        return document_rows(
            self._connection,
            target,
            self._slice,
            documents=self._slice.main(),
            members=self._members,
            folder=self._folder,
            previous=previous,
        )

    def _previous(self, *, ask_model: bool, from_model: bool) -> tuple[pa.Table, ...]:
        """Answer the rows that earlier loads may have filled; where none is known the model is asked, unless told not to."""
        target, period = self._target, str(self._period)
        if isinstance(target, ListTarget):
            return ()
        model_id = self._connection.settings.anaplan.model
        known = PastLoads.of(self._connection, target.name).any_cells_known(target.name, period, model_id)
        if not known and not ask_model:
            return ()
        found = [previous_cells(self._connection, target, period, from_model=from_model)]
        if (
            ask_model
            and not from_model
            and has_strayed(self._connection.store, (self._connection.name, target.name, period))
        ):
            found.insert(
                0, previous_cells(self._connection, target, period, from_model=True)
            )  # loads know their own better
        return tuple(cells for cells in found if cells.num_rows)

    def _total(self, rows: FileRows) -> Decimal:
        return Decimal(rows.rows) if self._inputs.kind == "list" else rows.total

    @property
    def _cells(self) -> Path:
        return self._folder / "cells.parquet"

    @property
    def _sidecar(self) -> Path:
        return self._folder / "sidecar.parquet"


def _with_constants(
    target: ListTarget | ModuleTarget, needed: Mapping[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    constants = {column: frozenset({field[1:]}) for column, field in target.columns.items() if field.startswith("=")}
    return {**constants, **needed}
