from decimal import Decimal

import pytest

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.sources.freshbooks import parse
from ml_connector_dagster_tests.sources.freshbooks import payloads
from ml_connector_dagster_tests.sources.freshbooks.payloads import usd
from ml_connector_dagster_tests.sources.freshbooks.read import CONTEXT, DAY, wire


def rows(entity, record):
    return parse.DOCUMENT_ROWS[entity](wire(record), CONTEXT)


def test_an_invoices_ids_are_text_and_its_state_is_v3s_not_the_lagging_number():
    (row,) = rows("invoices", payloads.invoice(DAY, id=7, status=2, v3_status="partial", outstanding=usd("60.00")))
    assert (row.document_id, row.status, row.posts, row.amount_due) == ("7", "partial", True, Decimal("60.00"))
    assert (row.party_id, row.line_id, row.ledger_account_id) == (str(payloads.CLIENT), "1", "")


def test_tax_is_what_the_total_holds_beyond_lines_and_discount_shared_among_taxed_lines():
    """An invoice line's taxAmount is a percentage, never money."""
    lines = [
        payloads.line("10.00", lineid=1, taxAmount1="13"),
        payloads.line("20.00", lineid=2),
        payloads.line("10.01", lineid=3, taxAmount1="13"),
    ]
    record = payloads.invoice(DAY, lines=lines, discount_total=usd("-4.00"), amount=usd("38.28"))
    found = rows("invoices", record)
    assert [(row.line_id, row.net_amount, row.tax_amount) for row in found] == [
        ("1", Decimal("10.00"), Decimal("1.13")),
        ("2", Decimal("20.00"), Decimal(0)),
        ("3", Decimal("10.01"), Decimal("1.14")),
        ("discount", Decimal("-4.00"), Decimal(0)),
    ]
    assert sum(row.net_amount + row.tax_amount for row in found) == Decimal("38.28")


@pytest.mark.parametrize(
    ("entity", "record"),
    [
        ("invoices", payloads.invoice(DAY, amount=usd("101.00"))),
        ("invoices", payloads.invoice(DAY, lines=None)),
        ("invoices", payloads.invoice("soon")),
        ("invoices", payloads.invoice(DAY, amount=usd("NaN"))),
        ("invoices", payloads.invoice(DAY, amount=None)),
        ("bills", payloads.bill(DAY, total_amount=usd("81.00"))),
        ("payments", payloads.payment(DAY, id=None, logid=0)),
        ("payments", payloads.payment(DAY, amount={"amount": "4.00"})),
    ],
    ids=["untaxed rest", "no lines", "no date", "no number", "no amount", "bill off", "no id", "no currency"],
)
def test_what_cannot_be_trusted_is_refused(entity, record):
    with pytest.raises(RecordRefused) as refused:
        rows(entity, record)
    assert refused.value.happened


@pytest.mark.parametrize(("state", "posts", "status"), [(0, True, "sent"), (1, False, "deleted"), (2, True, "sent")])
def test_a_deleted_document_does_not_post_and_an_archived_one_does(state, posts, status):
    (row,) = rows("invoices", payloads.invoice(DAY, vis_state=state))
    assert (row.posts, row.status, row.total) == (posts, status, Decimal("100.00"))


def test_a_draft_does_not_post_and_a_state_nobody_knows_loads_as_it_is_written():
    assert not rows("invoices", payloads.invoice(DAY, v3_status="draft"))[0].posts
    (row,) = rows("invoices", payloads.invoice(DAY, v3_status="teleported"))
    assert (row.status, row.posts) == ("teleported", True)


def test_a_payment_from_credit_says_so():
    assert rows("payments", payloads.payment(DAY, from_credit=True))[0].subkind == "Credit"
    (row,) = rows("payments", payloads.payment(DAY, type="ACH", invoiceid=5))
    assert (row.kind, row.subkind, row.linked_id, row.total) == ("payment", "ACH", "5", Decimal("40.00"))


def test_an_expense_knows_its_categorys_account_its_vendors_name_and_its_project():
    """0 means no client; a duplicate flag drops nothing; its amount holds its tax."""
    record = payloads.expense(DAY, taxAmount1=usd("5.00"), modern_projectid=12, categoryid=9052)
    (row,) = rows("expenses", record)
    assert (row.number, row.party_id, row.ledger_account_id) == ("Landlord", "", "u-ads")
    assert (row.net_amount, row.tax_amount, row.total) == (Decimal("50.00"), Decimal("5.00"), Decimal("55.00"))
    assert row.tracking == '{"projects":"12"}'


@pytest.mark.parametrize("category", ["Ads", {"category": "Ads", "categoryid": 9052}])
def test_a_bills_category_is_text_or_an_object_and_its_tax_is_money(category):
    line = {"list_index": 3, "category": category, "quantity": 2, "amount": usd("80.00"), "tax_amount1": usd("8.00")}
    if category == "Ads":
        line["categoryid"] = 9052
    (row,) = rows("bills", payloads.bill(DAY, lines=[line], total_amount=usd("88.00")))
    assert (row.line_id, row.ledger_account_id, row.tax_amount) == ("3", "u-ads", Decimal("8.00"))
    assert (row.kind, row.number, row.party_id) == ("bill", "", str(payloads.VENDOR))


def test_bill_payments_credit_notes_and_other_income_are_read():
    (paid,) = rows("bill_payments", payloads.bill_payment(DAY, billid=3))
    (credited,) = rows("credit_notes", payloads.credit_note(DAY, paid=usd("10.00")))
    (earned,) = rows("other_income", payloads.other_income(DAY))
    assert (paid.kind, paid.linked_id) == ("payment", "3")
    assert (credited.kind, credited.amount_due, credited.subkind) == ("credit_note", Decimal("20.00"), "goodwill")
    assert (earned.kind, earned.subkind, earned.net_amount) == ("other_income", "rentals", Decimal("12.00"))


def test_a_document_in_another_currency_has_no_rate():
    (row,) = rows("payments", payloads.payment(DAY, amount=usd("40.00", "CAD")))
    assert (row.currency, row.rate) == ("CAD", 0)


def test_twenty_six_decimals_fit_a_column():
    (row,) = rows("payments", payloads.payment(DAY, amount=usd("40." + "0" * 26)))
    assert row.total == Decimal("40.00")
    assert row.total.as_tuple().exponent == -10


def test_content_moves_the_fingerprint_and_a_stamp_does_not():
    record = payloads.invoice(DAY)
    first = rows("invoices", record)[0].version_hash
    assert rows("invoices", record | {"updated": "2026-11-01 00:00:00"})[0].version_hash == first
    assert rows("invoices", record | {"customerid": 502})[0].version_hash != first
