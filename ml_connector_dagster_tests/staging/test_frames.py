"""Columns hold records exactly."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import pyarrow as pa
import pytest

from ml_connector_dagster.ledger.document import (
    END_OF_LINE,
    FIRST_OF_LINE,
    Document,
    DocumentLine,
    DocumentLines,
)
from ml_connector_dagster.ledger.posting import LedgerLine
from ml_connector_dagster.staging.frames import DECIMAL, arrow_schema, record_id_field, rows_of, table_of
from ml_connector_dagster_tests.staging.readings import line


def test_every_decimal_of_a_record_is_a_decimal_column() -> None:
    assert {arrow_schema(LedgerLine).field(name).type for name in ("amount", "document_amount", "rate")} == {DECIMAL}


def test_arrow_takes_no_memory_from_a_pool_of_its_own() -> None:
    """Parquet's own pool would keep what was freed, and grow with every month of a backfill."""
    assert pa.default_memory_pool().backend_name == "system"


def test_only_fields_that_may_be_absent_are_nullable() -> None:
    nullable = {field.name for field in arrow_schema(DocumentLine) if field.nullable}
    assert nullable == {"due_date", "modified_at"}


def test_rows_come_back_as_they_went_in() -> None:
    rows = [line("d1"), line("d1", "2", due_date=None, net_amount=Decimal("-0.01")), line("d2", modified_at=None)]
    assert rows_of(DocumentLine, table_of(DocumentLine, rows)) == rows


def test_values_that_repeat_over_lines_come_back_on_each_line() -> None:
    total, seen = Decimal("360.05"), datetime(2026, 10, 9, tzinfo=UTC)
    rows = [line("d1", str(number), total=total, modified_at=seen) for number in range(5)]
    table = table_of(DocumentLine, [*rows, line("d2", total=Decimal("1.10"))])
    assert table.column("total").to_pylist() == [total] * 5 + [Decimal("1.1")]
    assert table.column("modified_at").to_pylist()[:5] == [seen] * 5


def test_no_rows_make_an_empty_table_of_the_same_columns() -> None:
    assert table_of(DocumentLine, []).schema == arrow_schema(DocumentLine)


def test_a_decimal_with_more_than_ten_places_is_refused_and_not_rounded() -> None:
    with pytest.raises(pa.ArrowInvalid):
        table_of(DocumentLine, [line("d1", net_amount=Decimal("0.00000000001"))])


def test_a_float_never_becomes_an_amount() -> None:
    with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError)):
        table_of(DocumentLine, [line("d1", net_amount=0.1)])


class Strange(NamedTuple):
    """A record with a float, which no money column may come from."""

    amount: float


def test_a_record_with_a_float_has_no_columns() -> None:
    with pytest.raises(TypeError, match="amount"):
        arrow_schema(Strange)


def test_the_record_id_is_the_first_column_except_where_one_is_called_so() -> None:
    assert (record_id_field(DocumentLine), record_id_field(LedgerLine)) == ("document_id", "record_id")


def test_documents_with_their_header_kept_once_make_the_same_table() -> None:
    rows = [line("d1"), line("d1", "2", net_amount=Decimal("-0.01")), line("d2", due_date=None, modified_at=None)]
    folded = folded_lines(rows)
    assert table_of(DocumentLine, folded).equals(table_of(DocumentLine, rows))
    assert table_of(DocumentLine, DocumentLines()).equals(table_of(DocumentLine, []))


def folded_lines(rows: list[DocumentLine]) -> DocumentLines:
    """The rows, each document's header kept once."""
    folded = DocumentLines()
    for _, own in groupby(rows, key=attrgetter("document_id")):
        first, *_ = lines = list(own)
        folded.extend(
            Document(first[:FIRST_OF_LINE], [row[FIRST_OF_LINE:END_OF_LINE] for row in lines], first[END_OF_LINE:])
        )
    return folded
