from collections.abc import Iterator
from datetime import date

import pytest

from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.sources.in_sandbox import SandboxedCompany, sandboxed_company

TODAY = date(2026, 11, 20)


@pytest.fixture(scope="package")
def company(tmp_path_factory) -> Iterator[SandboxedCompany]:
    """The demo company, opened as the product opens it, over a sandbox of this package's own."""
    home = tmp_path_factory.mktemp("fennimore")
    with (
        running(World.new(today=TODAY, task_seconds=0.0)) as sandbox,
        sandboxed_company(sandbox, "quickbooks_online", home) as found,
    ):
        yield found
