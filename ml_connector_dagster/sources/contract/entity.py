"""How a kind of record is declared: one ``Entity`` row in a source's ``entities.py``, from which the rest is derived."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.ledger.party import Party, TrackingOption
from ml_connector_dagster.ledger.posting import LedgerLine

LEDGER_LINES = "ledger_lines"


class EntityKind(StrEnum):
    """How an entity behaves over periods."""

    REFERENCE = "reference"
    """Accounts, parties, tracking: the whole list is read whatever the period; the newest snapshot counts."""
    DOCUMENT = "document"
    """Records that stand in a period by their posting date."""
    LEDGER = "ledger"
    """The postings of a period."""
    COMMITMENT = "commitment"
    """What is ordered and not yet billed at a period's end, by account: shaped like postings, never part of actuals.

    Every period holds the whole open remainder as of its end (dated that day), so one order's lines stand in many periods.
    """


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of record that a source supplies; the asset key, the dedupe key and the tests are derived from it."""

    name: str
    """Our word, plural: invoices, ledger_accounts."""
    kind: EntityKind
    record: type[tuple[Any, ...]]
    """The NamedTuple of ``ledger/`` that a row is: LedgerAccount, Party, TrackingOption, DocumentLine, LedgerLine."""
    business_key: tuple[str, ...]
    """Columns of the record that make two rows the same thing."""
    vendor_word: str
    """What the accounting system's own screens call it; shown in the Dagster UI."""
    description: str
    """One sentence a finance user understands."""
    endpoint: str = ""
    """Path below the API base; empty for an entity derived from others."""
    date_filter: str = ""
    """How the endpoint narrows to a period, in the vendor's own words; empty where it cannot."""
    changed_since: str = ""
    """How the endpoint tells what changed, in the vendor's own words; empty where it cannot."""
    page_size: int = 0
    """Records a page; 0 for an endpoint that answers everything at once."""
    derived_from: tuple[str, ...] = ()
    """Entities whose staged snapshots this one is computed from; it makes no list call of its own."""


ledger_accounts = partial(
    Entity,
    name="ledger_accounts",
    kind=EntityKind.REFERENCE,
    record=LedgerAccount,
    business_key=("ledger_account_id",),
)
"""With the partials below: what rows of one record type have in common whatever the source; the vendor's own is added."""
parties = partial(Entity, kind=EntityKind.REFERENCE, record=Party, business_key=("party_id",))
options = partial(Entity, kind=EntityKind.REFERENCE, record=TrackingOption, business_key=("option_id",))
documents = partial(Entity, kind=EntityKind.DOCUMENT, record=DocumentLine, business_key=("document_id", "line_id"))
postings = partial(Entity, record=LedgerLine, business_key=("record_id", "line_id"))
"""Rows shaped like postings; the kind says whether they are the ledger's own."""
ledger_lines = partial(postings, name=LEDGER_LINES, kind=EntityKind.LEDGER)
