"""Zoho's sandbox answers as Zoho's own OpenAPI set says, and our requests ask as it says; and the judge can say no."""

import json
from datetime import date

import httpx
import pytest

from ml_connector_dagster.sandbox.app import OBSERVERS
from ml_connector_dagster.sandbox.exchanges import observe
from ml_connector_dagster.sandbox.server import running
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
from ml_connector_dagster_tests.contract.specs import absent, specs_folder
from ml_connector_dagster_tests.contract.zoho_answers import answer_errors, unknown_names
from ml_connector_dagster_tests.contract.zoho_exchanges import judged
from ml_connector_dagster_tests.sources.zoho_books.fake_zoho import ORGANIZATION
from ml_connector_dagster_tests.sources.zoho_books.sandboxed import consent, control

DETAILS = 4
"""Of each list."""


@pytest.fixture(autouse=True)
def documents():
    if specs_folder("zoho_books") is None:
        absent(
            "Zoho's official OpenAPI set is not at hand: set ML_CONNECTOR_SPECS to the folder that holds zoho_books/."
        )


@pytest.fixture(scope="module")
def exchanges():
    """Every list, some details of each, and the postings of each account."""
    seen = []
    observe(seen.append)
    try:
        with running(World.new(today=date(2026, 11, 20))) as sandbox:
            control(sandbox, "settings", minute=1_000_000, day=1_000_000)
            headers = {"Authorization": f"Zoho-oauthtoken {consent(sandbox)}"}
            base = f"{sandbox.base_url}/zoho_books/eu/books/v3"
            with httpx.Client(base_url=base, headers=headers, verify=False) as http:
                ask_everything(lambda path, **q: http.get(path, params={"organization_id": ORGANIZATION, **q}).json())
    finally:
        OBSERVERS.pop()
    return [one for one in seen if "/books/v3/" in one.path]


def ask_everything(ask):
    for shelf in (*SHELVES, ACCOUNTS, CONTACTS, CURRENCIES, ITEMS, PROJECTS, TAXES):
        for row in ask(shelf.path, per_page="50")[shelf.list_key][:DETAILS]:
            ask(f"{shelf.path}/{row[shelf.id_field]}")
    for account in ask("/chartofaccounts", showbalance="true")["chartofaccounts"]:
        ask("/chartofaccounts/transactions", account_id=account["account_id"], per_page="10")
    for path in ("/organizations", "/locations", "/settings/openingbalances", "/users/me", "/invoices/1"):
        ask(path)


def test_every_answer_has_the_types_and_the_names_that_zoho_publishes(exchanges):
    assert len(exchanges) > 120
    assert [wrong for one in exchanges for wrong in judged(one)] == []
    assert {name: one.path for one in exchanges for name in unknown_names(one.answered)} == {}


@pytest.mark.parametrize(
    ("path", "spoil", "says"),
    [
        ("/invoices", lambda body: body["invoices"][0].update(date=20261001), "invoices/0/date"),
        ("/invoices", lambda body: body.update(invoices={}), "invoices: {} is not of type 'array'"),
        ("/bills", lambda body: body["bills"][0].update(total="12.30"), "bills/0/total"),
        ("/journals", lambda body: body["journals"][1].update(journal_id=460000000000000001), "journals/1/journal_id"),
        ("/contacts", lambda body: body.pop("code"), "no code and message"),
    ],
)
def test_a_spoilt_answer_is_caught(exchanges, path, spoil, says):
    told = next(one for one in exchanges if one.path.endswith(f"v3{path}"))
    body = json.loads(told.answered)
    spoil(body)
    assert [one for one in answer_errors("GET", path, 200, json.dumps(body)) if says in one]


def test_a_name_that_nobody_knows_is_caught():
    assert unknown_names('{"invoices": [{"invoice_id": "1", "cf_region": "North", "novelty": 1}]}') == {"novelty"}
