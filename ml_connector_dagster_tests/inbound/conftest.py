"""The consent pages over a home that is connected to the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster_tests.connections.sandboxed import connected, variables


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    with running() as sandbox:
        yield sandbox.base_url


@pytest.fixture
def connector(tmp_path: Path, sandbox_url: str, sqlite_template: Path) -> Iterator[Connector]:
    with connected(variables(tmp_path, sandbox_url, sqlite_template)) as opened:
        yield opened
