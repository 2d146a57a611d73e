"""What translate hands to load: the whole slice as a file, where each row came from, and why it may have to wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Literal

from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget

FROM_MODEL_TAG = "mlc/from_model"
"""A Dagster run with this tag asks the model for its cells whatever the load table says, and sends in any case."""


class HoldReason(StrEnum):
    """Why a slice waits for a person."""

    UNMAPPED = "unmapped"
    """Source ids have no member; the crosswalk must be completed, nothing can be released."""
    QUARANTINED = "quarantined"
    """Records could not be read; mended in the source, or ``load_without: quarantined``."""
    EMPTIED = "emptied"
    """The slice had records and now reads none."""
    HALVED = "halved"
    """The slice fell by more than half."""
    LOCKED = "locked"
    """The period is locked and its figures moved."""
    MOVED_CODE = "moved_code"
    """A source code now stands at another id; the crosswalk must be confirmed."""

    @property
    def may_be_released(self) -> bool:
        """True where a person may say "load it as it is"; the others need a mended mapping or record."""
        return self not in (HoldReason.UNMAPPED, HoldReason.QUARANTINED)


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason for which the slice must not be loaded now, with what it would change."""

    reason: HoldReason
    says: str
    """One sentence with its figures, for the person who decides."""
    delta: Decimal = Decimal(0)
    """What the load would add to the slice's total; base currency, the file's own sign."""


@dataclass(frozen=True, slots=True)
class UnmappedMember:
    """A source id that the crosswalk does not know."""

    dimension: str
    """Field name: ledger_account, customer, tracking.Region."""
    source_id: str
    source_code: str
    source_name: str
    lines: int
    amount: Decimal
    """Debit + and credit −, base currency: what would be missing."""


@dataclass(frozen=True, slots=True)
class ZeroedCell:
    """A cell or document for which the model shows a figure and the books have none: the load sets it to 0."""

    cell: tuple[str, ...]
    """What people know it by, as the file writes it: every column but the amount; of a document its id, number and date."""
    stands: Decimal
    """What the model shows now; the file's own sign."""


@dataclass(frozen=True, slots=True)
class FilePlan:
    """A closed rectangle of one target, ready to be sent; nothing in it depends on when it is sent."""

    connection: str
    target: ListTarget | ModuleTarget
    kind: Literal["list", "module"]
    period: str
    """2026-10."""
    header: tuple[str, ...]
    file: Path
    """The CSV in our own cut: header row first, commas, double quotes, UTF-8, CRLF; ``file_cut`` makes what is sent."""
    rows: int
    """Rows below the header, zero rows included."""
    file_hash: str
    """SHA-256 of the file, hex."""
    sidecar: Path
    """Parquet: file_row int32 (line of the file, header = 1), entity, record_id, line_id, amount decimal."""
    cells: Path | None
    """Parquet: a text column per dimension column of the file, then amount decimal(38,10); zero rows included. Lists: None."""
    total: Decimal
    """Sum of the file's amounts in the file's sign; for a list the number of members."""
    snapshots: Mapping[str, str]
    """``entity@period`` to the digest of the snapshot that the plan was made from; a load pins them (protocol 13)."""
    settings_hash: str
    mapping_hash: str
    digest: str
    """Of snapshots + mapping + settings: what ``loads_due`` compares."""
    quarantined: int = 0
    unmapped: tuple[UnmappedMember, ...] = ()
    held: tuple[Hold, ...] = ()
    """Empty where the load may go; ``load_target`` refuses with HeldForPerson otherwise."""
    members_needed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """File column to the members that must exist before the file is sent; constants included."""
    zero_rows: int = 0
    """How many of the rows only clear cells that an earlier load filled, or that the model showed."""
    zeroes: tuple[ZeroedCell, ...] = ()
    """What the model was asked for and would lose: at a first load, after a restore, or where it strayed; else empty."""
