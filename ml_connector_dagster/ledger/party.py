"""Who is on the other side of a document: a customer or a vendor."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Party(NamedTuple):
    """A customer or a vendor, keyed by the vendor system's stable id."""

    party_id: str
    name: str
    code: str
    """The number people gave it; may be empty and may move."""
    active: bool
    merged_into: str
    """Id of the survivor of a merge; empty otherwise. The loser stays as an inactive member."""
    modified_at: datetime | None
    version_hash: str


class TrackingOption(NamedTuple):
    """One value of a reporting dimension: class, department, location, tag, project."""

    option_id: str
    option: str
    category_id: str
    category: str
    active: bool
    version_hash: str
