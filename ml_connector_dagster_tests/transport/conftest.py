from __future__ import annotations

from collections.abc import Iterator

import pytest

from ml_connector_dagster_tests.transport.vendor_server import VendorServer


@pytest.fixture
def vendor() -> Iterator[VendorServer]:
    """A vendor on loopback that plays what the test scripts."""
    server = VendorServer()
    yield server
    server.close()
