"""Documents of Zoho Books become lines: discounts, inclusive tax, statuses, and no call for what was read before."""

from decimal import Decimal

import pytest

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.zoho_books.parse_documents import document_rows
from ml_connector_dagster.sources.zoho_books.source import SOURCE
from ml_connector_dagster_tests.sources.zoho_books import payloads
from ml_connector_dagster_tests.sources.zoho_books.fake_zoho import FakeZoho

OCTOBER = Period(2026, 10)
INVOICES = SOURCE.entity("invoices")


def nets(rows):
    return [row.net_amount for row in rows]


def read(fake, entity="invoices"):
    company, http = fake.open()
    pages = list(company.read(SOURCE.entity(entity), OCTOBER))
    return [row for page in pages for row in page.rows], http, pages


def test_a_discount_of_the_whole_document_is_spread_to_the_cent():
    """Largest remainders get the odd cents, so that the lines and their tax are the total."""
    lines = [payloads.line(Decimal("33.33")), payloads.line(Decimal("33.33")), payloads.line(Decimal("33.34"))]
    record = payloads.invoice(
        lines=lines,
        discount_type="entity_level",
        discount_total=10,
        is_discount_before_tax=True,
        tax_total=18,
        total=108,
    )
    rows = document_rows("invoices", record, record)
    assert nets(rows) == [Decimal("30.00"), Decimal("30.00"), Decimal("30.00")]
    assert sum(row.net_amount + row.tax_amount for row in rows) == 108


def test_inclusive_tax_is_unpacked():
    record = payloads.invoice(
        lines=[payloads.line(120, tax_percentage=20)], is_inclusive_tax=True, total=120, tax_total=20
    )
    (row,) = document_rows("invoices", record, record)
    assert (row.net_amount, row.tax_amount) == (100, 20)


def test_shipping_and_adjustment_are_lines_of_their_own():
    record = payloads.invoice(shipping_charge=Decimal("7.50"), adjustment=-1, total=Decimal("106.50"))
    assert nets(document_rows("invoices", record, record)) == [100, Decimal("7.50"), -1]


def test_lines_that_are_not_the_total_are_refused():
    record = payloads.invoice(total=101)
    with pytest.raises(RecordRefused, match=r"add up to 100.*101"):
        document_rows("invoices", record, record)


@pytest.mark.parametrize(
    ("entity", "status", "does_post"),
    [
        ("invoices", "draft", False),
        ("invoices", "void", False),
        ("invoices", "pending_approval", False),
        ("invoices", "overdue", True),
        ("bills", "partially_paid", True),
        ("bills", "void", False),
        ("credit_notes", "closed", True),
        ("vendor_credits", "draft", False),
        ("journals", "draft", False),
        ("expenses", "non-billable", True),
        ("purchase_orders", "open", False),
    ],
)
def test_the_status_decides_whether_a_document_stands_in_the_ledger(entity, status, does_post):
    record = getattr(payloads, entity.removesuffix("s"))(status=status)
    assert {row.posts for row in document_rows(entity, record, record)} == {does_post}


def test_a_cash_journal_is_no_accrual():
    record = payloads.journal(journal_type="cash")
    assert not any(row.posts for row in document_rows("journals", record, record))


def test_a_journal_that_does_not_balance_is_refused():
    record = payloads.journal()
    record["line_items"][0]["amount"] = 41
    with pytest.raises(RecordRefused, match="differ by 1"):
        document_rows("journals", record, record)


def test_tags_of_a_line_win_over_those_of_the_document_and_location_and_project_stand_beside():
    own = payloads.line(60, location_id="71", project_id="81") | payloads.tagged(payloads.GARDEN)
    record = payloads.invoice(lines=[own, payloads.line(40)]) | payloads.tagged(payloads.HOME)
    first, second = document_rows("invoices", record, record)
    assert first.tracking == f'{{"{payloads.TAG}":"{payloads.GARDEN}","location":"71","project":"81"}}'
    assert second.tracking == f'{{"{payloads.TAG}":"{payloads.HOME}"}}'


