"""How the records of ``ledger/`` look as columns: Arrow schemas, exact decimals, pandas frames.

Every Decimal is ``decimal128(38, 10)`` (28 digits before the point), so that a sum over a million lines stays exact and a
column of one snapshot can be compared with the same column of any other. Floats do not occur.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import pyarrow as pa

from ml_connector_dagster.ledger.document import END_OF_LINE, FIRST_OF_LINE, Document, DocumentLines

DECIMAL = pa.decimal128(38, 10)
"""The one decimal type of frames, Parquet files, cells and sidecars."""

_TYPES: dict[type, pa.DataType] = {
    str: pa.string(),
    bool: pa.bool_(),
    int: pa.int64(),
    Decimal: DECIMAL,
    date: pa.date32(),
    datetime: pa.timestamp("us", tz="UTC"),
}


@cache
def arrow_schema(record: type[tuple[Any, ...]]) -> pa.Schema:
    """Answer the columns of a record type, in its field order.

    ``str`` becomes string, ``bool`` bool, ``date`` date32, ``datetime`` timestamp[us, UTC], ``Decimal`` decimal128(38, 10);
    only fields annotated ``… | None`` are nullable.

    Raises:
        TypeError: A field has a type that has no exact column.
    """
    return pa.schema([_field(name, hint) for name, hint in get_type_hints(record).items()])


def table_of(record: type[tuple[Any, ...]], rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Turn NamedTuples of one record type into a table with ``arrow_schema(record)``.

    Raises:
        pyarrow.ArrowInvalid: A value does not fit its column, for instance a decimal with more than ten places.
        TypeError: A value is of another type than its column.
    """
    schema = arrow_schema(record)
    if isinstance(rows, DocumentLines):
        return _unfolded(rows.documents, schema)
    return pa.Table.from_arrays(_arrays(rows, schema), schema=schema)


def _unfolded(documents: Sequence[Document], schema: pa.Schema) -> pa.Table:
    """Convert what documents share once a document, then repeat it for their lines."""
    heads = [field for place, field in enumerate(schema) if not FIRST_OF_LINE <= place < END_OF_LINE]
    shared = _arrays([document.head + document.foot for document in documents], heads)
    own = _arrays(
        [line for document in documents for line in document.lines],
        [schema.field(place) for place in range(FIRST_OF_LINE, END_OF_LINE)],
    )
    repeated = pa.array(np.repeat(np.arange(len(documents)), [len(document.lines) for document in documents]))
    shared = [column.take(repeated) for column in shared]
    return pa.Table.from_arrays([*shared[:FIRST_OF_LINE], *own, *shared[FIRST_OF_LINE:]], schema=schema)


def _arrays(rows: Sequence[tuple[Any, ...]], fields: Collection[pa.Field]) -> list[pa.Array]:
    columns = zip(*rows, strict=True) if rows else ((),) * len(fields)
    return [_array(column, field.type) for column, field in zip(columns, fields, strict=True)]


def _array(column: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Convert a column; one value all through (a kind, a currency, a rate of 1) is converted once, which is found out fast."""
    if column and column == (column[0],) * len(column):
        return pa.repeat(pa.scalar(column[0], kind), len(column))
    return pa.array(column, kind)


def rows_of(record: type[tuple[Any, ...]], table: pa.Table) -> list[tuple[Any, ...]]:
    """Turn a table back into NamedTuples; decimals come back with ten places (``Decimal('12.5000000000')``)."""
    columns = [table.column(name).to_pylist() for name in arrow_schema(record).names]
    make: Callable[..., tuple[Any, ...]] = record
    return [make(*values) for values in zip(*columns, strict=True)]


def record_id_field(record: type[tuple[Any, ...]]) -> str:
    """Name the column that holds the vendor record's stable id: ``record_id`` where there is one, else the first."""
    names = arrow_schema(record).names
    return "record_id" if "record_id" in names else str(names[0])


def _field(name: str, hint: Any) -> pa.Field:
    options = get_args(hint) if get_origin(hint) in (types.UnionType, Union) else (hint,)
    wanted = [option for option in options if option is not type(None)]
    if len(wanted) != 1 or wanted[0] not in _TYPES:
        raise TypeError(f"field {name!r} of type {hint!r} has no exact column")
    return pa.field(name, _TYPES[wanted[0]], nullable=len(options) > 1)
