"""A StagedReader in memory: what a source's own tests derive from, without a state database."""

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ml_connector_dagster.errors import HeldForPerson
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Page
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.sources.contract.reader import CompanyReader
from ml_connector_dagster.staging.frames import arrow_schema, record_id_field, table_of


class StagedInMemory:
    """Keeps the pages of each entity and period as tables."""

    def __init__(self):
        self.tables: dict[tuple[str, Period | None], list[pa.Table]] = {}
        self.refused: dict[tuple[str, Period | None], list] = {}
        self.read: dict[tuple[str, Period | None], int] = {}

    def stage(self, entity: Entity, period: Period, pages: Iterable[Page]) -> int:
        """Keep the pages as the current snapshot and answer how many vendor records they held."""
        key = self._key(entity, period)
        tables, refused, read = [], [], 0
        for page in pages:
            tables.append(as_table(entity, page))
            refused += page.refused
            read += page.read
        self.tables[key], self.refused[key], self.read[key] = tables, refused, read
        return read

    def pull(self, reader: CompanyReader, entities: Iterable[Entity], period: Period) -> dict[str, int]:
        """Read and derive the entities in their order; answers vendor records by entity."""
        return {
            entity.name: self.stage(
                entity,
                period,
                reader.derive(entity, period, self) if entity.derived_from else reader.read(entity, period),
            )
            for entity in entities
        }

    def batches(self, entity: str, period: Period, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        if (entity, period) not in self.tables:
            raise HeldForPerson(f"{entity} of {period} was not read.", "Nothing can be derived.", "Read it first.")
        yield from (table.select(columns) if columns else table for table in self.tables[entity, period])

    def newest(self, entity: str) -> pa.Table:
        if (entity, None) not in self.tables:
            raise HeldForPerson(f"{entity} was not read.", "Nothing can be derived.", "Read it first.")
        return pa.concat_tables(self.tables[entity, None])

    def find(self, entity: str, record_ids: Iterable[str]) -> pa.Table:
        wanted = pa.array(list(record_ids), pa.string())
        tables = [table for (name, _), kept in self.tables.items() if name == entity for table in kept]
        found = [table.filter(pc.is_in(table[table.column_names[0]], wanted)) for table in tables]
        return pa.concat_tables(found) if found else arrow_schema_of_documents().empty_table()

    def lines(self, entity: str, period: Period) -> pa.Table:
        """Answer all rows of a slice as one table."""
        return pa.concat_tables(self.tables[entity, period])

    @staticmethod
    def _key(entity: Entity, period: Period) -> tuple[str, Period | None]:
        return entity.name, None if entity.kind is EntityKind.REFERENCE else period


def as_table(entity: Entity, page: Page) -> pa.Table:
    """Answer a page's rows as a table with the record's columns, whichever form they came in."""
    if isinstance(page.rows, pa.Table):
        assert page.rows.column_names == arrow_schema(entity.record).names
        return page.rows.cast(arrow_schema(entity.record))
    assert record_id_field(entity.record)
    return table_of(entity.record, page.rows)


def arrow_schema_of_documents() -> pa.Schema:
    from ml_connector_dagster.ledger.document import DocumentLine

    return arrow_schema(DocumentLine)
