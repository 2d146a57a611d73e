"""What is ordered and not yet billed, as of each month's end."""

from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.zoho_books.source import SOURCE
from ml_connector_dagster_tests.sources.zoho_books import payloads
from ml_connector_dagster_tests.sources.zoho_books.fake_zoho import FakeZoho

ENTITY = SOURCE.entity("commitment_lines")
AUGUST, SEPTEMBER, OCTOBER = (Period(2026, month) for month in (8, 9, 10))


def order_line(**fields):
    return payloads.line(50, payloads.STOCK, **{"quantity": 10, "quantity_billed": 0, "quantity_cancelled": 0} | fields)


def order(on=date(2026, 9, 5), line=None, **fields):
    return payloads.purchase_order(on, lines=[line or order_line()], **fields)


def open_at(period, orders, bills=()):
    company, _ = FakeZoho({"purchaseorders": list(orders), "bills": list(bills)}).open()
    return [row for page in company.read(ENTITY, period) for row in page.rows]


def test_the_open_remainder_stands_at_every_months_end_since_the_order():
    for period, expected in ((AUGUST, []), (SEPTEMBER, [500]), (OCTOBER, [500])):
        found = open_at(period, [order()])
        assert [line.amount for line in found] == expected
        assert {line.posting_date for line in found} <= {period.last_on}


def test_what_is_billed_or_cancelled_is_no_longer_open():
    (line,) = open_at(SEPTEMBER, [order(line=order_line(quantity_billed=4, quantity_cancelled=1))])
    assert (line.amount, line.ledger_account_id, line.vendor_id) == (250, payloads.STOCK, payloads.VENDOR)


def test_a_bill_after_the_months_end_is_given_back_to_that_month():
    """The order shows what is billed by now; September's end came before the bill of October."""
    line = order_line(quantity_billed=10)
    billed = order(line=line, status="billed")
    ordered = {"purchaseorder_id": billed["purchaseorder_id"], "purchaseorder_item_id": line["line_item_id"]}
    bill = payloads.bill(date(2026, 10, 7), lines=[payloads.line(500, payloads.STOCK, quantity=10, **ordered)])
    assert [found.amount for found in open_at(SEPTEMBER, [billed], [bill])] == [500]
    assert open_at(OCTOBER, [billed], [bill]) == []
    assert open_at(SEPTEMBER, [billed], [bill | {"status": "void"}]) == []


@pytest.mark.parametrize("status", ["draft", "pending_approval", "cancelled", "closed"])
def test_an_order_that_binds_nobody_is_no_commitment(status):
    assert open_at(OCTOBER, [order(status=status)]) == []


def test_foreign_orders_are_multiplied_by_their_own_rate():
    (line,) = open_at(OCTOBER, [order(currency_code="USD", exchange_rate=Decimal("0.8"))])
    assert (line.amount, line.document_amount, line.currency, line.rate) == (400, 500, "USD", Decimal("0.8"))


def test_an_order_of_later_months_is_not_looked_at():
    company, http = FakeZoho({"purchaseorders": [order(date(2026, 11, 1))]}).open()
    (page,) = company.read(ENTITY, OCTOBER)
    assert (page.read, http.calls) == (0, 2)
