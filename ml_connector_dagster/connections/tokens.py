"""The token protocol: one refresh over all processes, no refresh token lost, and it alone decides ``needs_reauth``.

Under a lock whose life is the process's, in this order: finish an answer that was kept but not stored; judge an intent that
has no answer; read again, and return what is fresh; write an intent; POST once; keep the raw answer, encrypted, as a row and
then as a file; store the tokens by compare-and-swap; remove what was kept. A process killed anywhere leaves either the old
token unused, or the answer kept, or an intent that the next one judges. Design: architecture §6, protocols 1 to 4.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta

from ml_connector_dagster.connections.credentials import REDIRECT, Credential, Standing
from ml_connector_dagster.connections.spool import SpoolFile
from ml_connector_dagster.connections.token_rows import ROTATES, STORED_BY, Intent, Spooled, TokenRows, TokenState
from ml_connector_dagster.connections.vault import Vault
from ml_connector_dagster.errors import CredentialRefused, OutcomeUnknown, RequestRejected, TemporarilyRefused
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.faultpoints import fault_point
from ml_connector_dagster.store.locks import Held, Locks
from ml_connector_dagster.transport.grant import AccessToken, GrantClient, GrantRefused, TokenAnswer, read_answer


@dataclass(frozen=True, slots=True)
class TokenTimes:
    """How long the protocol waits, in seconds."""

    deadline_margin: float = 15.0
    """Added to the POST's time-out: until then an answer may still arrive in another process."""
    lock_patience: float = 180.0
    """Longest wait for the lock: two deadlines, so that a killed holder is waited out."""
    suspect_retry: float = 60.0
    """Between two tries of a grant that was refused."""
    suspect_ends: float = 600.0
    """A grant refused for so long needs a person."""
    look_again: float = 0.1
    recent: float = 5.0
    """So long an answer stands in this process without asking the database; far less than any margin."""


def lock_name(credential: str) -> str:
    """Answer the lock that refresh, consent and disconnect of a credential share."""
    return f"token:{credential}"


