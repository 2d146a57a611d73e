from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ml_connector_dagster.transport.client import VendorHttp
from ml_connector_dagster.transport.retry import RetryPolicy
from ml_connector_dagster_tests.store.slept_clock import clock, limits
from ml_connector_dagster_tests.transport.vendor_server import VendorServer

__all__ = ["clock", "limits"]


@pytest.fixture
def vendor() -> Iterator[VendorServer]:
    """A vendor on loopback that plays what the test scripts."""
    server = VendorServer()
    yield server
    server.close()


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def open_client(pauses: list[float]) -> Iterator[Callable[..., VendorHttp]]:
    """Makes clients that note their pauses instead of sleeping."""
    opened: list[VendorHttp] = []

    def make(**choices) -> VendorHttp:
        choices.setdefault("retry", RetryPolicy(attempts=3, seed=1, sleep=pauses.append))
        opened.append(VendorHttp("Testers", **choices))
        return opened[-1]

    yield make
    for client in opened:
        client.close()