def test_a_custom_field_of_a_list_is_a_dimension_by_its_value():
    """Two fields may have a value in common; a text that somebody wrote is no dimension."""
    fields = [
        {"api_name": "cf_region", "label": "Region", "data_type": "dropdown", "value": "North"},
        {"api_name": "cf_depot", "label": "Depot", "data_type": "dropdown", "value": "North"},
        {"api_name": "cf_note", "label": "Note", "data_type": "string", "value": "Ring first"},
    ]
    record = payloads.invoice(custom_fields=fields)
    (row,) = document_rows("invoices", record, record)
    assert row.tracking == '{"cf_depot":"North","cf_region":"North"}'
    rows, _, pages = read(FakeZoho({"invoices": [record]}), "tracking")
    assert [(one.category_id, one.category, one.option_id) for one in rows] == [
        ("cf_region", "Region", "North"),
        ("cf_depot", "Depot", "North"),
    ]
    assert [len(page.rows) for page in pages if page.rows] == [2]


def test_an_expense_names_vendor_and_bank():
    record = payloads.expense()
    (row,) = document_rows("expenses", record, record)
    assert (row.party_id, row.bank_account_id, row.ledger_account_id) == (
        payloads.VENDOR, payloads.BANK, payloads.TRAVEL,
    )  # fmt: skip


def test_a_payment_shows_what_it_settled_and_what_is_left():
    settled = [{"invoice_id": "1", "amount_applied": 70}, {"invoice_id": "2", "amount_applied": 20}]
    rows = document_rows("customer_payments", payloads.payment(applied_invoices=settled, unused_amount=10), None)
    assert [(row.linked_id, row.net_amount) for row in rows] == [("1", 70), ("2", 20), ("", 10)]


def test_a_payment_in_another_currency_shows_its_rate_by_its_two_amounts():
    (row,) = document_rows("vendor_payments", payloads.payment("vendor_id", amount=100, bcy_amount=80), None)
    assert row.rate == Decimal("0.8")


def test_a_detail_is_asked_for_once_for_each_stamp():
    record = payloads.invoice()
    fake = FakeZoho({"invoices": [record, payloads.invoice(status="draft")]})
    rows, http, pages = read(fake)
    assert http.calls == 2
    assert b'"details"' in pages[0].raw
    again, http, _ = read(fake)
    assert (http.calls, again) == (1, rows)
    record["last_modified_time"] = "2026-10-07T09:14:55+0100"
    assert read(fake)[1].calls == 2


def test_a_paid_status_needs_no_new_detail_and_is_seen():
    record = payloads.invoice()
    fake = FakeZoho({"invoices": [record]})
    read(fake)
    record |= {"status": "paid", "balance": 0}
    rows, http, _ = read(fake)
    assert (http.calls, rows[0].status) == (1, "paid")


def test_a_document_deleted_between_list_and_detail_is_gone():
    record = payloads.invoice()
    fake = FakeZoho({"invoices": [record]})
    company, http = fake.open()
    http._answer = lambda asked: (
        fake._page("invoices", asked.params) if asked.path.endswith("/invoices") else gone(fake)
    )
    (page,) = company.read(INVOICES, OCTOBER)
    assert (list(page.rows), page.read) == ([], 0)
    assert list(company.read_ids(INVOICES, ["1"])) == []


def gone(fake):
    return fake._one("invoices", "nowhere")


def test_a_filter_that_zoho_ignores_is_applied_once_more():
    """Purchase orders know no range of dates at all, and what Zoho does not know it ignores with 200."""
    fake = FakeZoho({"purchaseorders": [payloads.purchase_order(), payloads.purchase_order(Period(2026, 8).first_on)]})
    rows, _, _ = read(fake, "purchase_orders")
    assert len(rows) == 1


def test_a_list_that_loses_a_record_while_it_is_paged_is_read_again():
    records = [payloads.contact(payloads.new_id()) for _ in range(401)]
    fake = FakeZoho({"contacts": list(records)})
    fake.before_page = lambda path, number: (
        number == 2 and records[0] in fake.records["contacts"] and fake.records["contacts"].remove(records[0])
    )
    rows, http, _ = read(fake, "customers")
    assert {row.party_id for row in rows} == {record["contact_id"] for record in records}
    assert http.calls == 2 * (2 + 1)
