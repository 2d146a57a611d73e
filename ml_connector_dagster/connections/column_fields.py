"""Which fields a list's or module's columns may name, by what the target is filled from."""

from __future__ import annotations

from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget
from ml_connector_dagster.sources.contract import Entity

LIST_FIELDS = ("code", "name", "active", "parent", "account_class", "account_type", "currency")
LINE_FIELDS = ("period", "ledger_account", "customer", "vendor", "currency", "amount")


def known_fields(target: ListTarget | ModuleTarget, entity: Entity | None) -> set[str]:
    """Answer the fields that columns of this target may name; ``tracking.<Category>`` and constants come on top."""
    if isinstance(target, ListTarget):
        return set(LIST_FIELDS)
    own = set(entity.record._fields) if entity is not None and hasattr(entity.record, "_fields") else set()
    extra = {"document", "loaded_at", "transaction", "active"} if target.grain != "cell" else set()
    return {*LINE_FIELDS, *extra, *(own if target.grain != "cell" else ())}
