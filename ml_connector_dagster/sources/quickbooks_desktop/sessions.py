"""What the Web Connector's calls do: the session's state machine, each call one transaction committed before the answer.

::

    authenticate ──work──> OPEN ──send──> (one operation in flight) ──receive 1..99──> OPEN ──100──> close ──> CLOSED
    any ──authenticate again──> SUPERSEDED: what was in flight is lost, and its late answer counts as evidence alone
    OPEN ──send answers ""──> FAILED ──getLastError says why──> close

Nothing here asks anybody but the database. An answer that the machine never got leaves ``IN_FLIGHT`` behind, committed before
the message left; the next call of the company finds it and recovers (``handing.recover``).
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, RowMapping, func, insert, select

from ml_connector_dagster.errors import QuotaExhausted
from ml_connector_dagster.sources.quickbooks_desktop import greeting, handing, hresults, passwords, rows, taking
from ml_connector_dagster.sources.quickbooks_desktop.calls import Call, left
from ml_connector_dagster.sources.quickbooks_desktop.operations import Phase
from ml_connector_dagster.sources.quickbooks_desktop.taking import Came
from ml_connector_dagster.store.faultpoints import fault_point
from ml_connector_dagster.store.limits import Limits
from ml_connector_dagster.store.tables.desktop import desktop_session

if TYPE_CHECKING:
    from ml_connector_dagster.store.engine import Store

OPEN, CLOSED, FAILED, SUPERSEDED = "open", "closed", "failed", "superseded"
NO_WORK, WRONG_LOGIN, BUSY = "none", "nvu", "busy"
IDLE = timedelta(minutes=30)
"""A ticket that was silent for longer counts no more."""
SEEN_TO = timedelta(seconds=30)
"""How exactly it is kept when a machine was last seen."""
MAYBE_WRITING = timedelta(seconds=300)
"""For so long a journal in flight keeps a second machine out: the first may be saving it this moment."""
WAIT_WHILE_PAUSED, WAIT_WHILE_BUSY, WAIT_WITHOUT_WORK = "900", "60", "60"
"""Seconds, as the Web Connector is told them."""
GUESSES, GUESSES_AT_ONCE = (30, 60.0), 10
"""Wrong logins of one company: so many in so many seconds, and so many at once."""
LONGEST_SAID = 255
STALE = "This session has expired; nothing was lost, and the next run goes on where it ended."
WRONG_LOGIN_SAID = (
    "The Web Connector showed a wrong password. Enter the one that `ml-connector qwc` printed,"
    " or issue another with --rotate."
)
NOTHING_WAITS = "Nothing is waiting for this company file."


class Sessions:
    """The calls of the Web Connectors of every company of one store."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime] | None = None) -> None:
        """Take the store; the clock (aware UTC, the database's by default) is replaced in tests."""
        self._store = store
        self._given_clock = clock
        self._limits = Limits(store)

    def authenticate(self, username: str, password: str) -> tuple[str, str, str, str]:
        """Answer ticket, company file or why not, seconds to wait, least seconds between runs: always four texts."""
        company_id = self.logged_in(username, password)
        if company_id is None:
            return ("", WRONG_LOGIN, "", "")
        with self._store.begin() as database:
            company = rows.company(self._store, database, company_id)
            answer = self._admitted(database, company, self._clock(database))
            fault_point("desktop.authenticate.uncommitted")
        fault_point("desktop.authenticate.committed")
        return answer

    def send_request(self, ticket: str, told: str, path: str, country: str, version: tuple[int, int]) -> str:
        """Answer the next qbXML message; empty ends the session, and ``last_error`` says why.

        Args:
            ticket: Of the session.
            told: strHCPResponse: with the first call of a session the company's facts, else empty.
            path: Of the company file that is open.
            country: Of QuickBooks.
            version: The qbXML it speaks.
        """
        with self._store.begin() as database:
            call = self._live(database, ticket)
            if call is None or not _is_greeted(call, told, path, country, version):
                return ""
            message = handing.hand_out(call)
            if not message:
                rows.change_session(database, call.session_id, state=FAILED, said=NOTHING_WAITS)
            fault_point("desktop.send.uncommitted")
        fault_point("desktop.send.committed")
        return message

    def receive_response(self, ticket: str, response: str, hresult: str, message: str) -> int:
        """Take an answer: 1 to 99 is how far it is, 100 the end, −1 an error whose words ``last_error`` has.

        Of a ticket that we never gave out nothing is kept: a stranger could fill the database with it.
        """
        with self._store.read() as database:
            if rows.session_of(database, ticket) is None:
                return -1
        came = Came.of(response, hresult, message)
        with self._store.begin() as database:
            call = self._call(database, ticket)
            if call is None:
                return -1
            percent = _taken(call, came)
            fault_point("desktop.receive.uncommitted")
        fault_point("desktop.receive.committed")
        return percent

    def connection_error(self, ticket: str, hresult: str, message: str) -> str:
        """Answer ``done``; once, where the machine was told a path, empty: it tries the file that is open."""
        with self._store.begin() as database:
            call = self._live(database, ticket)
            if call is None:
                return "done"
            said = hresults.said_of(hresult, message)
            rows.change_company(database, call.company_id, error=said, error_at=call.now)
            if call.session["path_asked"]:
                rows.change_session(database, call.session_id, path_asked="", said=said)
                return ""
            rows.change_session(database, call.session_id, state=FAILED, said=said)
            return "done"

    def last_error(self, ticket: str) -> str:
        """Answer why the last call was answered by an error, never empty, at most 255 characters."""
        with self._store.read() as database:
            session = rows.session_of(database, ticket)
        said = session["said"] if session is not None else ""
        return (said or STALE)[:LONGEST_SAID]

    def close(self, ticket: str) -> str:
        """End the session; what it was given and did not answer is asked again, or looked for, in the next one."""
        with self._store.begin() as database:
            call = self._call(database, ticket)
            if call is None or call.session["state"] not in (OPEN, FAILED):
                return "OK"
            said = _closed(call)
            fault_point("desktop.close.uncommitted")
        fault_point("desktop.close.committed")
        return said

    def logged_in(self, username: str, password: str) -> str | None:
        """Answer the company id of a login, None for a wrong one: after the same work, and not more often than the limit.

        Right logins are not counted. The limit is the company's own: who guesses at one keeps no other out.

        The password is compared outside of any transaction: it takes a tenth of a second on purpose.
        """
        with self._store.read() as database:
            company = rows.company_of_user(database, username)
        whose = company["company_id"] if company is not None else "nobody"
        guesses = f"quickbooks_desktop:login:{whose}"
        if self._limits.due_in_seconds(guesses, *GUESSES, burst=GUESSES_AT_ONCE):
            return None
        if passwords.is_right(company, password, self._now()):
            return str(whose)
        with suppress(QuotaExhausted):
            self._limits.acquire(guesses, *GUESSES, burst=GUESSES_AT_ONCE, wait_at_most_seconds=0)
        if company is not None:
            self._note_wrong_password(whose)
        return None

    def _note_wrong_password(self, company_id: str) -> None:
        with self._store.begin() as database:
            rows.change_company(database, company_id, error=WRONG_LOGIN_SAID, error_at=self._clock(database))

    def _now(self) -> datetime:
        return self._given_clock() if self._given_clock is not None else self._store.now()

    def _clock(self, database: Connection) -> datetime:
        """Answer the time once the lock is had, by the database's clock."""
        if self._given_clock is None and self._store.is_postgres:
            moment: datetime = database.execute(select(func.clock_timestamp())).scalar_one()
            return moment.astimezone(UTC)
        return self._now()

    def _admitted(self, database: Connection, company: RowMapping, now: datetime) -> tuple[str, str, str, str]:
        company_id = company["company_id"]
        mended = {"error": "", "error_at": None} if company["error"] == WRONG_LOGIN_SAID else {}
        rows.change_company(database, company_id, seen_at=now, **mended)
        if company["paused"] and (company["paused_until"] is None or company["paused_until"] > now):
            return ("", NO_WORK, "", WAIT_WHILE_PAUSED)
        before = rows.open_session(database, company_id)
        if before is not None and not _superseded(Call(database, company, before, now)):
            return ("", BUSY, WAIT_WHILE_BUSY, "")
        if not left(database, company_id, now):
            return ("", NO_WORK, "", WAIT_WITHOUT_WORK)
        ticket = secrets.token_urlsafe(32)
        rows.change_company(database, company_id, epoch=company["epoch"] + 1, paused="", paused_until=None)
        opened = {
            "id": uuid.uuid4().hex, "company_id": company_id, "ticket_hash": rows.ticket_hash(ticket),
            "epoch": company["epoch"] + 1, "state": OPEN, "path_asked": company["company_path"],
            "opened_at": now, "seen_at": now,
        }  # fmt: skip
        database.execute(insert(desktop_session).values(**opened))
        return (ticket, company["company_path"], "", "")

    def _call(self, database: Connection, ticket: str) -> Call | None:
        """Answer the call of a ticket that was ours once, its company locked; None for any other."""
        session = rows.session_of(database, ticket)
        if session is None:
            return None
        company = rows.company(self._store, database, session["company_id"])
        if self._store.is_postgres:  # again, now that nobody else can change it; SQLite let nobody in before
            session = rows.session_of(database, ticket)
        return Call(database, company, session, self._clock(database)) if session is not None else None

    def _live(self, database: Connection, ticket: str) -> Call | None:
        """Answer the call of a ticket that counts; None for any other."""
        call = self._call(database, ticket)
        if call is None or not _counts(call):
            return None
        _touch(call)
        return call


