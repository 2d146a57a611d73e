"""The few pages of the inbound app: plain HTML, no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from starlette.responses import HTMLResponse

from ml_connector_dagster.connections.credentials import Credential
from ml_connector_dagster.errors import ConnectorError
from ml_connector_dagster.ledger.posting import Company

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action *; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;color:#1d2733}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.5rem;border-bottom:1px solid #d7dde4}"
    "button{font:inherit;padding:.3rem .9rem}input{font:inherit;width:100%;padding:.3rem}.bad{color:#a11}"
)


def overview(credentials: Sequence[Credential], token: str) -> HTMLResponse:
    """Show every OAuth credential, how it stands, and a button to connect it."""
    rows = "".join(_row(one, token) for one in credentials)
    body = (
        f"<table><tr><th>Credential</th><th>System</th><th>State</th><th></th></tr>{rows}</table>"
        if rows
        else "<p>There is no OAuth credential yet: ml-connector credential set.</p>"
    )
    return page("Connections to accounting systems", body + _paste(token))


def connected(name: str, companies: Sequence[Company]) -> HTMLResponse:
    """Say that a consent is stored, and which companies it reaches."""
    listed = "".join(f"<li>{escape(one.name)} ({escape(one.company_id)})</li>" for one in companies)
    return page(f"{name} is connected", f"<ul>{listed}</ul><p><a href='/connect'>Back</a></p>")


def failed(error: ConnectorError, status: int) -> HTMLResponse:
    """Show the three sentences of an error."""
    body = f"<p class='bad'>{escape(error.happened)}</p><p>{escape(error.means)}</p><p>{escape(error.do)}</p>"
    return page("That did not work", body + "<p><a href='/connect'>Back</a></p>", status)


def page(title: str, body: str, status: int = 200) -> HTMLResponse:
    """Answer a page with the headers that keep it from being framed, cached or sent on."""
    head = f"<meta charset='utf-8'><title>{escape(title)}</title><style>{_STYLE}</style>"
    document = f"<!doctype html><html lang='en'><head>{head}</head><body><h1>{escape(title)}</h1>{body}</body></html>"
    return HTMLResponse(document, status, headers=HEADERS)


def _row(credential: Credential, token: str) -> str:
    said = escape(f"{credential.state}. {credential.reason}".strip())
    form = (
        f"<form method='post' action='/connect/{escape(credential.name)}'>"
        f"<input type='hidden' name='token' value='{escape(token)}'><button>Connect</button></form>"
    )
    return (
        f"<tr><td>{escape(credential.name)}</td><td>{escape(credential.vendor)}</td><td>{said}</td><td>{form}</td></tr>"
    )


def _paste(token: str) -> str:
    return (
        "<h2>Paste an answer</h2><p>Where the vendor sent you to a page that does not load, paste its whole address:</p>"
        "<form method='post' action='/connect/paste'>"
        f"<input type='hidden' name='token' value='{escape(token)}'>"
        "<input name='address' autocomplete='off' required><p><button>Finish</button></p></form>"
    )
