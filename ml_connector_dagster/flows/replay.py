"""Send a load's file again, after its cause was mended."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from ml_connector_dagster.audit.explain import header_of
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.flows.file_cut import OWN_CUT, file_as_planned
from ml_connector_dagster.flows.file_plan import FilePlan
from ml_connector_dagster.flows.load import LoadOutcome, load_target
from ml_connector_dagster.flows.load_rows import LoadBook, LoadRow
from ml_connector_dagster.store.tables.loads import rejected_row

if TYPE_CHECKING:
    from ml_connector_dagster.connections.opening import OpenConnection
    from ml_connector_dagster.store.engine import Store


def find_load(store: Store, load_id: int) -> LoadRow:
    """Answer the load of that number.

    Raises:
        SettingWrong: There is none.
    """
    row = LoadBook(store).find(load_id)
    if row is None:
        raise SettingWrong(
            f"There is no load {load_id}.",
            "Nothing can be shown or sent.",
            "List the loads with ml-connector audit show.",
        )
    return row


def replay(connection: OpenConnection, load_id: int, *, run_id: str, rejected: bool = False) -> LoadOutcome:
    """Send the whole file of a load again, byte for byte, and prove it.

    The whole slice is sent even where only some rows were rejected: a file with those rows alone would clear the others
    under an import that clears before it writes.

    Args:
        connection: The connection the load belongs to.
        load_id: Its number.
        run_id: Of the command.
        rejected: Only if Anaplan rejected rows of it.

    Raises:
        SettingWrong: No such load, a newer one of the same slice exists, or nothing was rejected.
        ConnectorError: As for any load.
    """
    row = find_load(connection.store, load_id)
    _refuse_the_old(connection, row)
    if rejected and not rejected_rows(connection.store, load_id):
        raise SettingWrong(
            f"Load {load_id} has no rejected rows.",
            "There is nothing to replay for them.",
            f"Send the whole file with ml-connector replay {load_id}.",
        )
    return load_target(connection, stored_plan(connection, row), run_id=run_id, force=True)


def rejected_rows(store: Store, load_id: int) -> int:
    """Answer how many rejected rows of a load are kept."""
    query = select(func.count()).select_from(rejected_row).where(rejected_row.c.load_id == load_id)
    with store.read() as connection:
        count: int = connection.execute(query).scalar_one()
    return count


def stored_plan(connection: OpenConnection, row: LoadRow) -> FilePlan:
    """Answer the plan of a load as it was, from the files that were kept."""
    blobs = connection.blobs
    file = file_as_planned(connection, row)
    return FilePlan(
        connection=row.connection,
        target=connection.target(row.target),
        kind="list" if row.target_kind == "list" else "module",
        period=row.period,
        header=header_of(file, asdict(OWN_CUT)),
        file=file,
        rows=row.rows,
        file_hash=row.file_hash,
        sidecar=blobs.local_path(row.sidecar_blob),
        cells=blobs.local_path(row.cells_blob) if row.cells_blob else None,
        total=row.total,
        snapshots=row.snapshots,
        settings_hash=row.settings_hash,
        mapping_hash=row.mapping_hash,
        digest=row.digest,
    )


def _refuse_the_old(connection: OpenConnection, row: LoadRow) -> None:
    newest = LoadBook(connection.store).of_slice(row.slice)[0]
    if newest.id != row.id:
        raise SettingWrong(
            f"Load {row.id} of {row.connection}/{row.target} {row.period} is not the newest: load {newest.id} came later.",
            "Replaying it would take Anaplan back to older figures.",
            f"Replay load {newest.id}, or load the period anew with ml-connector load {row.connection} {row.period}.",
        )
