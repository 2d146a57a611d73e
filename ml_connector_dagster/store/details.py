"""Answers of detail calls, kept by record and modified stamp: where a list carries no lines, an unchanged document is free."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from sqlalchemy import ColumnElement, delete, func, insert, select

from ml_connector_dagster.store.chunks import in_chunks
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.tables.staging import kept_detail


class Details:
    """The kept details of one company: ``sources.contract.session.KeptDetails``."""

    def __init__(self, store: Store, system: str, company_id: str) -> None:
        """Read nothing yet."""
        self._store = store
        self._owner = {"system": system, "company_id": company_id}

    def of(self, entity: str, stamps: Mapping[str, str]) -> Mapping[str, bytes]:
        """Answer {record id: body} of those kept with exactly the stamp given for them."""
        found = {}
        for ids in in_chunks(stamps):
            chosen = self._of_entity(entity) & kept_detail.c.record_id.in_(ids)
            query = select(kept_detail.c.record_id, kept_detail.c.stamp, kept_detail.c.body).where(chosen)
            with self._store.read() as connection:
                rows = connection.execute(query).all()
            found.update(
                {row.record_id: zlib.decompress(row.body) for row in rows if row.stamp == stamps[row.record_id]}
            )
        return found

    def keep(self, entity: str, record_id: str, stamp: str, body: bytes) -> None:
        """Keep the body under this stamp, at once: a pull that ends early has lost no call. An older stamp's is replaced."""
        row = {**self._owner, "entity": entity, "record_id": record_id, "stamp": stamp, "body": zlib.compress(body, 1)}
        with self._store.begin() as connection:
            connection.execute(
                delete(kept_detail).where(self._of_entity(entity) & (kept_detail.c.record_id == record_id))
            )
            connection.execute(insert(kept_detail).values(**row, kept_at=self._store.now()))

    def counts(self) -> Mapping[str, int]:
        """Answer {entity: how many are kept}."""
        query = select(kept_detail.c.entity, func.count()).filter_by(**self._owner).group_by(kept_detail.c.entity)
        with self._store.read() as connection:
            return dict(connection.execute(query).tuples().all())

    def _of_entity(self, entity: str) -> ColumnElement[bool]:
        owner = kept_detail.c.system == self._owner["system"]
        return owner & (kept_detail.c.company_id == self._owner["company_id"]) & (kept_detail.c.entity == entity)
