"""Kept answers of Xero: read as they were read then, refused where something is missing; never a call."""

import pytest

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.xero.source import SOURCE
from ml_connector_dagster_tests.sources.xero import payloads
from ml_connector_dagster_tests.sources.xero.fake_xero import FakeXero

OCTOBER = Period(2026, 10)


def kept_of(pages):
    return [body for page in pages for body in (*page.read_with, page.raw)]


@pytest.mark.parametrize("entity", ["credit_notes", "allocations", "tracking"])
def test_pages_are_read_again_as_they_were(entity):
    notes = [payloads.credit_note() for _ in range(1001)] if entity == "credit_notes" else []
    company, http = FakeXero({"CreditNotes": notes}).open()
    first = list(company.read(SOURCE.entity(entity), OCTOBER))
    calls = http.calls
    again = list(SOURCE.open_kept(company.company()).read(SOURCE.entity(entity), OCTOBER, kept_of(first)))
    assert [(page.rows, page.read, page.raw, page.read_with) for page in again] == [
        (page.rows, page.read, page.raw, page.read_with) for page in first
    ]
    assert http.calls <= calls + 1  # the company, where the entity did not need it


def test_answers_without_tax_rates_are_refused():
    company, _ = FakeXero().open()
    (page,) = company.read(SOURCE.entity("bills"), OCTOBER)
    with pytest.raises(SettingWrong, match="lack Organisation, TaxRates, TrackingCategories"):
        SOURCE.open_kept(company.company()).read(SOURCE.entity("bills"), OCTOBER, [page.raw])


def test_a_document_that_was_not_kept_and_any_other_call_are_refused():
    company, _ = FakeXero().open()
    reader = SOURCE.open_kept(company.company())._reader({})
    with pytest.raises(SettingWrong, match="1 of bills"):
        reader.by_ids(SOURCE.entity("bills"), ["gone"]).__next__()
    with pytest.raises(SettingWrong, match="TaxRates of Xero is needed"):
        reader.api.one("TaxRates")
