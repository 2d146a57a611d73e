"""A detail is asked for once per modified stamp."""

from __future__ import annotations

import pytest

from ml_connector_dagster.store.details import Details
from ml_connector_dagster.store.engine import Store


@pytest.fixture
def details(store: Store) -> Details:
    return Details(store, "zoho_books", "10234695")


def test_a_detail_is_found_under_its_own_stamp_alone(details: Details) -> None:
    details.keep("invoices", "1", "2026-06-09T13:15:36-0400", b"{}" * 500)
    assert details.of("invoices", {"1": "2026-06-09T13:15:36-0400", "2": "x"}) == {"1": b"{}" * 500}
    assert details.of("invoices", {"1": "2026-06-09T13:15:37-0400"}) == {}


def test_a_newer_stamp_replaces_the_older(details: Details) -> None:
    details.keep("invoices", "1", "a", b"old")
    details.keep("invoices", "1", "b", b"new")
    assert details.of("invoices", {"1": "b"}) == {"1": b"new"}
    assert details.of("invoices", {"1": "a"}) == {}


def test_entities_and_companies_are_kept_apart(store: Store, details: Details) -> None:
    details.keep("invoices", "1", "a", b"ours")
    assert details.of("bills", {"1": "a"}) == {}
    details.keep("bills", "1", "a", b"ours")
    details.keep("bills", "2", "a", b"ours")
    assert details.counts() == {"invoices": 1, "bills": 2}
    assert Details(store, "zoho_books", "999").of("invoices", {"1": "a"}) == {}
    assert Details(store, "zoho_books", "999").counts() == {}


def test_more_ids_than_one_query_takes_are_found(sqlite_store: Store) -> None:
    details = Details(sqlite_store, "zoho_books", "10234695")
    stamps = {str(number): "a" for number in range(1201)}
    for record_id in ("0", "600", "1200"):
        details.keep("invoices", record_id, "a", record_id.encode())
    assert sorted(details.of("invoices", stamps)) == ["0", "1200", "600"]
