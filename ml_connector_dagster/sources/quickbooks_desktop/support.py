"""The page at AppSupport: what the last sessions did and what to do, for the person at the Windows machine.

Without a login it answers 200 and shows nothing of any company: the Web Connector and anybody may ask for it. With the
user and password of the Web Connector it shows that company alone.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING

from sqlalchemy import RowMapping, func, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse

from ml_connector_dagster.sources.quickbooks_desktop import rows
from ml_connector_dagster.sources.quickbooks_desktop.operations import State
from ml_connector_dagster.store.tables.desktop import desktop_operation, desktop_session

if TYPE_CHECKING:
    from ml_connector_dagster.sources.quickbooks_desktop.sessions import Sessions
    from ml_connector_dagster.store.engine import Store

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:3rem auto;padding:0 1rem;color:#1d2733}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem;border-bottom:1px solid #d7dde4}"
    ".bad{color:#a11}"
)
SHOWN = 10
_WAITS = (State.PENDING.value, State.UNKNOWN.value, State.IN_FLIGHT.value)
_WRONG = (State.FAILED.value, State.CONFLICT.value)


class SupportPage:
    """The support page of every company of one store."""

    def __init__(self, store: Store, sessions: Sessions) -> None:
        """Take the store, and the sessions, whose login it shares."""
        self._store = store
        self._sessions = sessions

    async def show(self, request: Request) -> HTMLResponse:
        """Answer the page: 200 to everybody, 401 only to who asks for a company's and shows no right login."""
        login = _login(request.headers.get("authorization", ""))
        if login is None and "login" not in request.query_params:
            return _page("QuickBooks Web Connector", _FOR_EVERYBODY)
        return await run_in_threadpool(self._of_company, login)

    def _of_company(self, login: tuple[str, str] | None) -> HTMLResponse:
        company_id = self._sessions.logged_in(*login) if login is not None else None
        if company_id is None:
            challenge = {"WWW-Authenticate": 'Basic realm="QuickBooks Web Connector", charset="UTF-8"'}
            return _page("Log in", "<p>User name and password are those of the Web Connector.</p>", 401, challenge)
        return _page("QuickBooks Web Connector", "".join(self._parts(company_id)))

    def _parts(self, company_id: str) -> Iterator[str]:
        operations, sessions = desktop_operation.c, desktop_session.c
        mine = operations.company_id == company_id
        with self._store.read() as database:
            company = rows.known_company(database, company_id)
            query = select(func.count(), func.min(operations.created_at, type_=operations.created_at.type))
            count, oldest = database.execute(query.where(mine, operations.state.in_(_WAITS))).one()
            wrong = select(desktop_operation).where(mine, operations.state.in_(_WRONG))
            failures = database.execute(wrong.order_by(operations.finished_at.desc()).limit(SHOWN)).mappings().all()
            last = select(desktop_session).where(sessions.company_id == company_id)
            shown = database.execute(last.order_by(sessions.opened_at.desc()).limit(SHOWN)).mappings().all()
        if company is None:
            return
        yield from _standing(company)
        yield f"<p>{count} questions wait{f', the oldest since {rows.moment(oldest)}' if oldest else ''}.</p>"
        yield _table("Last sessions", ("Opened", "Ended", "How", "Done", "Failed", "Said"), map(_session, shown))
        if failures:
            yield _table("What a person must look at", ("When", "What", "Why"), map(_failure, failures))


def _standing(company: RowMapping) -> Iterator[str]:
    path = company["company_path"] or "not known yet"
    yield f"<p>Connection <b>{escape(company['connection'])}</b>, company file {escape(path)}.</p>"
    yield f"<p>This machine was last seen {rows.moment(company['seen_at'])}, "
    yield f"the company file was last open {rows.moment(company['opened_at'])}.</p>"
    for said in (company["error"], company["paused"]):
        if said:
            yield f"<p class='bad'>{escape(said)}</p>"


def _session(row: RowMapping) -> tuple[str, ...]:
    counts = (str(row["succeeded"]), str(row["failed"]))
    return (rows.moment(row["opened_at"]), rows.moment(row["closed_at"]), row["state"], *counts, row["said"])


def _failure(row: RowMapping) -> tuple[str, ...]:
    what = row["name"] or f"{row['kind'].replace('_', ' ')} {row['ref_number'] or ''}"
    return rows.moment(row["finished_at"]), what, row["error"]


def _table(title: str, heads: Iterable[str], lines: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(one)}</td>" for one in line) + "</tr>" for line in lines)
    return f"<h2>{escape(title)}</h2><table><tr>{head}</tr>{body}</table>"


def _page(title: str, body: str, status: int = 200, headers: dict[str, str] | None = None) -> HTMLResponse:
    head = f"<meta charset='utf-8'><title>{escape(title)}</title><style>{STYLE}</style>"
    document = f"<!doctype html><html lang='en'><head>{head}</head><body><h1>{escape(title)}</h1>{body}</body></html>"
    return HTMLResponse(document, status, headers={**HEADERS, **(headers or {})})


def _login(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if "\0" not in user else None


_FOR_EVERYBODY = (
    "<p>Here the QuickBooks Web Connector brings what an accounting department reads from QuickBooks Desktop.</p>"
    "<p><a href='?login'>Log in</a> with the user name and password of the Web Connector to see its last sessions.</p>"
    "<p>If it cannot run: open QuickBooks with the company file, close every dialog that waits, and press Update"
    " Selected. The first time, QuickBooks' Admin must be logged in, in single-user mode, and choose"
    " &ldquo;Yes, always; allow access even if QuickBooks is not running&rdquo;.</p>"
)
