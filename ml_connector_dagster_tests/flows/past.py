"""Loads of the past, written into the state database as the load flow would have."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ml_connector_dagster.flows.file_plan import FilePlan
from ml_connector_dagster.flows.load_rows import LoadBook, LoadRow
from ml_connector_dagster.store.tables.loads import load
from ml_connector_dagster_tests.flows.little_company import LittleConnection


def loaded(connection: LittleConnection, plan: FilePlan, state: str = "verified", **changed: Any) -> LoadRow:
    """Write the plan down as a load that stands in this state; ``changed`` overwrites columns afterwards."""
    blobs, book = connection.blobs, LoadBook(connection.store)
    row = book.plan(
        connection=connection.name, model_id=connection.settings.anaplan.model, target=plan.target.name,
        target_kind=plan.kind, period=plan.period, digest=plan.digest, snapshots=dict(plan.snapshots),
        settings_hash=plan.settings_hash, mapping_hash=plan.mapping_hash, file_hash=plan.file_hash,
        file_blob=blobs.put_file("file", plan.file), sidecar_blob=blobs.put_file("sidecar", plan.sidecar),
        cells_blob=blobs.put_file("cells", plan.cells) if plan.cells else "", rows=plan.rows, total=plan.total, run_id="",
    )  # fmt: skip
    if state != "planned":
        row = book.move(row, "intended")
    if state not in ("planned", "intended"):
        row = book.move(row, state)
    if changed:
        with connection.store.begin() as database:
            database.execute(sa.update(load).where(load.c.id == row.id).values(**changed))
    return book.get(row.id)
