"""Zoho's own OpenAPI set: what the sandbox serves is in it or on the list of divergences, and its judge judges."""

import pytest
from starlette.routing import Mount, Route

from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster.sandbox.zoho_books.shelves import (
    ACCOUNTS,
    CONTACTS,
    CURRENCIES,
    ITEMS,
    PROJECTS,
    SHELVES,
    TAXES,
)
from ml_connector_dagster.sandbox.zoho_books.vendor import create
from ml_connector_dagster_tests.contract.zoho_openapi import REALITY_DIFFERS, judge, operations

WIRE_NAMES = {"/customerpayments": "customerpayments"}
"""List keys that are otherwise on the wire than in the set (zoho_books.md 5)."""


def served():
    """Method and path of everything below /books/v3."""
    place = create(World.new())[0]
    assert isinstance(place, Mount)
    api = next(route for route in place.routes if isinstance(route, Mount))
    return [
        (method, route.path.replace("{record_id}", "4600000000000000200"))
        for route in api.routes
        if isinstance(route, Route) and "rest:path" not in route.path
        for method in sorted(route.methods)
    ]


def test_every_path_of_the_sandbox_is_in_the_set_or_a_known_divergence():
    assert [wrong for method, path in served() for wrong in judge(method, path, "")] == []
    assert all(any(path.startswith(known) for _, path in served()) for known in REALITY_DIFFERS)


@pytest.mark.parametrize(
    "shelf", [*SHELVES, ACCOUNTS, CONTACTS, CURRENCIES, ITEMS, PROJECTS, TAXES], ids=lambda one: one.path
)
def test_lists_answer_under_the_key_that_the_set_names(shelf):
    found = next(one for one in operations(shelf.path) if one.method == "GET" and one.template == shelf.path)
    assert shelf.list_key in {*found.answer["properties"], WIRE_NAMES.get(shelf.path)}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/invoices", "organization_id=1&date_start=2026-10-01&date_end=2026-10-31&page=2&per_page=200&sort_order=A"),
        (
            "/invoices",
            "last_modified_time=2026-10-01T00%3A00%3A00%2B0100&sort_column=created_time&filter_by=Status.All",
        ),
        ("/chartofaccounts/transactions", "account_id=1&date.start=2026-10-01&date.end=2026-10-31"),
        ("/journals", "sort_column=last_modified_time"),
        ("/reports/profitandloss", "from_date=2026-10-01"),
        ("/purchaseorders/4600000000000000200", "organization_id=1"),
    ],
)
def test_what_the_reference_page_documents_is_accepted(path, query):
    assert judge("GET", path, query) == []


@pytest.mark.parametrize(
    ("method", "path", "query", "says"),
    [
        ("GET", "/invoice", "", "no such call"),
        ("PATCH", "/invoices", "", "no such call"),
        ("GET", "/invoices", "date_from=2026-10-01", "unknown date_from"),
        ("GET", "/chartofaccounts/transactions", "date_start=2026-10-01", "unknown date_start"),
        ("GET", "/bills", "sort_column=wish", "no sort_column=wish"),
        ("GET", "/bills", "filter_by=Status.Wish", "no filter_by=Status.Wish"),
    ],
)
def test_a_misspelt_request_is_caught(method, path, query, says):
    assert [wrong for wrong in judge(method, path, query) if says in wrong]
