"""Source ids without a member, with the code and name that a person knows them by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ml_connector_dagster.flows.file_plan import UnmappedMember
from ml_connector_dagster.flows.slice_rows import SliceRows
from ml_connector_dagster.flows.slices import accounts_entity, tracking_entity
from ml_connector_dagster.mapping import file_rows
from ml_connector_dagster.mapping.crosswalk import reference_records
from ml_connector_dagster.sources.contract.source import Source


def named_unmapped(
    unmapped: Iterable[file_rows.UnmappedMember], rows: SliceRows, source: Source
) -> tuple[UnmappedMember, ...]:
    """Add code and name from the reference entities; both stay empty for an id that none of them knows."""
    known: dict[str, Mapping[str, tuple[str, str]]] = {}
    named: list[UnmappedMember] = []
    for one in unmapped:
        entity = reference_of(source, one.dimension)
        if entity is not None and entity not in known:
            records = reference_records(rows.reference(entity))
            known[entity] = {source_id: (code, name) for source_id, code, name in records}
        code, name = known.get(entity or "", {}).get(one.source_id, ("", ""))
        named.append(UnmappedMember(one.dimension, one.source_id, code, name, one.lines, one.amount))
    return tuple(named)


def reference_of(source: Source, dimension: str) -> str | None:
    """Answer the reference entity behind a dimension: ledger_account, customer, vendor, tracking.<Category>; None elsewhere."""
    if dimension == "ledger_account":
        return accounts_entity(source)
    if dimension.startswith("tracking."):
        return tracking_entity(source)
    return next((entity.name for entity in source.entities if entity.name == f"{dimension}s"), None)
