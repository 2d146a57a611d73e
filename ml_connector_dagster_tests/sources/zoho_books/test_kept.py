"""What was kept is read again without a call: lists of several pages, details inside their lists, orders with later bills."""

from datetime import date

import pytest

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.zoho_books.source import SOURCE, open_kept
from ml_connector_dagster_tests.sources.zoho_books import payloads
from ml_connector_dagster_tests.sources.zoho_books.fake_zoho import FakeZoho

OCTOBER = Period(2026, 10)


def answers(pages):
    return [body for page in pages for body in (*page.read_with, page.raw) if body]


def rows(pages):
    return [row for page in pages for row in page.rows]


def test_what_later_bills_took_is_kept_with_them():
    line = payloads.line(50, payloads.STOCK, quantity=10, quantity_billed=10, quantity_cancelled=0)
    order = payloads.purchase_order(lines=[line], status="billed")
    ordered = {"purchaseorder_id": order["purchaseorder_id"], "purchaseorder_item_id": line["line_item_id"]}
    bill = payloads.bill(date(2026, 11, 7), lines=[payloads.line(500, payloads.STOCK, quantity=10, **ordered)])
    company, _ = FakeZoho({"purchaseorders": [order], "bills": [bill]}).open()
    entity = SOURCE.entity("commitment_lines")
    pages = list(company.read(entity, OCTOBER))
    assert [row.amount for row in rows(pages)] == [500]
    assert rows(open_kept(company.company()).read(entity, OCTOBER, answers(pages))) == rows(pages)


def test_a_list_that_was_not_kept_is_refused():
    company, _ = FakeZoho().open()
    with pytest.raises(SettingWrong, match="contacts of Zoho Books is needed"):
        list(open_kept(company.company()).read(SOURCE.entity("customers"), OCTOBER, []))
