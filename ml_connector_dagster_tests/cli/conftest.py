"""Runs ``ml-connector`` in this process, over a home of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ml_connector_dagster.cli.main import main
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster_tests.connections.sandboxed import connected, variables


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    with running() as sandbox:
        yield sandbox.base_url


@pytest.fixture
def shell(tmp_path: Path, sandbox_url: str, sqlite_template: Path) -> dict[str, str]:
    """The variables of a shell whose home has a database and nothing else."""
    return variables(tmp_path, sandbox_url, sqlite_template)


@pytest.fixture
def run(shell: dict[str, str]) -> Callable[..., Result]:
    """Runs a command; the answer has exit_code, stdout and stderr."""

    def invoke(*arguments: str, stdin: str = "", **variables: str) -> Result:
        return CliRunner().invoke(main, arguments, input=stdin, env={**shell, "COLUMNS": "250", **variables})

    return invoke


@pytest.fixture
def connected_shell(shell: dict[str, str]) -> dict[str, str]:
    """The shell after both credentials were entered and consented."""
    with connected(shell):
        pass
    return shell
