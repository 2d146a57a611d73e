"""What a reader answers: pages of rows, what was refused of them, what changed, and what a probe found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from ml_connector_dagster.ledger.period import Period

if TYPE_CHECKING:
    import pyarrow as pa


class RefusedRecord(NamedTuple):
    """A vendor record that could not be read; it is quarantined whole, counted, and turns the check red."""

    record_id: str
    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the vendor, read: rows, what was refused, and the raw bytes for a later re-translation."""

    rows: Sequence[tuple[Any, ...]] | pa.Table
    """NamedTuples of the entity's record type, or a table with its columns; a record's rows are all in one page."""
    read: int
    """How many vendor records the answer held: read = staged + refused, in vendor records."""
    refused: Sequence[RefusedRecord] = ()
    raw: bytes = b""
    unknown_fields: Mapping[str, int] = field(default_factory=dict)
    """Fields the parser does not know, counted: schema drift is reported, never an error."""
    read_with: Sequence[bytes] = ()
    """Other answers that the rows were read with (tax rates, categories); kept before ``raw``, on a reading's first page."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a change feed said: which periods are dirty, and where the feed stands now."""

    dirty: Mapping[str, frozenset[Period]]
    """Entity name to the periods whose records moved; a moved date dirties both its periods."""
    watermark: datetime
    """Aware UTC; stored only after the dirty periods were noted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of ``ml-connector check``: what was probed, whether it holds, and what to do where it does not."""

    subject: str
    holds: bool
    says: str
