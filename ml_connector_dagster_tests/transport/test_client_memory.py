"""An answer's body goes when the answer goes: a month of pages must not wait for Python's collector."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator

import httpx
import pytest

from ml_connector_dagster.transport.client import VendorHttp
from ml_connector_dagster_tests.transport.vendor_server import VendorServer


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Python's cycle collector, off while the test runs."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_an_answer_leaves_nothing_for_the_collector(
    open_client: Callable[..., VendorHttp], vendor: VendorServer
) -> None:
    before = sum(isinstance(one, httpx.Response) for one in gc.get_objects())
    client = open_client()
    for number in range(3):
        client.get(f"{vendor.url}/list", params={"page": number})
    assert sum(isinstance(one, httpx.Response) for one in gc.get_objects()) == before
