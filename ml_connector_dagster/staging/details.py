"""Answers of detail calls, kept by record and modified stamp (protocol 14).

Where a vendor's list shows no lines, each document needs a call of its own. Its answer holds until the stamp is new,
whatever period the document stands in: one that moves costs no call.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.tables.staging import detail

IDS_PER_QUERY = 500


class Details:
    """The kept answers of one connection and entity."""

    def __init__(self, store: Store, connection: str, entity: str) -> None:
        """Look at the answers of an entity."""
        self._store, self._connection, self._entity = store, connection, entity

    def kept(self, stamps: Mapping[str, str]) -> dict[str, bytes]:
        """Answer the kept body of each record whose stamp is the one given; the others must be asked for.

        Args:
            stamps: Record id to the stamp that the list shows now.
        """
        ids = list(stamps)
        found: dict[str, bytes] = {}
        with self._store.read() as transaction:
            for first in range(0, len(ids), IDS_PER_QUERY):
                query = select(detail.c.record_id, detail.c.stamp, detail.c.body).where(
                    detail.c.connection == self._connection,
                    detail.c.entity == self._entity,
                    detail.c.record_id.in_(ids[first : first + IDS_PER_QUERY]),
                )
                for record_id, stamp, body in transaction.execute(query).tuples():
                    if stamp == stamps[record_id]:
                        found[record_id] = zlib.decompress(body)
        return found

    def keep(self, record_id: str, stamp: str, body: bytes) -> None:
        """Keep an answer; one of an older stamp is replaced."""
        insert = postgresql.insert if self._store.is_postgres else sqlite.insert
        values = {"stamp": stamp, "body": zlib.compress(body)}
        key = {"connection": self._connection, "entity": self._entity, "record_id": record_id}
        with self._store.begin() as transaction:
            transaction.execute(
                insert(detail).values(**key, **values).on_conflict_do_update(index_elements=list(key), set_=values)
            )
