"""The Anaplan login's token, shared by all processes for its 35 minutes: stored encrypted, renewed under one lock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from ml_connector_dagster.anaplan.auth import SavedToken
from ml_connector_dagster.connections.credentials import Credential, Credentials, Standing
from ml_connector_dagster.connections.tokens import TokenTimes, lock_name
from ml_connector_dagster.connections.vault import Owner, Vault
from ml_connector_dagster.errors import CredentialRefused, RequestRejected
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.locks import Locks

SESSION = "session"


class SessionToken:
    """The ``SharedToken`` of one Anaplan credential."""

    def __init__(
        self, store: Store, locks: Locks, vault: Vault, owner: Owner, *, times: TokenTimes | None = None
    ) -> None:
        """Read nothing yet."""
        self._store = store
        self._locks = locks
        self._vault = vault
        self._owner = owner
        self._credentials = Credentials(store)
        self._times = times or TokenTimes()

    def read(self) -> SavedToken | None:
        """Answer the stored token, expired or not; None before the first login."""
        with self._store.read() as connection:
            text = self._vault.get(connection, self._owner, SESSION)
        if text is None:
            return None
        fields = json.loads(text)
        return SavedToken(**{**fields, "expires_at": datetime.fromisoformat(fields["expires_at"])})

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the right to log in, over all processes.

        A login that the vendor refuses is not tried by every run that comes along: accounts get locked that way.

        Raises:
            CredentialRefused: The vendor refused this login a moment ago, or for so long that a person must mend it.
        """
        with self._locks.hold(lock_name(self._owner.name), self._times.lock_patience):
            self._refuse_too_early()
            try:
                yield
            except (CredentialRefused, RequestRejected) as error:
                self._note_refusal(error.happened)
                raise

    def write(self, token: SavedToken) -> None:
        """Store a token; durable when this returns."""
        fields = {
            "value": token.value,
            "expires_at": token.expires_at.isoformat(),
            "customer_guid": token.customer_guid,
            "user_guid": token.user_guid,
            "login_form": token.login_form,
        }
        values = {"state": Standing.READY, "reason": "", "suspect_since": None, "access_expires_at": token.expires_at}
        with self._store.begin() as connection:
            self._vault.put(connection, self._owner, {SESSION: json.dumps(fields)})
            self._credentials.note(connection, self._owner.name, **values)

    def _refuse_too_early(self) -> None:
        found = self._credentials.named(self._owner.name)
        early = found.updated_at + timedelta(seconds=self._times.suspect_retry) > self._store.now()
        if found.state == Standing.NEEDS_REAUTH or (found.state == Standing.SUSPECT and early):
            raise _refused(found)

    def _note_refusal(self, reason: str) -> None:
        found = self._credentials.named(self._owner.name)
        now = self._store.now()
        since = found.suspect_since or now
        over = found.suspect_since is not None and now - since >= timedelta(seconds=self._times.suspect_ends)
        standing = Standing.NEEDS_REAUTH if over else Standing.SUSPECT
        with self._store.begin() as connection:
            self._credentials.note(connection, found.name, state=standing, reason=reason, suspect_since=since)


def _refused(found: Credential) -> CredentialRefused:
    return CredentialRefused(
        f"The login {found.name!r} was refused before: {found.reason}",
        "It is not tried again by every run, since Anaplan locks a user after some wrong logins.",
        f"Enter it again with ml-connector credential set {found.name}, or wait a minute if Anaplan had an incident.",
        credential=found.name,
        state=found.state,
    )
