"""What a person sees: the graph, a finished month and its tie-out, in a real browser over a real Dagster."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml_connector_dagster_tests.ui.screenshots import (
    GRAPH,
    MONTH,
    TIED_OUT,
    LoadedDemo,
    browser_page,
    chromium,
    loaded_demo,
    show,
)

if not chromium() and os.environ.get("ML_CONNECTOR_REQUIRE") != "all":
    pytest.skip("SKIPPED LOUDLY: no chromium on this machine; install it to look at the UI", allow_module_level=True)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.xdist_group("ui")]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedDemo]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("ML_CONNECTOR_HOME", "ML_CONNECTOR_SANDBOX_URL", "DAGSTER_HOME", "DAGSTER_DISABLE_TELEMETRY"):
            patch.setenv(name, os.environ.get(name, ""))  # put back what the stack sets
        home: Path = tmp_path_factory.mktemp("ui")
        with loaded_demo(home) as loaded:
            yield loaded


def test_a_person_sees_the_graph_a_finished_month_and_its_tie_out(demo: LoadedDemo) -> None:
    """Every slice holds; the pages show it in words and figures, and no dialog covers them."""
    assert demo.watch.wanted == demo.watch.holds, demo.watch.failed
    with browser_page() as page:
        show(page, demo.stack.dagster_url + GRAPH, "ledger_lines")
        seen = page.content()
        # only what lies in the window is drawn
        assert all(name in seen for name in ("invoices", "ledger_lines", "balances_module"))
        show(page, demo.stack.dagster_url + MONTH.format(period=demo.period), "mlc/verdict")
        assert "LOADED" in page.content()
        show(page, demo.stack.dagster_url + TIED_OUT, "mlc/account_by_account")
        assert "Passed" in page.content()
        assert re.search(rf"{demo.period}: books .* to the cent", page.content())
