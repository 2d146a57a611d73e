"""``serve``: the inbound process; consent pages, the sources' routes, ``/health``."""

from __future__ import annotations

from urllib.parse import urlsplit

import click

from ml_connector_dagster.cli.output import say
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import SettingWrong


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8702, show_default=True, help="Port to listen on.")
@click.option("--public-url", help="What browsers and vendors call it, as registered; default http://localhost:<port>.")
def serve(host: str, port: int, public_url: str | None) -> None:
    """Run the consent pages, and what machines and vendors call, until Ctrl-C.

    Where others can reach it put a proxy with TLS before it, and a login before all but /health, /connect/callback and the
    paths of the accounting systems.
    """
    import uvicorn

    from ml_connector_dagster.inbound.app import create_app

    public_url = public_url or f"http://localhost:{port}"
    _safe(public_url)
    with Connector.of_process() as connector:
        app = create_app(connector, public_url)
        say(f"Consent pages: {public_url}/connect   redirect address to register: {public_url}/connect/callback")
        uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)


def _safe(public_url: str) -> None:
    parts = urlsplit(public_url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == "localhost"):
        return
    raise SettingWrong(
        f"{public_url!r} is no address for a consent.",
        "Vendors redirect to https alone (or http://localhost), and the code would cross the network readable.",
        "Give --public-url the https address of the proxy.",
    )


COMMANDS: tuple[click.Command, ...] = (serve,)
