"""Where a consent's tokens and calls go: exactly one of eight data centres, or nowhere."""

import pytest

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.sources.zoho_books.regions import PLACES, consented, granted


def test_eight_data_centres_each_with_its_own_hosts():
    hosts = {url for place in PLACES.values() for url in (place.accounts_url, place.api_url)}
    assert list(PLACES) == ["us", "eu", "in", "au", "jp", "ca", "cn", "sa"]
    assert len(hosts) == 16
    assert PLACES["ca"].accounts_url == "https://accounts.zohocloud.ca"


@pytest.mark.parametrize("place", PLACES)
def test_a_consent_is_remembered_by_its_data_centre(place):
    fields = {"location": place, "accounts-server": PLACES[place].accounts_url, "code": "1000.a"}
    noted = consented(fields)
    assert noted == {"place": place}
    granted(noted, {"api_domain": PLACES[place].api_url.removesuffix("/books/v3")})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"location": "uk", "accounts-server": "https://accounts.zoho.uk"},
        {"location": "eu", "accounts-server": "https://accounts.zoho.eu.example"},
        {"location": "eu", "accounts-server": "https://accounts.zoho.com"},
        {"location": "us", "accounts-server": "https://accounts.zoho.com.au"},
        {"location": "us", "accounts-server": "http://accounts.zoho.com"},
        {"location": "us", "accounts-server": "https://evil.example/accounts.zoho.com"},
    ],
)
def test_a_place_outside_the_table_gets_no_code(fields):
    with pytest.raises(RequestRejected):
        consented(fields)


@pytest.mark.parametrize("domain", ["https://www.zohoapis.com", "https://www.zohoapis.eu.example", "", None])
def test_a_token_for_another_place_is_not_kept(domain):
    with pytest.raises(RequestRejected):
        granted({"place": "eu"}, {"api_domain": domain})
