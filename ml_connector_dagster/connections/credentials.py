"""Named credentials: whose they are, how they stand, and facts about them that are no secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from ml_connector_dagster.connections.vault import Owner
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.tables.connections import credential

CONSENT = "consent"
REDIRECT = "redirect_uri"
"""The address that a consent was given through, where a refresh must name it."""
PLACE = "place"
GRANT_ENDS = "grant_ends_at"


class Standing(StrEnum):
    """How a credential stands."""

    NEW = "new"
    """Entered, but nobody has consented yet."""
    READY = "ready"
    SUSPECT = "suspect"
    """The vendor refused the grant; it is tried slowly a few times more, since vendors have incidents."""
    NEEDS_REAUTH = "needs_reauth"
    """A person must consent again."""


@dataclass(frozen=True, slots=True)
class Credential:
    """One row of ``credential``."""

    name: str
    vendor: str
    kind: str
    """oauth, basic or certificate."""
    state: str
    reason: str
    suspect_since: datetime | None
    grant_generation: int
    version: int
    access_expires_at: datetime | None
    facts: Mapping[str, Any]
    updated_at: datetime

    @property
    def owner(self) -> Owner:
        """Whose secrets the vault opens."""
        return Owner(self.name, self.vendor)

    def fact(self, name: str) -> str:
        """Answer a fact as text; empty where it is not known."""
        return str(self.facts.get(name, ""))

    @property
    def consent(self) -> Mapping[str, str]:
        """What the consent's redirect said that must be remembered: region, company; see ``Source.consented``."""
        noted: Mapping[str, str] = self.facts.get(CONSENT, {})
        return noted

    @property
    def place(self) -> str:
        """The vendor's region that the consent was given in; empty where the vendor has one for all."""
        return self.consent.get(PLACE, "")

    @property
    def grant_ends_at(self) -> datetime | None:
        """Aware UTC: when the grant ends for good, however often it is refreshed; None where the vendor does not say."""
        said = self.fact(GRANT_ENDS)
        return datetime.fromisoformat(said) if said else None


class Credentials:
    """The credentials of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, name: str) -> Credential | None:
        """Answer the credential of that name, or None."""
        with self._store.read() as connection:
            return find_credential(connection, name)

    def named(self, name: str) -> Credential:
        """Answer the credential of that name.

        Raises:
            SettingWrong: Nobody entered it yet.
        """
        found = self.find(name)
        if found is None:
            raise SettingWrong(
                f"There is no credential {name!r}.",
                "Neither the accounting system nor Anaplan can be reached with it.",
                f"Enter it with ml-connector credential set {name}.",
                credential=name,
            )
        return found

    def all(self) -> list[Credential]:
        """Answer every credential, by name."""
        with self._store.read() as connection:
            return [_credential(row) for row in connection.execute(select(credential).order_by(credential.c.name))]

    def write(self, connection: Connection, name: str, vendor: str, kind: str, facts: Mapping[str, Any]) -> Credential:
        """Write a credential in the caller's transaction; its grant, where it has one, stays as it is.

        Raises:
            SettingWrong: One of that name exists for another vendor: its secrets would stop opening.
        """
        known = find_credential(connection, name)
        now = self._store.now()
        if known is None:
            row = {"name": name, "vendor": vendor, "kind": kind, "state": Standing.NEW, "facts": dict(facts)}
            connection.execute(insert(credential).values(**row, updated_at=now))
        else:
            _same_vendor(known, vendor)
            merged = {**known.facts, **facts}
            chosen = credential.c.name == name
            connection.execute(update(credential).where(chosen).values(kind=kind, facts=merged, updated_at=now))
        written = find_credential(connection, name)
        assert written is not None
        return written

    def note(self, connection: Connection, name: str, **values: Any) -> None:
        """Set columns of a credential in the caller's transaction."""
        chosen = credential.c.name == name
        connection.execute(update(credential).where(chosen).values(**values, updated_at=self._store.now()))


def find_credential(connection: Connection, name: str, *, lock: bool = False) -> Credential | None:
    """Answer the credential of that name as this transaction sees it.

    Args:
        connection: Of a transaction.
        name: The credential's.
        lock: Keep other writers off the row until the transaction ends (SQLite's write transaction does so anyway).
    """
    chosen = select(credential).where(credential.c.name == name)
    row = connection.execute(chosen.with_for_update() if lock else chosen).one_or_none()
    return None if row is None else _credential(row)


def _same_vendor(known: Credential, vendor: str) -> None:
    if known.vendor != vendor:
        raise SettingWrong(
            f"The credential {known.name!r} belongs to {known.vendor}.",
            f"A credential reaches one vendor, so it cannot become one of {vendor}.",
            "Choose another name for it.",
            credential=known.name,
        )


def _credential(row: Row[Any]) -> Credential:
    return Credential(**row._mapping)  # noqa: SLF001 (the documented way to a row's columns by name)
