"""Zoho's eight data centres for Books, a closed table; nothing that a redirect or an answer names is used unless it stands here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.sources.contract.source import Place

PATH = "/books/v3"
PLACES: Mapping[str, Place] = {
    location: Place(accounts_url=f"https://accounts.{accounts}", api_url=f"https://www.{api}{PATH}")
    for location, accounts, api in (
        ("us", "zoho.com", "zohoapis.com"),
        ("eu", "zoho.eu", "zohoapis.eu"),
        ("in", "zoho.in", "zohoapis.in"),
        ("au", "zoho.com.au", "zohoapis.com.au"),
        ("jp", "zoho.jp", "zohoapis.jp"),
        ("ca", "zohocloud.ca", "zohoapis.ca"),
        ("cn", "zoho.com.cn", "zohoapis.com.cn"),
        ("sa", "zoho.sa", "zohoapis.sa"),
    )
}
"""Consent begins in the US, from where Zoho sends everybody to the data centre of their own account."""
PLACE = "place"


def consented(fields: Mapping[str, str]) -> Mapping[str, str]:
    """Answer the data centre that the redirect names, by ``location`` and ``accounts-server``, each compared exactly.

    Raises:
        RequestRejected: One of them is not in the table, they disagree, or both are missing.
    """
    location, server = fields.get("location", ""), fields.get("accounts-server", "")
    served = next((name for name, place in PLACES.items() if place.accounts_url == server), "")
    named = location or served
    if named not in PLACES or (server and served != named):
        raise _elsewhere(f"Zoho's redirect names the location {location!r} and the accounts server {server!r}.")
    return {PLACE: named}


def granted(consent: Mapping[str, str], answer: Mapping[str, Any]) -> None:
    """Compare the first token's ``api_domain`` with the data centre that the redirect named.

    Raises:
        RequestRejected: They differ; the token is not kept.
    """
    place = PLACES[consent[PLACE]]
    parts = urlsplit(place.api_url)
    domain = answer.get("api_domain")
    if domain != f"{parts.scheme}://{parts.netloc}":
        raise _elsewhere(f"Zoho's token is for {domain!r}, but the redirect named {consent[PLACE]!r}.")


def _elsewhere(happened: str) -> RequestRejected:
    return RequestRejected(
        happened,
        "That is no data centre of Zoho Books that the connector knows, so no code and no token was sent there or kept.",
        f"Consent again; the data centres are {', '.join(PLACES)}. If Zoho opened a new one, update the connector.",
        status=400,
    )
