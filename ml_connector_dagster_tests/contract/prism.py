"""Prism, the validating proxy: found, started over a prepared document, stopped by its process id."""

import copy
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ml_connector_dagster_tests.contract.specs import ROOT, absent, xero_document
from ml_connector_dagster_tests.contract.unrolled import unrolled

API = "/api.xro/2.0"
DEPTH = 2
"""An answer nests its records two deep (an invoice's payments and what those name); a level more multiplies what Prism compiles."""
SECONDS_TO_START = 240.0
REALITY_DIFFERS = {
    "Connection": {
        "createdDateUtc": "ISO without a zone and with seven fraction digits, as in the document's own example (xero.md 1)",
        "updatedDateUtc": "as createdDateUtc",
    },
}
"""Where Xero is known not to keep its own document: schema, property, and why its format is not asked for."""
_SERVED = {
    "Accounts",
    "BankTransactions",
    "BankTransfers",
    "Budgets",
    "Contacts",
    "CreditNotes",
    "Currencies",
    "Invoices",
    "ManualJournals",
    "Organisation",
    "Overpayments",
    "Payments",
    "Prepayments",
    "TaxRates",
    "TrackingCategories",
}
_REPORTS = {
    "TrialBalance",
    "ProfitAndLoss",
    "BalanceSheet",
    "BankSummary",
    "AgedReceivablesByContact",
    "AgedPayablesByContact",
}


def prepared_document() -> dict[str, Any]:
    """Answer Xero's document as one that Prism judges by: no ring, the API's base in its paths, the connections beside them.

    Only the endpoints that the sandbox serves are kept: every one more is compiled at the start.
    """
    accounting, identity = xero_document("xero_accounting.yaml"), xero_document("xero-identity.yaml")
    schemas = copy.deepcopy(accounting["components"]["schemas"] | identity["components"]["schemas"])
    paths = {f"{API}{path}": _asked(path, item) for path, item in accounting["paths"].items() if _is_served(path)}
    paths["/connections"] = identity["paths"]["/Connections"]  # served in lower case, xero.md 1
    for name in REALITY_DIFFERS["Connection"]:
        del schemas["Connection"]["properties"][name]["format"]
    components = {**accounting["components"], "schemas": unrolled(schemas, DEPTH)}
    return {"openapi": "3.0.0", "info": {"title": "Xero", "version": "1"}, "paths": paths, "components": components}


def _is_served(path: str) -> bool:
    _, first, *rest = path.split("/")
    if first == "Reports":
        return bool(rest) and rest[0] in _REPORTS
    return first in _SERVED and len(rest) <= 1


def _asked(path: str, item: dict[str, Any]) -> dict[str, Any]:
    """Keep what somebody asks of it: everything is read, only manual journals are written."""
    wanted = {"parameters", "get", *(("put", "post") if path.startswith("/ManualJournals") else ())}
    return {name: part for name, part in item.items() if name in wanted}


def prism_command() -> list[str]:
    """Answer how Prism is started: ML_CONNECTOR_PRISM, .tools (see `make tools`), or the search path."""
    local = ROOT / ".tools" / "node_modules" / ".bin" / "prism"
    found = os.environ.get("ML_CONNECTOR_PRISM") or (str(local) if local.exists() else shutil.which("prism"))
    if not found or not shutil.which("node"):
        absent(
            "Prism, the validating proxy, is not at hand: `make tools` installs it where npm is, or set ML_CONNECTOR_PRISM."
        )
        raise AssertionError
    return [found]


@contextmanager
def proxying(upstream: str, folder: Path) -> Iterator[str]:
    """Run Prism in front of an address while the block lasts; yields its own address."""
    command = prism_command()
    document, log, port = folder / "xero.json", folder / "prism.log", _free_port()
    document.write_text(json.dumps(prepared_document()))
    command += ["proxy", str(document), upstream, "--host", "127.0.0.1", "--port", str(port), "--errors"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        _wait_for(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def _wait_for(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"Prism did not start: {log.read_text(errors='replace')[-1500:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