class OAuthTokens:
    """The ``TokenStore`` of one credential."""

    def __init__(
        self,
        store: Store,
        locks: Locks,
        vault: Vault,
        credential: Credential,
        client: GrantClient,
        *,
        times: TokenTimes | None = None,
    ) -> None:
        """Read nothing yet."""
        self._store = store
        self._locks = locks
        self._client = client
        self._vendor = client.policy.vendor
        self._name = credential.name
        self._times = times or TokenTimes()
        self._rows = TokenRows(store, vault, credential.owner)
        self._file = SpoolFile(store.home, credential.name)
        self._recent: tuple[float, AccessToken] | None = None

    def access(self, *, refused: str | None = None) -> AccessToken:
        """Answer a token with life left in it; at most one process asks the vendor for one.

        Args:
            refused: The token a vendor just answered 401 to.

        Raises:
            CredentialRefused: A person must consent again (``context["state"]`` is needs_reauth, suspect or new).
            TemporarilyRefused: The vendor does not answer, or another process takes too long over it.
        """
        now = time.monotonic()
        if refused is None and self._recent is not None and now - self._recent[0] < self._times.recent:
            return self._recent[1]
        token = self._found(refused)
        self._recent = (now, token)
        return token

    def _found(self, refused: str | None) -> AccessToken:
        state = self._rows.read()
        if self._settled(state):
            if state.credential.state == Standing.NEEDS_REAUTH:
                raise _needs_reauth(state)
            if self._live(state, refused):
                return _token(state)
        with self._lock() as held:
            return self._under_lock(held, refused)

    def replace_grant(self, exchange: Callable[[], str], **facts: object) -> None:
        """Store what a consent brings.

        The code is exchanged inside the lock that refreshes take, so no refresh of the old grant lands on top of it, and
        none shows the old token to a vendor that has just replaced it.

        Args:
            exchange: Turns the consent's code into tokens; answers the token endpoint's raw body.
            facts: What is known of this consent besides, stored with the credential.

        Raises:
            OutcomeUnknown: No answer, or one that cannot be read; nothing is changed, the person consents again.
        """
        with self._lock():
            asked_at = self._store.now()
            answer = self._read(exchange())
            self._rows.replace_grant(answer, asked_at, dict(facts))
            fault_point("token.consent_stored")
            self._file.remove()

    def disconnect(self) -> bool:
        """Revoke the grant and forget its tokens; answers whether there was one.

        Raises:
            TemporarilyRefused: The vendor cannot be reached: the tokens are kept, so that it can be tried again.
        """
        with self._lock():
            state = self._finished()
            if state.refresh is not None and self._client.policy.revoke_url:
                self._client.revoke(state.refresh)
            self._rows.forget_grant()
            self._file.remove()
            return state.refresh is not None

    # ── inside the lock ───────────────────────────────────────────────────────────────────────────────────────────────
    def _lock(self) -> AbstractContextManager[Held]:
        return self._locks.hold(lock_name(self._name), self._times.lock_patience)

    def _under_lock(self, held: Held, refused: str | None) -> AccessToken:
        fault_point("token.locked")
        state = self._judged()
        if state.credential.state == Standing.NEEDS_REAUTH:
            raise _needs_reauth(state)
        if state.intent is None and self._live(state, refused):
            return _token(state)
        if state.refresh is None:
            raise _never_connected(state)
        self._wait_out_suspicion(state)
        return self._refreshed(held, state, state.refresh)

    def _finished(self) -> TokenState:
        """Store or discard what an earlier holder kept; answer how things stand then."""
        state = self._rows.read()
        spooled = self._kept(state)
        if spooled is not None and spooled.belongs_to(state.credential):
            self._store_kept(spooled)
        elif state.intent is not None and not state.intent.belongs_to(state.credential):
            self._rows.drop_intent(state.intent.attempt)
        self._file.remove()
        return self._rows.read()

    def _judged(self) -> TokenState:
        """Finish a spool, wait out an intent's deadline, then decide what an intent without answer means."""
        while True:
            state = self._finished()
            if state.intent is None:
                return state
            left = (state.intent.deadline_at - state.now).total_seconds()
            if left <= 0:
                break
            time.sleep(min(left, self._times.look_again))
        if self._tolerates_old_token(state):
            return state
        self._give_up(state, "the answer to a refresh was lost, and the vendor ends a grant that shows its old token")
        return self._rows.read()

    def _refreshed(self, held: Held, state: TokenState, refresh_token: str) -> AccessToken:
        sealed = self._rows.sealer()
        intent = self._rows.begin_refresh(state, self._client.timeout_seconds + self._times.deadline_margin)
        fault_point("token.intent_written")
        asked_at = self._store.now()
        try:
            raw = self._client.refresh(refresh_token, redirect_uri=state.credential.fact(REDIRECT))
        except GrantRefused:
            return self._refused(state, intent)
        except OutcomeUnknown as error:
            raise self._lost(state, intent, error) from error
        except (TemporarilyRefused, CredentialRefused, RequestRejected):  # the vendor said so: nothing was used up
            self._rows.drop_intent(intent.attempt)
            raise
        fault_point("token.answered")
        spooled = Spooled(intent.attempt, intent.grant_generation, intent.base_version, asked_at, raw)
        envelope = sealed(spooled.text())
        self._rows.keep_answer(held, intent, envelope)
        fault_point("token.row_kept")
        self._file.write(envelope)
        fault_point("token.file_kept")
        return self._stored(state, intent, spooled)

    def _stored(self, state: TokenState, intent: Intent, spooled: Spooled) -> AccessToken:
        try:
            answer = self._read(spooled.raw)
        except OutcomeUnknown as error:
            self._file.remove()
            raise self._lost(state, intent, error) from error
        mine = self._rows.commit(spooled, answer) or self._commit_on_top(state, spooled, answer)
        fault_point("token.committed")
        self._file.remove()
        fault_point("token.file_removed")
        now = self._rows.read()
        if mine or self._live(now, None):
            return _token(now)
        raise _overtaken(self._name)

    def _commit_on_top(self, state: TokenState, spooled: Spooled, answer: TokenAnswer) -> bool:
        """Store our answer over the late one of the attempt that we waited out: the vendor issued ours after it."""
        now = self._rows.read().credential
        waited_out = state.intent is not None and now.facts.get(STORED_BY) == state.intent.attempt
        if not waited_out or now.grant_generation != spooled.grant_generation:
            return False
        return self._rows.commit(replace(spooled, base_version=now.version), answer)

    def _refused(self, state: TokenState, intent: Intent) -> AccessToken:
        """Read again before believing ``invalid_grant``: another holder or a consent may have stored a newer token."""
        now = self._rows.read()
        if (now.credential.grant_generation, now.credential.version) != (intent.grant_generation, intent.base_version):
            if self._live(now, None):
                return _token(now)
            raise _overtaken(self._name)
        since = state.credential.suspect_since or now.now
        over = now.now - since >= timedelta(seconds=self._times.suspect_ends)
        if state.credential.state == Standing.SUSPECT and over:
            reason = f"{self._vendor} keeps refusing the grant since {since:%Y-%m-%d %H:%M} UTC (invalid_grant)"
            self._give_up(now, reason)
            raise _needs_reauth(self._rows.read())
        reason = f"{self._vendor} refused the grant (invalid_grant)"
        self._rows.stand(now, Standing.SUSPECT, reason, since)
        raise _suspect(self._rows.read(), self._times)

    def _read(self, raw: str) -> TokenAnswer:
        return read_answer(raw, self._vendor, self._client.policy.ends_in_field)

    # ── judgements ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _settled(self, state: TokenState) -> bool:
        return state.intent is None and self._file.read() is None

    def _live(self, state: TokenState, refused: str | None) -> bool:
        return state.live(self._client.policy.margin_seconds, refused)

    def _tolerates_old_token(self, state: TokenState) -> bool:
        """True where showing the old refresh token again after a lost answer cannot end the grant."""
        rotates = self._client.policy.single_use_refresh and state.credential.facts.get(ROTATES, True)
        return not rotates or self._client.policy.old_token_grace_seconds > 0

    def _kept(self, state: TokenState) -> Spooled | None:
        """Answer an answer that was kept and not stored: the row's, else the file's."""
        for envelope in (state.intent.spool if state.intent else None, self._file.read()):
            spooled = None if envelope is None else self._rows.open_spool(envelope)
            if spooled is not None and spooled.belongs_to(state.credential):
                return spooled
        return None

    def _store_kept(self, spooled: Spooled) -> None:
        try:
            answer = self._read(spooled.raw)
        except OutcomeUnknown:
            self._rows.end_wait(spooled.attempt)
            return
        self._rows.commit(spooled, answer)
        fault_point("token.kept_committed")

    def _lost(self, state: TokenState, intent: Intent, cause: OutcomeUnknown) -> Exception:
        """Decide what a lost answer means, and answer the error that says so."""
        if self._tolerates_old_token(state):
            self._rows.end_wait(intent.attempt)
            return TemporarilyRefused(
                cause.happened,
                "The grant lives: this vendor takes the old refresh token once more.",
                "Nothing to do: the next call tries it again.",
                credential=self._name,
            )
        self._give_up(state, "the answer to a refresh was lost, and the vendor ends a grant that shows its old token")
        return _needs_reauth(self._rows.read())

    def _wait_out_suspicion(self, state: TokenState) -> None:
        """Refuse a try that comes too soon after the last one.

        Raises:
            CredentialRefused: The vendor refused the grant a moment ago.
        """
        if state.credential.state == Standing.SUSPECT:
            next_try = state.credential.updated_at + timedelta(seconds=self._times.suspect_retry)
            if state.now < next_try:
                raise _suspect(state, self._times)

    def _give_up(self, state: TokenState, reason: str) -> None:
        self._rows.stand(state, Standing.NEEDS_REAUTH, reason, state.credential.suspect_since)


