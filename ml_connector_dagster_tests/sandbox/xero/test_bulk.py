"""Scale: two hundred thousand invoices of three lines, served by arithmetic and posted to the ledger all the same."""

import time
from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster_tests.sandbox.xero.test_truth import trial_balance

SEPTEMBER = "Date>=DateTime(2026,09,01) AND Date<DateTime(2026,10,01)"
COUNT = 200_000


@pytest.fixture
def scaled(fresh):
    fresh.home = "ie"
    fresh.cloud.limits.minute = 10_000
    return fresh


def ordinary(scaled, **query):
    return scaled.get("Invoices", page=1, **query)["pagination"]["itemCount"]


def test_bulk_invoices_add_to_the_count_of_every_filter_they_pass(scaled):
    whole, month, bills = ordinary(scaled), ordinary(scaled, where=SEPTEMBER), ordinary(scaled, where='Type=="ACCPAY"')
    scaled.control("bulk-invoices", tenant="ie", count=COUNT, period="2026-09")
    assert ordinary(scaled) == whole + COUNT
    assert ordinary(scaled, where=SEPTEMBER) == month + COUNT
    assert ordinary(scaled, where='Type=="ACCPAY"') == bills
    assert ordinary(scaled, where="Date==DateTime(2026,09,03)") > COUNT // 28


def test_every_bulk_invoice_has_ids_of_its_own_and_three_lines(scaled):
    scaled.control("bulk-invoices", tenant="ie", count=2_500, period="2026-09")
    found = [entry for entry in scaled.every("Invoices", where=SEPTEMBER) if entry["InvoiceNumber"].startswith("BULK-")]
    assert len({entry["InvoiceID"] for entry in found}) == 2_500
    assert len({line["LineItemID"] for entry in found for line in entry["LineItems"]}) == 7_500
    assert [entry["InvoiceID"] for entry in found] == sorted(entry["InvoiceID"] for entry in found)
    for entry in found[::250]:
        single = scaled.get(f"Invoices/{entry['InvoiceID']}")["Invoices"][0]
        assert single == entry


def test_pages_of_a_partly_matching_filter_hold_what_it_matches(scaled):
    scaled.control("bulk-invoices", tenant="ie", count=2_500, period="2026-09")
    whole = [entry for entry in scaled.every("Invoices") if entry["InvoiceNumber"].startswith("BULK-")]
    found = scaled.every("Invoices", where='Date==DateTime(2026,09,03) AND InvoiceNumber.StartsWith("@")')
    assert [entry["InvoiceID"] for entry in found] == [
        entry["InvoiceID"] for entry in whole if entry["DateString"] == "2026-09-03T00:00:00"
    ]


def test_the_ledger_has_them_and_still_balances(scaled):
    before, _ = trial_balance(scaled, "ie", date(2026, 9, 30))
    scaled.control("bulk-invoices", tenant="ie", count=COUNT, period="2026-09")
    after, held = trial_balance(scaled, "ie", date(2026, 9, 30))
    assert sum(after.values()) == sum(held.values()) == 0
    last = scaled.get("Invoices", page=201, pageSize=1000)["Invoices"][-1]
    sales = last["LineItems"][0]["AccountID"]
    assert before[sales] - after[sales] > Decimal(COUNT) * 100
    lines = scaled.question("ledger-lines", tenant="ie", document=last["InvoiceID"])["lines"]
    assert sum(Decimal(line["amount"]) for line in lines) == 0
    assert sum(Decimal(line["amount"]) for line in lines if line["code"] == "610") == last["Total"]


def test_an_unpaged_request_over_a_hundred_thousand_is_refused(scaled):
    scaled.control("bulk-invoices", tenant="ie", count=COUNT, period="2026-09")
    answer = scaled.ask("Invoices", where=SEPTEMBER)
    assert answer.status_code == 400
    assert answer.json()["ErrorNumber"] == 51
    assert "is not filtering Invoices efficiently" in answer.json()["Message"]


@pytest.mark.parametrize(
    ("query", "status"), [({"where": "Total>0"}, 400), ({"order": "Total"}, 400), ({"where": SEPTEMBER}, 200)]
)
def test_a_paged_request_over_a_hundred_thousand_must_name_indexed_fields_alone(scaled, query, status):
    scaled.control("bulk-invoices", tenant="ie", count=COUNT, period="2026-09")
    assert scaled.ask("Invoices", page=1, **query).status_code == status


def test_without_pages_and_in_a_summary_bulk_invoices_have_no_lines_either(scaled):
    scaled.control("bulk-invoices", tenant="ie", count=1_010, period="2026-09")
    full = scaled.every("Invoices")
    for heads in (scaled.get("Invoices")["Invoices"], scaled.every("Invoices", summaryOnly="true")):
        assert heads == [entry | {"LineItems": []} for entry in full]


def test_a_delta_knows_when_they_came(scaled):
    told = scaled.control("bulk-invoices", tenant="ie", count=10, period="2026-09")
    moment = time.gmtime(told["updated_ms"] // 1000)
    header = {"If-Modified-Since": time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)}
    found = scaled.ask("Invoices", headers=header, page=1).json()
    assert found["pagination"]["itemCount"] == 10
    later = {"If-Modified-Since": "2090-01-01T00:00:00Z"}
    assert scaled.ask("Invoices", headers=later, page=1).json()["Invoices"] == []


def test_a_thousand_are_rendered_in_less_than_a_tenth_of_a_second_of_processor_time(scaled):
    scaled.control("bulk-invoices", tenant="ie", count=COUNT, period="2026-09")
    bulk = next(iter(scaled.cloud.bulk.values()))
    everything = range(1_000)
    began = time.thread_time()
    bulk.encoded(everything, 100_000, 101_000)
    assert time.thread_time() - began < 0.1


def test_bulk_invoices_come_once_to_a_world(scaled):
    scaled.control("bulk-invoices", tenant="ie", count=10, period="2026-09")
    again = scaled.http.post("/_control/xero/bulk-invoices", json={"tenant": "ie", "count": 1, "period": "2026-09"})
    assert again.status_code == 400
    missing = scaled.get("Invoices", page=1, pageSize=1, order="InvoiceNumber DESC")["Invoices"][0]["InvoiceID"]
    assert scaled.cloud.bulk[next(iter(scaled.cloud.bulk))].render(missing) is None
