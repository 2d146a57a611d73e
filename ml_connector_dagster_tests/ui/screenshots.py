"""Takes README's pictures: a demo month is loaded through real runs, then the Dagster UI is opened in headless Chromium.

``make screenshots`` runs it; ``test_pages.py`` uses the same browser and pages to look at what a person sees.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import httpx
from playwright.sync_api import FloatRect, Page, ViewportSize, sync_playwright

from ml_connector_dagster.cli.dagster_graphql import dagster_at
from ml_connector_dagster.cli.demo import Watch, start_reads, wait_for
from ml_connector_dagster.cli.demo_credentials import enter_credentials
from ml_connector_dagster.cli.local_stack import LocalStack, dagster_running, local_stack
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster_tests.connections.sandboxed import DEMO

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs"
GRAPH = "/locations/ml_connector_dagster/asset-groups/calder_uk/lineage"
MONTH = "/assets/calder_uk/anaplan/actuals_module?view=partitions&partition={period}"
TIED_OUT = "/assets/calder_uk/anaplan/actuals_module?view=checks&checkDetail=tied_out"
WAIT_MS = 60_000
SIZE: ViewportSize = {"width": 1500, "height": 1000}
TALL: ViewportSize = {"width": 1500, "height": 1900}
ZOOM_STEPS = 9
"""Clicks on the graph's own button until a company's entities fit."""
WITHOUT_MENU: FloatRect = {"x": 240, "y": 0, "width": 1260, "height": 1000}
"""Dagster's own menu on the left says nothing about the figures."""


@dataclass(frozen=True)
class LoadedDemo:
    """A running UI with one loaded month of every demo company."""

    stack: LocalStack
    watch: Watch

    @property
    def period(self) -> str:
        """The month that was loaded."""
        return max(slice_.period for slice_ in self.watch.wanted)


@contextmanager
def loaded_demo(home: Path) -> Iterator[LoadedDemo]:
    """Load the newest month of the two Xero companies and keep the UI running meanwhile."""
    with _xero_companies() as connections, mock.patch.dict(os.environ, connections), local_stack(home) as stack:
        with Connector.of_process() as connector:
            enter_credentials(connector)
        with dagster_running(stack), Connector.of_process() as connector:
            with dagster_at(stack.dagster_url) as dagster:
                watch = start_reads(dagster, connector, "1")
                wait_for(watch, dagster, connector)
            yield LoadedDemo(stack, watch)


@contextmanager
def _xero_companies() -> Iterator[dict[str, str]]:
    """Answer the variable that shows Dagster a copy of theirs alone: the others' call limits would be waited for."""
    with TemporaryDirectory() as folder:
        for company in sorted(DEMO.glob("calder_*")):
            shutil.copytree(company, Path(folder) / company.name)
        yield {"ML_CONNECTOR_CONNECTIONS": folder}


def chromium() -> str:
    """Answer the system's Chromium; empty where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or ""


@contextmanager
def browser_page() -> Iterator[Page]:
    """Open a page in headless Chromium that asks no outside host."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
        )
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(WAIT_MS)
        yield page
        browser.close()


def show(page: Page, address: str, text: str) -> None:
    """Open the address and wait until the text stands on the page and the page is quiet."""
    page.goto(address)
    page.get_by_text(text).first.wait_for()
    page.wait_for_function("() => !document.body.innerText.includes('Loading')")
    page.wait_for_timeout(3_000)


def take_pictures(page: Page, demo: LoadedDemo) -> None:
    """Write the asset graph, a finished month, its tie-out, and the tie-out of a model in which a cent was edited."""
    address = demo.stack.dagster_url
    page.set_viewport_size(TALL)
    show(page, address + GRAPH, "ledger_lines")
    for _ in range(ZOOM_STEPS):  # the whole graph, names instead of details
        page.mouse.click(TALL["width"] - 28, TALL["height"] - 149)
        page.wait_for_timeout(900)
    page.screenshot(path=PICTURES / "asset_graph.png", clip={"x": 540, "y": 165, "width": 660, "height": 1680})
    page.set_viewport_size(SIZE)
    show(page, address + MONTH.format(period=demo.period), "mlc/verdict")
    page.screenshot(path=PICTURES / "finished_month.png", clip=WITHOUT_MENU)
    show(page, address + TIED_OUT, "mlc/account_by_account")
    page.screenshot(path=PICTURES / "tied_out.png", clip=WITHOUT_MENU)
    edit_a_cent(demo)
    show(page, address + TIED_OUT, "is unexplained")
    page.screenshot(path=PICTURES / "one_cent_off.png", clip=WITHOUT_MENU)


def edit_a_cent(demo: LoadedDemo) -> None:
    """Put a cent into a cell of the model, as a person would by mistake, and compare the month again."""
    month = Period.parse(demo.period).label("mmm_yy")
    at = {"Entities": "UK", "Versions": "Actual", "Time": month, "Accounts": "200"}
    cell = {
        "module": "Actuals",
        "line_item": "Amount",
        "at": {**at, "Customers": "unassigned", "Regions": "unassigned"},
    }
    planted = {"cells": [{**cell, "value": "0.01"}]}
    httpx.post(f"{demo.stack.sandbox_url}/_control/anaplan/cells", json=planted).raise_for_status()
    with dagster_at(demo.stack.dagster_url) as dagster:
        run = dagster.launch("calder_uk_tie_out", demo.period)
        while dagster.status(run) not in ("SUCCESS", "FAILURE", "CANCELED"):
            time.sleep(1)


def main() -> None:
    """Write the pictures."""
    PICTURES.mkdir(exist_ok=True)
    with loaded_demo(ROOT / ".home" / "screenshots") as demo, browser_page() as page:
        take_pictures(page, demo)
    sys.stdout.write(f"pictures are in {PICTURES.relative_to(ROOT)}/\n")


if __name__ == "__main__":
    main()
