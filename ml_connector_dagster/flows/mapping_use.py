"""Which lines of the crosswalks a slice uses: an edited mapping makes exactly those slices due that meet it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import pyarrow.parquet as pq

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.flows.slices import SliceInputs, SnapshotFact, hash_of
from ml_connector_dagster.mapping.members import Members
from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget
from ml_connector_dagster.staging.frames import arrow_schema, record_id_field
from ml_connector_dagster.store.blobs import Blobs

TRACKING = "tracking"
MOST_KNOWN = 20_000
"""Columns of snapshots whose ids a process keeps; a hundred ids each, a few megabytes."""

_KNOWN: dict[tuple[str, str], frozenset[str]] = {}


def mapping_hash(
    connection: OpenConnection, target: ListTarget | ModuleTarget, inputs: SliceInputs, members: Members
) -> str:
    """Answer the hash of the members that a slice's own source ids have; settings are hashed elsewhere.

    Dimensions without a crosswalk file follow from the settings alone and are left out.
    """
    used: dict[str, list[tuple[str, str | None]]] = {}
    for dimension in _mapped_dimensions(connection, target):
        ids = sorted(set(_ids(connection, target, dimension, inputs)))
        used[dimension] = list(zip(ids, members.members(dimension, ids), strict=True))
    return hash_of(used)


def _mapped_dimensions(connection: OpenConnection, target: ListTarget | ModuleTarget) -> Iterator[str]:
    asked = {target.dimension} if isinstance(target, ListTarget) else set(target.columns.values())
    for dimension, mapping in sorted(connection.settings.mapping.items()):
        if mapping.file and dimension in asked:
            yield dimension


def _ids(
    connection: OpenConnection, target: ListTarget | ModuleTarget, dimension: str, inputs: SliceInputs
) -> Iterator[str]:
    record = connection.source.entity(inputs.main.entity).record
    column = (
        record_id_field(record) if isinstance(target, ListTarget) else column_of(dimension, arrow_schema(record).names)
    )
    for fact in _facts(inputs):
        ids = used_ids(connection.blobs, fact.blob, column)
        yield from _options(ids) if column == TRACKING else ids


def column_of(dimension: str, columns: Iterable[str]) -> str:
    """Answer the column of a staged record that holds a dimension's source ids.

    A document knows one party, whichever side it is on; a posting tells customer and vendor apart.
    """
    if dimension.startswith(f"{TRACKING}."):
        return TRACKING
    fitting = [name for name in (dimension, f"{dimension}_id") if name in columns]
    return fitting[0] if fitting else "party_id"


def used_ids(blobs: Blobs, blob: str, column: str) -> frozenset[str]:
    """Answer the distinct ids of one column of a snapshot; kept for the life of the process.

    An address is the hash of its content, so what is kept is never stale, whichever store it came from.
    """
    if (blob, column) not in _KNOWN:
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        table = pq.read_table(blobs.local_path(blob), columns=[column])
        _KNOWN[blob, column] = frozenset(value for value in table[column].unique().to_pylist() if value)
    return _KNOWN[blob, column]


def _facts(inputs: SliceInputs) -> tuple[SnapshotFact, ...]:
    return inputs.chain or (inputs.main,)


def _options(tracking: Iterable[str]) -> Iterator[str]:
    for written in tracking:
        yield from json.loads(written).values()
