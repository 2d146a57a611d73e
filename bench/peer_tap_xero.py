"""tap-xero over the sandbox's invoices; its two hosts are literals, so the session is pointed elsewhere.

Runs in a virtual environment of its own. Its records are counted where it writes them; nothing is kept.
"""

import json
import os
import resource
import sys
import tempfile
from pathlib import Path

BASE = f"{os.environ['BENCH_URL']}/xero"
HOSTS = {"https://api.xero.com": BASE, "https://identity.xero.com": BASE}


def main() -> None:
    import requests
    import singer

    send = requests.Session.send

    def send_to_sandbox(session, request, **options):
        for host, base in HOSTS.items():
            if request.url.startswith(host):
                request.url = base + request.url.removeprefix(host)
        return send(session, request, **options)

    requests.Session.send = send_to_sandbox
    counted = 0

    def write(message):
        nonlocal counted
        counted += isinstance(message, singer.RecordMessage)
        singer.format_message(message)

    singer.write_message = singer.messages.write_message = write
    import tap_xero

    for module in (tap_xero, getattr(tap_xero, "streams", None)):
        if module is not None and hasattr(module, "singer"):
            module.singer.write_message = write
    with tempfile.TemporaryDirectory() as folder:
        config = _config(Path(folder))
        sys.argv = ["tap-xero", "--config", str(config), "--discover"]
        catalog = Path(folder) / "catalog.json"
        with catalog.open("w") as file:
            stdout, sys.stdout = sys.stdout, file
            tap_xero.main()
            sys.stdout = stdout
        _select(catalog, "invoices")
        sys.argv = ["tap-xero", "--config", str(config), "--catalog", str(catalog)]
        tap_xero.main()
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"records": counted, "max_rss_bytes": rss}))


def _config(folder: Path) -> Path:
    config = folder / "config.json"
    config.write_text(
        json.dumps(
            {
                "client_id": os.environ["BENCH_CLIENT_ID"],
                "client_secret": os.environ["BENCH_CLIENT_SECRET"],
                "refresh_token": os.environ["BENCH_REFRESH_TOKEN"],
                "tenant_id": os.environ["BENCH_TENANT"],
                "start_date": "2020-01-01T00:00:00Z",
                "user_agent": "bench",
                "include_archived_contacts": "false",
            }
        )
    )
    return config


def _select(catalog: Path, stream: str) -> None:
    content = json.loads(catalog.read_text())
    for found in content["streams"]:
        for entry in found["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = found["tap_stream_id"] == stream
    catalog.write_text(json.dumps(content))


if __name__ == "__main__":
    main()
