"""Company files for the tests: Brackenridge's books, which no test changes, and empty ones."""

from datetime import date

import pytest

from ml_connector_dagster.sandbox.quickbooks_desktop.books import write_books
from ml_connector_dagster_tests.sandbox.quickbooks_desktop.office import NOW, Office


@pytest.fixture(scope="session")
def written():
    """Three years of books; look, do not touch."""
    return write_books(1, date(2026, 11, 20), lambda: NOW)


@pytest.fixture
def brackenridge(written) -> Office:
    """A session of its own with the written books."""
    return Office(written)


@pytest.fixture
def office() -> Office:
    """A session with a company file that has lists and no transactions."""
    return Office()