def _token(state: TokenState) -> AccessToken:
    assert state.access is not None
    assert state.credential.access_expires_at is not None
    return AccessToken(state.access, state.credential.access_expires_at, state.credential.version)


def _needs_reauth(state: TokenState) -> CredentialRefused:
    owner = state.credential
    return CredentialRefused(
        f"The credential {owner.name!r} needs a new consent: {owner.reason or 'its grant is gone'}.",
        "Nothing is read or loaded with it; figures in Anaplan stay as they were.",
        f"Run ml-connector connect {owner.name} as a user who may consent.",
        credential=owner.name,
        state=owner.state,
    )


def _suspect(state: TokenState, times: TokenTimes) -> CredentialRefused:
    owner = state.credential
    return CredentialRefused(
        f"The consent of the credential {owner.name!r} does not work at the moment: {owner.reason}.",
        "Nothing is read or loaded with it meanwhile; figures in Anaplan stay as they were. The vendor may have an incident: "
        f"it is tried again every {times.suspect_retry:g} seconds at most, and after {times.suspect_ends:g} it counts as gone.",
        f"Wait, or run ml-connector connect {owner.name} now if the consent ran out or somebody revoked it.",
        credential=owner.name,
        state=owner.state,
    )


def _never_connected(state: TokenState) -> CredentialRefused:
    name = state.credential.name
    return CredentialRefused(
        f"Nobody has consented for the credential {name!r} yet.",
        "Nothing can be read or loaded with it.",
        f"Run ml-connector connect {name}.",
        credential=name,
        state=state.credential.state,
    )


def _overtaken(name: str) -> TemporarilyRefused:
    return TemporarilyRefused(
        f"While the token of {name!r} was refreshed, another consent or process stored one that has run out by now.",
        "This call got no token; the grant lives.",
        "Nothing to do: the next call asks again.",
        credential=name,
    )
