"""A credential whose token has just expired, and the promise that holds for it wherever a process is killed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import update

from ml_connector_dagster.connections.credentials import Credential, Credentials, Standing
from ml_connector_dagster.connections.keyring import create_key_file
from ml_connector_dagster.connections.tokens import OAuthTokens, TokenTimes
from ml_connector_dagster.connections.vault import Vault
from ml_connector_dagster.errors import CredentialRefused, TemporarilyRefused
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.locks import Locks
from ml_connector_dagster.store.tables.connections import credential, refresh_intent
from ml_connector_dagster.transport.grant import AccessToken, GrantClient
from ml_connector_dagster_tests.faults.fake_grant import FakeGrant, serving

QUICK = TokenTimes(lock_patience=120, suspect_retry=0, suspect_ends=0, look_again=0.01)
ANSWER_SECONDS = 30.0
"""The time-out of a POST: nothing but a vendor that never answers meets it."""


@dataclass
class Desk:
    """A credential with an expired token, its store and its vendor."""

    store: Store
    grant: FakeGrant
    deadline: float = 0.05
    """Seconds after which an intent is judged; an answer itself may take far longer, as it does on a busy machine."""

    def tokens(self, times: TokenTimes = QUICK) -> OAuthTokens:
        client = GrantClient(self.grant.policy(), "client", "secret", timeout_seconds=ANSWER_SECONDS)
        times = replace(times, deadline_margin=self.deadline - ANSWER_SECONDS)
        return OAuthTokens(self.store, Locks(self.store), Vault.open(self.store), self.row(), client, times=times)

    def row(self) -> Credential:
        return Credentials(self.store).named("acme")

    def expire(self) -> None:
        with self.store.begin() as connection:
            past = self.store.now() - timedelta(seconds=1)
            connection.execute(update(credential).values(access_expires_at=past))

    def connect(self) -> None:
        self.tokens().replace_grant(self.grant.consent)

    def ask(self) -> int:
        """What a run does: exit code 0 with a token, 3 where a person must consent, 4 where it is tried again later."""
        try:
            self.tokens().access()
        except CredentialRefused:
            return 3
        except TemporarilyRefused:
            return 4
        return 0

    def settle(self) -> AccessToken | None:
        """Ask until the answer is final: a token, or None where ``needs_reauth`` is said."""
        for _ in range(12):
            try:
                return self.tokens().access()
            except CredentialRefused:
                if self.row().state == Standing.NEEDS_REAUTH:
                    return None
            except TemporarilyRefused:
                time.sleep(0.01)
        raise AssertionError("neither a token nor needs_reauth")

    def leftovers(self) -> tuple[int, list[str]]:
        with self.store.read() as connection:
            intents = len(connection.execute(refresh_intent.select()).all())
        return intents, [path.name for path in self.store.home.glob("spool/*")]

    def check(self) -> AccessToken | None:
        """The invariant: the grant lives and works, or ``needs_reauth`` is said; nothing half done is left."""
        token = self.settle()
        assert self.leftovers() == (0, [])
        if token is None:
            assert self.row().state == Standing.NEEDS_REAUTH
            assert self.row().reason
        else:
            assert self.row().state == Standing.READY
            assert self.grant.accepts(token.value)
            self.expire()
            again = self.settle()
            assert again is not None, "the refresh token that was stored is dead"
            assert self.grant.accepts(again.value)
        return token


def opened_desk(store: Store) -> Iterator[Desk]:
    """The desk of one test, its vendor serving until the end."""
    create_key_file(store.environment)
    with store.begin() as connection:
        Credentials(store).write(connection, "acme", "xero", "oauth", {"client_id": "client"})
    with serving(FakeGrant()) as grant:
        desk = Desk(store, grant)
        desk.connect()
        desk.expire()
        yield desk
