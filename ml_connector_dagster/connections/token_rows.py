"""The token protocol's rows: what a credential holds, the intent of a refresh, and each write as one transaction."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from ml_connector_dagster.connections.credentials import (
    CONSENT,
    GRANT_ENDS,
    REDIRECT,
    Credential,
    Standing,
    find_credential,
)
from ml_connector_dagster.connections.vault import Owner, Vault
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.locks import Held, LockLost
from ml_connector_dagster.store.tables.connections import credential, refresh_intent
from ml_connector_dagster.transport.grant import TokenAnswer

ACCESS, REFRESH, SPOOL = "access_token", "refresh_token", "spool"
STORED_BY = "stored_by_attempt"
"""Fact: which refresh stored the tokens that are there."""
ROTATES = "refresh_token_rotates"
_OF_A_GRANT = frozenset({ROTATES, STORED_BY, CONSENT, GRANT_ENDS, REDIRECT})
"""Facts that end with the grant they were learnt from."""
"""Fact: whether the last refresh changed the refresh token; some vendors let the app choose."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A refresh that began: written before the POST, gone with the commit."""

    attempt: str
    grant_generation: int
    base_version: int
    deadline_at: datetime
    spool: str | None = field(repr=False)
    tries: int

    def belongs_to(self, owner: Credential) -> bool:
        """True while nobody consented or stored another token since it was written."""
        return (self.grant_generation, self.base_version) == (owner.grant_generation, owner.version)


@dataclass(frozen=True, slots=True)
class Spooled:
    """A token endpoint's raw answer with what it was asked on."""

    attempt: str
    grant_generation: int
    base_version: int
    asked_at: datetime
    raw: str = field(repr=False)

    def text(self) -> str:
        """Write it as the text that is sealed."""
        return json.dumps(
            {
                "attempt": self.attempt,
                "grant_generation": self.grant_generation,
                "base_version": self.base_version,
                "asked_at": self.asked_at.isoformat(),
                "raw": self.raw,
            }
        )

    @classmethod
    def of(cls, text: str) -> Spooled:
        """Read the text that was sealed."""
        fields = json.loads(text)
        return cls(**{**fields, "asked_at": datetime.fromisoformat(fields["asked_at"])})

    def belongs_to(self, owner: Credential) -> bool:
        """True while nobody consented or stored another token since it was asked for."""
        return (self.grant_generation, self.base_version) == (owner.grant_generation, owner.version)


@dataclass(frozen=True, slots=True)
class TokenState:
    """Everything the protocol judges, read in one transaction."""

    credential: Credential
    access: str | None = field(repr=False)
    refresh: str | None = field(repr=False)
    intent: Intent | None
    now: datetime
    """The database's clock."""

    def live(self, margin_seconds: float, refused: str | None) -> bool:
        """True where the access token may be sent: enough life left, and not the one just refused."""
        expires_at = self.credential.access_expires_at
        if self.access is None or expires_at is None or self.access == refused:
            return False
        return expires_at - self.now > timedelta(seconds=margin_seconds)