def _counts(call: Call) -> bool:
    is_current = call.session["state"] == OPEN and call.session["epoch"] == call.company["epoch"]
    return bool(is_current and call.now - call.session["seen_at"] < IDLE)


def _touch(call: Call) -> None:
    rows.change_session(call.database, call.session_id, seen_at=call.now)
    seen_at = call.company["seen_at"]
    if seen_at is None or call.now - seen_at > SEEN_TO:
        rows.change_company(call.database, call.company_id, seen_at=call.now)


def _taken(call: Call, came: Came) -> int:
    if not _counts(call):
        taking.take_late(call, came)
        return -1
    _touch(call)
    percent = taking.take(call, came)
    if not hresults.is_session_over(came.hresult):
        return percent
    said = hresults.said_of(came.hresult, came.message)
    rows.change_session(call.database, call.session_id, state=FAILED, said=said)
    return -1


def _superseded(call: Call) -> bool:
    """End the session of whoever came before; False where it may be saving a journal this very moment."""
    given = call.given()
    is_writing = given is not None and call.has_in_hand(given) and given.phase is Phase.WRITE
    if is_writing and call.now - call.session["seen_at"] < MAYBE_WRITING:
        return False
    handing.recover(call)
    rows.change_session(call.database, call.session_id, state=SUPERSEDED, closed_at=call.now)
    return True


