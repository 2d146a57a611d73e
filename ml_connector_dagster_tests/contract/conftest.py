"""Shared by the contract tests: Xero's document, and the sandbox's own callers from the tests of the sandbox."""

from typing import Any

import pytest

from ml_connector_dagster_tests.contract.specs import xero_document
from ml_connector_dagster_tests.sandbox.anaplan.conftest import desk, stocked, stranger
from ml_connector_dagster_tests.sandbox.quickbooks_online.conftest import (
    changing,
    quickbooks,
    shared_changing,
    shared_quickbooks,
)
from ml_connector_dagster_tests.sandbox.xero.conftest import fresh, shared, switchboard, xero

__all__ = [
    "changing",
    "desk",
    "fresh",
    "quickbooks",
    "shared",
    "shared_changing",
    "shared_quickbooks",
    "stocked",
    "stranger",
    "switchboard",
    "xero",
]


@pytest.fixture(scope="session")
def specification() -> dict[str, Any]:
    """Xero's official OpenAPI document."""
    return xero_document("xero_accounting.yaml")