class TokenRows:
    """Reads and writes of one credential's tokens."""

    def __init__(self, store: Store, vault: Vault, owner: Owner) -> None:
        self._store = store
        self._vault = vault
        self.owner = owner

    def read(self) -> TokenState:
        """Answer how things stand now.

        Raises:
            SettingWrong: The credential was removed, or a secret does not open.
        """
        now = self._store.now()
        with self._store.read() as connection:
            found = find_credential(connection, self.owner.name)
            if found is None:
                raise _gone(self.owner.name)
            access = self._vault.get(connection, self.owner, ACCESS)
            refresh = self._vault.get(connection, self.owner, REFRESH)
            return TokenState(found, access, refresh, _intent(connection, self.owner.name), now)

    def begin_refresh(self, state: TokenState, seconds: float) -> Intent:
        """Write the intent, durably, before the POST; it replaces the one that was judged."""
        tries = 1 if state.intent is None else state.intent.tries + 1
        owner = state.credential
        deadline_at = self._store.now() + timedelta(seconds=seconds)
        intent = Intent(uuid.uuid4().hex, owner.grant_generation, owner.version, deadline_at, None, tries)
        with self._store.begin() as connection:
            self._drop_intent(connection)
            connection.execute(
                insert(refresh_intent).values(
                    credential=owner.name,
                    attempt=intent.attempt,
                    grant_generation=intent.grant_generation,
                    base_version=intent.base_version,
                    deadline_at=deadline_at,
                    spool=None,
                    tries=tries,
                )
            )
        return intent

    def sealer(self) -> Callable[[str], str]:
        """Answer what seals an answer; the data key is fetched now, so that afterwards nothing stands before the write."""
        with self._store.read() as connection:
            return self._vault.sealer(connection, self.owner, SPOOL)

    def open_spool(self, envelope: str) -> Spooled | None:
        """Answer the answer; None where it was sealed for a data key that is gone, so for an older grant."""
        try:
            with self._store.read() as connection:
                return Spooled.of(self._vault.unseal(connection, self.owner, SPOOL, envelope))
        except SettingWrong:
            return None

    def keep_answer(self, held: Held, intent: Intent, envelope: str) -> None:
        """Write the encrypted answer as a row, first through the lock's own session, which is known to be open."""
        mine = (refresh_intent.c.credential == self.owner.name) & (refresh_intent.c.attempt == intent.attempt)
        written = update(refresh_intent).where(mine).values(spool=envelope)
        if self._store.is_postgres:
            try:
                held.connection.execute(written)
            except (LockLost, DBAPIError):  # the session died while the answer was under way: another one must do
                pass
            else:
                return
        with self._store.begin() as connection:
            connection.execute(written)

    def commit(self, spooled: Spooled, answer: TokenAnswer) -> bool:
        """Store the new tokens if nobody stored others since; answers whether it did. Clears ``needs_reauth``."""
        with self._store.begin() as connection:
            before = find_credential(connection, self.owner.name, lock=True)
            old_refresh = self._vault.get(connection, self.owner, REFRESH)
            if before is None or not self._swap(connection, before, spooled, answer, old_refresh):
                return False
            secrets = {ACCESS: answer.access_token}
            secrets |= {REFRESH: answer.refresh_token} if answer.refresh_token else {}
            self._vault.put(connection, self.owner, secrets)
            self._drop_intent(connection)
        return True

    def _swap(
        self, connection: Connection, before: Credential, spooled: Spooled, answer: TokenAnswer, old_refresh: str | None
    ) -> bool:
        rotates = answer.refresh_token is not None and answer.refresh_token != old_refresh
        return self._change(
            connection,
            spooled.grant_generation,
            spooled.base_version,
            version=spooled.base_version + 1,
            state=Standing.READY,
            reason="",
            suspect_since=None,
            access_expires_at=_expires_at(answer, spooled.asked_at),
            facts={**before.facts, **_ends(answer, spooled.asked_at), ROTATES: rotates, STORED_BY: spooled.attempt},
        )

    def stand(self, state: TokenState, standing: Standing, reason: str, suspect_since: datetime | None) -> None:
        """Say how the credential stands now and drop the intent, unless a token or a consent came in meanwhile."""
        owner = state.credential
        with self._store.begin() as connection:
            values = {"state": standing, "reason": reason, "suspect_since": suspect_since}
            if self._change(connection, owner.grant_generation, owner.version, **values):
                self._drop_intent(connection)

    def drop_intent(self, attempt: str) -> None:
        """Remove an intent that was judged; another attempt's stays."""
        mine = (refresh_intent.c.credential == self.owner.name) & (refresh_intent.c.attempt == attempt)
        with self._store.begin() as connection:
            connection.execute(delete(refresh_intent).where(mine))

    def end_wait(self, attempt: str) -> None:
        """Note that an attempt's POST is over and brought nothing readable, so nobody waits for its deadline."""
        mine = (refresh_intent.c.credential == self.owner.name) & (refresh_intent.c.attempt == attempt)
        with self._store.begin() as connection:
            values = {"deadline_at": self._store.now(), "spool": None}
            connection.execute(update(refresh_intent).where(mine).values(**values))

    def replace_grant(self, answer: TokenAnswer, asked_at: datetime, facts: dict[str, Any]) -> None:
        """Store the tokens of a fresh consent: a new grant generation makes every older spool and intent stale."""
        with self._store.begin() as connection:
            before = find_credential(connection, self.owner.name, lock=True)
            if before is None:
                raise _gone(self.owner.name)
            self._change(
                connection,
                before.grant_generation,
                before.version,
                grant_generation=before.grant_generation + 1,
                version=before.version + 1,
                state=Standing.READY,
                reason="",
                suspect_since=None,
                access_expires_at=_expires_at(answer, asked_at),
                facts={key: value for key, value in before.facts.items() if key not in _OF_A_GRANT}
                | _ends(answer, asked_at)
                | facts,
            )
            self._vault.forget(connection, self.owner, ACCESS, REFRESH)
            secrets = {ACCESS: answer.access_token}
            secrets |= {REFRESH: answer.refresh_token} if answer.refresh_token else {}
            self._vault.put(connection, self.owner, secrets)
            self._drop_intent(connection)

    def forget_grant(self) -> None:
        """Delete the tokens; client id and secret stay, so that a person can connect again."""
        with self._store.begin() as connection:
            before = find_credential(connection, self.owner.name, lock=True)
            if before is None:
                return
            generation, version = before.grant_generation, before.version
            values = {"grant_generation": generation + 1, "version": version + 1, "state": Standing.NEW}
            values |= {"reason": "", "suspect_since": None, "access_expires_at": None}
            self._change(connection, generation, version, **values)
            self._vault.forget(connection, self.owner, ACCESS, REFRESH)
            self._drop_intent(connection)

    def _change(self, connection: Connection, generation: int, known: int, /, **values: Any) -> bool:
        """Compare and swap the credential's row; answers whether generation and version still were these."""
        same = (credential.c.grant_generation == generation) & (credential.c.version == known)
        chosen = update(credential).where((credential.c.name == self.owner.name) & same)
        return connection.execute(chosen.values(**values, updated_at=self._store.now())).rowcount == 1

    def _drop_intent(self, connection: Connection) -> None:
        connection.execute(delete(refresh_intent).where(refresh_intent.c.credential == self.owner.name))


def _intent(connection: Connection, name: str) -> Intent | None:
    columns = [column for column in refresh_intent.c if column.name != "credential"]
    row = connection.execute(select(*columns).where(refresh_intent.c.credential == name)).one_or_none()
    return None if row is None else Intent(*row)


def _gone(name: str) -> SettingWrong:
    return SettingWrong(
        f"There is no credential {name!r}.",
        "No token can be had for it.",
        f"Enter it with ml-connector credential set {name}.",
        credential=name,
    )


def _expires_at(answer: TokenAnswer, asked_at: datetime) -> datetime:
    """Answer when an access token dies: counted from its making, which may lie before we asked (freshbooks.md §2)."""
    return min(answer.issued_at or asked_at, asked_at) + timedelta(seconds=answer.expires_in_seconds)


def _ends(answer: TokenAnswer, asked_at: datetime) -> dict[str, str]:
    seconds = answer.ends_in_seconds
    return {} if seconds is None else {GRANT_ENDS: (asked_at + timedelta(seconds=seconds)).isoformat()}