def _closed(call: Call) -> str:
    was_lost = handing.recover(call)
    state = call.session["state"] if call.session["state"] == FAILED else CLOSED
    rows.change_session(call.database, call.session_id, state=state, closed_at=call.now)
    if state == CLOSED and not was_lost:
        rows.change_company(call.database, call.company_id, error="", error_at=None)
    if was_lost:
        return f"Stopped; {left(call.database, call.company_id, call.now)} left"
    return f"OK: {call.session['succeeded']} done, {call.session['failed']} failed"


def _is_greeted(call: Call, told: str, path: str, country: str, version: tuple[int, int]) -> bool:
    """Take the first call of a session; False where the session ends with it, the reason kept for ``last_error``."""
    if call.session["greeted"]:
        return True
    found = greeting.judged(told, call.company_id, country, version)
    if found.refusal:
        wrong = {"error": found.refusal, "error_at": call.now, "company_path": ""}
        rows.change_company(call.database, call.company_id, **wrong)
        rows.change_session(call.database, call.session_id, state=FAILED, said=found.refusal)
        return False
    facts = {"facts": rows.packed(found.document), "versions": found.versions, "company_path": path}
    rows.change_company(call.database, call.company_id, opened_at=call.now, **facts)
    rows.change_session(call.database, call.session_id, greeted=True, said="")
    return True
