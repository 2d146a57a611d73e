"""Reads alone, whole lists, and no fault mistaken for an answer."""

import pytest

from ml_connector_dagster.errors import RequestRejected, TemporarilyRefused
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.quickbooks_online.client import Window, is_read
from ml_connector_dagster.sources.quickbooks_online.source import SOURCE
from ml_connector_dagster_tests.sources.fake_http import Told
from ml_connector_dagster_tests.sources.quickbooks_online import payloads
from ml_connector_dagster_tests.sources.quickbooks_online.fake_quickbooks import FakeQuickbooks
from ml_connector_dagster_tests.sources.quickbooks_online.kit import XML

OCTOBER = Period(2026, 10)
WINDOW = Window.of_dates(OCTOBER.first_on, OCTOBER.last_on)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("invoice", ""),
        ("invoice/103", ""),
        ("batch", ""),
        ("reports/Anything", ""),
        ("companyinfo/1/../../invoice", ""),
        ("query", "DELETE FROM Invoice"),
        ("query", ""),
    ],
)
def test_nothing_but_reads_is_sent(path, query):
    company, http = FakeQuickbooks().open()
    with pytest.raises(RequestRejected, match="none of the paths"):
        company.api.get(path, {"query": query})
    assert http.calls == 0
    assert is_read("query", {"query": "select * from Invoice"})


def test_a_fault_that_comes_with_200_is_a_fault():
    company, http = FakeQuickbooks().open()
    fault = {
        "Error": [{"Message": "message=No", "Detail": "No", "code": "4001", "element": ""}],
        "type": "ValidationFault",
    }
    for body in ({"Fault": fault, "time": "…"}, {"QueryResponse": {"Fault": fault}}):
        http._answer = lambda asked, body=body: Told(body)
        with pytest.raises(RequestRejected, match="4001"):
            company.api.query("SELECT * FROM Invoice")
    http._answer = lambda asked: Told(XML.format("NotFound", "Gone").replace("003001", "000610").encode())
    with pytest.raises(RequestRejected, match="610"):
        company.api.query("SELECT * FROM Invoice")


def test_an_empty_body_is_asked_for_again():
    company, http = FakeQuickbooks().open()
    bodies = [b"", b'{"QueryResponse": {}}']
    http._answer = lambda asked: Told(bodies.pop(0))
    assert company.api.query("SELECT * FROM Invoice").body == {"QueryResponse": {}}
    assert http.calls == 2


def drifting(passes):
    """A list of 1,001 invoices from which the first goes after each of so many first pages."""
    fake = FakeQuickbooks({"Invoice": [payloads.document("Invoice", OCTOBER.first_on) for _ in range(1001 + passes)]})
    company, http = fake.open()
    left = [passes + 1]

    def answer(asked):
        told = fake.answer(asked)
        if "STARTPOSITION 1 " in asked.params["query"] and left[0]:
            left[0] -= 1
            fake.records["Invoice"].pop(0) if left[0] < passes else None
        return told

    http._answer = answer
    return company, fake


def test_a_list_that_moves_while_it_is_paged_is_read_again():
    company, fake = drifting(1)
    pages = list(company.api.pages("Invoice", WINDOW))
    read = [one["Id"] for answered in pages for one in answered.body["QueryResponse"]["Invoice"]]
    assert read == [one["Id"] for one in fake.records["Invoice"]]


def test_a_list_that_always_moves_is_not_published():
    company, _ = drifting(5)
    with pytest.raises(TemporarilyRefused, match="moved each of 3 times"):
        list(company.api.pages("Invoice", WINDOW))


def test_records_are_fetched_forty_ids_a_call_and_gone_ones_are_absent():
    fake = FakeQuickbooks({"Bill": [payloads.document("Bill", OCTOBER.first_on) for _ in range(3)]})
    company, http = fake.open()
    ids = [one["Id"] for one in fake.records["Bill"]]
    pages = list(company.read_ids(SOURCE.entity("bills"), [*ids, *map(str, range(50))]))
    assert [row.document_id for page in pages for row in page.rows] == ids
    assert sum("Id IN" in asked.params.get("query", "") for asked in http.asked) == 2


def test_an_answer_of_another_month_is_refused():
    fake = FakeQuickbooks({"Bill": [payloads.document("Bill", "2026-09-30")]})
    company, http = fake.open()
    whole = fake.answer

    def ignoring(asked):
        if "query" in asked.params and "Bill" in asked.params["query"]:
            return Told({"QueryResponse": {"Bill": fake.records["Bill"]}})
        return whole(asked)

    http._answer = ignoring
    with pytest.raises(RequestRejected, match="ignored the condition"):
        list(company.read(SOURCE.entity("bills"), OCTOBER))
