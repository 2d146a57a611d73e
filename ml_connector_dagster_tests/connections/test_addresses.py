"""Where a token may be sent: the vendor's own table, or the sandbox."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ml_connector_dagster.connections.addresses import SourceAddresses
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.sources.contract.source import Place
from ml_connector_dagster.sources.registry import source_named

XERO = source_named("xero")
REGIONAL = replace(
    XERO,
    places={
        "us": Place("https://accounts.example.com", "https://api.example.com/v3"),
        "eu": Place("https://accounts.example.eu", "https://api.example.eu/v3"),
    },
)


def test_a_vendor_with_one_address_for_all_is_called_there():
    found = SourceAddresses.of(XERO, "vendor", "http://127.0.0.1:8700")
    assert (found.api_url, found.grant.token_url) == (XERO.api_url, XERO.grant.token_url)
    assert found.origins == ("https://api.xero.com",)


@pytest.mark.parametrize(("place", "expected"), [("", "com"), ("us", "com"), ("eu", "eu")])
def test_a_region_has_its_own_accounts_and_api(place, expected):
    found = SourceAddresses.of(REGIONAL, "vendor", "http://127.0.0.1:8700", place)
    assert found.api_url == f"https://api.example.{expected}/v3"
    assert found.grant.token_url == f"https://accounts.example.{expected}/connect/token"


def test_in_the_sandbox_a_region_is_a_folder():
    found = SourceAddresses.of(REGIONAL, "sandbox", "http://127.0.0.1:8700", "eu")
    assert found.api_url == "http://127.0.0.1:8700/xero/eu/v3"
    assert found.grant.token_url == "http://127.0.0.1:8700/xero/eu/connect/token"


def test_a_region_outside_the_table_gets_no_token():
    with pytest.raises(SettingWrong, match="no region 'uk'"):
        SourceAddresses.of(REGIONAL, "vendor", "http://127.0.0.1:8700", "uk")
