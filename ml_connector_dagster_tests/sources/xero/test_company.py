"""Reading an organisation: pages, filters that are ignored, lists that move, records by id."""

from datetime import date

import pytest

from ml_connector_dagster.errors import CredentialRefused, RequestRejected, TemporarilyRefused
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.xero.client import within
from ml_connector_dagster.sources.xero.company import XeroCompany
from ml_connector_dagster.sources.xero.source import SOURCE
from ml_connector_dagster_tests.sources.fake_http import Told
from ml_connector_dagster_tests.sources.xero import payloads
from ml_connector_dagster_tests.sources.xero.fake_xero import TENANT, FakeXero

OCTOBER = Period(2026, 10)


def read(company: XeroCompany, entity: str, period=OCTOBER):
    return list(company.read(SOURCE.entity(entity), period))


def ids(pages):
    return [row[0] for page in pages for row in page.rows]


def asked(http, endpoint):
    return [one for one in http.asked if one.path.endswith(f"/{endpoint}")]


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (1000, 1), (1001, 2), (2500, 3)])
def test_a_list_is_read_to_its_last_page_and_not_beyond(count, pages):
    company, http = FakeXero({"CreditNotes": [payloads.credit_note() for _ in range(count)]}).open()
    assert len(ids(read(company, "credit_notes"))) == count
    assert len(asked(http, "CreditNotes")) == pages


def test_every_list_of_documents_is_asked_for_in_pages():
    """Without page= Xero answers documents whose LineItems are empty."""
    company, http = FakeXero().open()
    for entity in SOURCE.entities:
        if entity.endpoint and entity.page_size:
            read(company, entity.name)
    for endpoint in ("Invoices", "CreditNotes", "Payments", "BankTransactions", "ManualJournals", "Contacts"):
        assert all(one.params["pageSize"] == "1000" and one.params["page"] == "1" for one in asked(http, endpoint))


@pytest.mark.parametrize(
    ("entity", "endpoint"),
    [("ledger_accounts", "Accounts"), ("tracking", "TrackingCategories"), ("bank_transfers", "BankTransfers")],
)
def test_an_endpoint_without_pages_is_never_paged(entity, endpoint):
    company, http = FakeXero().open()
    read(company, entity)
    assert all("page" not in one.params for one in asked(http, endpoint))


def test_no_order_is_asked_for():
    company, http = FakeXero().open()
    for entity in SOURCE.entities:
        if entity.endpoint:
            read(company, entity.name)
    assert all("order" not in one.params for one in http.asked)


def test_a_period_is_half_open_and_written_without_iso_dates():
    assert within(Period(2026, 12), 'Type=="ACCPAY"') == (
        'Type=="ACCPAY" AND Date>=DateTime(2026,12,01) AND Date<DateTime(2027,01,01)'
    )


def test_the_first_and_the_last_day_belong_to_the_period_and_their_neighbours_do_not():
    days = [date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 31), date(2026, 11, 1)]
    company, _ = FakeXero({"Invoices": [payloads.invoice(day) for day in days]}).open()
    assert [row.document_date for page in read(company, "invoices") for row in page.rows] == days[1:3]


def test_invoices_and_bills_come_from_one_endpoint_and_never_mix():
    company, _ = FakeXero({"Invoices": [payloads.invoice(), payloads.bill()]}).open()
    assert {row.kind for page in read(company, "invoices") for row in page.rows} == {"invoice"}
    assert {row.kind for page in read(company, "bills") for row in page.rows} == {"bill"}


def test_every_status_is_read():
    statuses = ["DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "VOIDED", "DELETED"]
    company, http = FakeXero({"Invoices": [payloads.invoice(Status=status) for status in statuses]}).open()
    assert [row.status for page in read(company, "invoices") for row in page.rows] == statuses
    assert all("Statuses" not in one.params and "Status" not in one.params["where"] for one in asked(http, "Invoices"))


def test_every_call_names_the_organisation():
    company, http = FakeXero().open()
    read(company, "invoices")
    assert {one.headers["xero-tenant-id"] for one in http.asked} == {TENANT}
    assert {one.headers["Accept"] for one in http.asked} == {"application/json"}


def test_archived_contacts_options_and_deleted_transfers_are_asked_for():
    company, http = FakeXero().open()
    for entity in ("customers", "tracking", "bank_transfers"):
        read(company, entity)
    assert asked(http, "Contacts")[0].params["includeArchived"] == "true"
    assert all(one.params["includeArchived"] == "true" for one in asked(http, "TrackingCategories"))
    assert asked(http, "BankTransfers")[0].params["includeDeleted"] == "true"


def test_a_contact_without_a_flag_is_on_both_sides():
    """Spent and received money sets no flag: the member must exist wherever a line may name it."""
    company, _ = FakeXero().open()
    assert set(ids(read(company, "customers"))) == {payloads.CUSTOMER, payloads.STRANGER}
    assert set(ids(read(company, "vendors"))) == {payloads.VENDOR, payloads.STRANGER}


def test_a_contact_with_both_flags_is_on_both_sides():
    both = payloads.contact(IsSupplier=True)
    company, _ = FakeXero({"Contacts": [both]}).open()
    assert ids(read(company, "customers")) == ids(read(company, "vendors")) == [payloads.CUSTOMER]


@pytest.mark.parametrize("day", [date(2026, 9, 30), date(2026, 11, 1)])
def test_an_ignored_date_filter_is_refused_and_not_staged(day):
    xero = FakeXero()
    outside = payloads.invoice(day)
    xero.instead["Invoices"] = Told({"Invoices": [outside], "pagination": {"page": 1, "pageCount": 1, "itemCount": 1}})
    with pytest.raises(RequestRejected, match="ignored the filter"):
        read(xero.open()[0], "invoices")


def test_an_ignored_type_filter_is_refused_and_not_staged():
    xero = FakeXero()
    xero.instead["Invoices"] = Told(
        {"Invoices": [payloads.bill()], "pagination": {"page": 1, "pageCount": 1, "itemCount": 1}}
    )
    with pytest.raises(RequestRejected, match="asked for invoices"):
        read(xero.open()[0], "invoices")


def test_a_page_that_repeats_itself_stops_the_reading():
    xero = FakeXero()
    always = {"pagination": {"page": 1, "pageCount": 9, "itemCount": 9}}
    xero.instead["ManualJournals"] = Told({"ManualJournals": [payloads.journal()]} | always)
    company, http = xero.open()
    with pytest.raises(RequestRejected):
        read(company, "manual_journals")
    assert len(asked(http, "ManualJournals")) == 2


def test_a_record_edited_while_paging_is_read_once():
    """An edit moves the record to the end: it comes again on a later page, and another slips over the edge."""
    records = [payloads.credit_note() for _ in range(1500)]
    xero = FakeXero({"CreditNotes": records})

    def edit(endpoint, number):
        if endpoint == "CreditNotes" and number == 2 and records[0] is not None:
            records.append(records.pop(0))
            xero.before_page = lambda endpoint, number: None

    xero.before_page = edit
    found = ids(read(xero.open()[0], "credit_notes"))
    assert len(found) == len(set(found)) == 1500
    assert set(found) == {record["CreditNoteID"] for record in records}


def test_a_record_that_left_the_list_while_paging_hides_no_other():
    records = [payloads.credit_note() for _ in range(1500)]
    xero = FakeXero({"CreditNotes": records})

    def move(endpoint, number):
        if endpoint == "CreditNotes" and number == 2 and len(records) == 1500:
            records[0] |= {"Date": payloads.slashed(date(2026, 9, 1))}
            xero.before_page = lambda endpoint, number: None

    xero.before_page = move
    found = ids(read(xero.open()[0], "credit_notes"))
    assert {record["CreditNoteID"] for record in records[1:]} <= set(found)


def test_a_record_that_left_and_one_that_came_leave_no_count_behind_but_a_stamp():
    records = [payloads.credit_note() for _ in range(1500)]
    xero = FakeXero({"CreditNotes": records})
    now = payloads.slashed(date(2026, 11, 21))

    def swap(endpoint, number):
        if endpoint == "CreditNotes" and number == 2:
            records[0] |= {"Date": payloads.slashed(date(2026, 9, 1))}
            records.append(payloads.credit_note(UpdatedDateUTC=now))
            xero.before_page = lambda endpoint, number: None

    xero.before_page = swap
    company, http = xero.open()
    pages = company.read(SOURCE.entity("credit_notes"), OCTOBER)
    found = set()
    with pytest.raises(TemporarilyRefused):  # the fake's clock stands still, so the stamp stays younger than every pass
        for page in pages:
            found |= {row[0] for row in page.rows}
    assert {record["CreditNoteID"] for record in records[1:]} <= found
    assert len(asked(http, "CreditNotes")) == 6


def test_a_list_that_never_holds_still_is_not_published():
    xero = FakeXero()
    counted = {"pagination": {"page": 1, "pageCount": 1, "itemCount": 2}}
    xero.instead["CreditNotes"] = Told({"CreditNotes": [payloads.credit_note()]} | counted)
    with pytest.raises(TemporarilyRefused, match="moved each of 3 times"):
        read(xero.open()[0], "credit_notes")


def test_a_refused_record_keeps_its_bytes_and_the_others_are_read():
    broken = payloads.invoice(Status="NOVEL")
    company, _ = FakeXero({"Invoices": [payloads.invoice(), broken]}).open()
    (page,) = read(company, "invoices")
    assert (page.read, len(page.rows), [one.record_id for one in page.refused]) == (2, 1, [broken["InvoiceID"]])
    assert broken["InvoiceID"].encode() in page.refused[0].raw


def test_drift_is_counted_on_the_page():
    company, _ = FakeXero({"Invoices": [payloads.invoice(Sparkle=1)]}).open()
    assert read(company, "invoices")[0].unknown_fields == {"Invoice.Sparkle": 1}


def test_what_the_company_says_of_itself_is_asked_once():
    company, http = FakeXero().open()
    for entity in ("invoices", "bills", "payments"):
        read(company, entity)
    assert company.company() is company.company()
    assert (
        len(asked(http, "Organisation")) == len(asked(http, "TaxRates")) == len(asked(http, "TrackingCategories")) == 1
    )


def test_the_later_of_both_lock_dates_counts():
    dates = {
        "PeriodLockDate": payloads.slashed(date(2026, 9, 30)),
        "EndOfYearLockDate": payloads.slashed(date(2026, 3, 31)),
    }
    company = FakeXero(**dates).open()[0].company()
    assert (company.lock_on, company.base_currency, company.fiscal_year_end_month) == (date(2026, 9, 30), "GBP", 3)
    assert (company.time_zone, company.name) == ("Europe/London", "Boatyard Books")
    assert FakeXero().open()[0].company().lock_on is None


def test_another_organisation_than_the_configured_one_is_refused():
    with pytest.raises(RequestRejected, match="Figures of another company"):
        FakeXero(OrganisationID="elsewhere").open()[0].company()


def test_invoices_are_fetched_by_id_forty_a_call():
    found = [payloads.invoice(date(2025, 1, 1)) for _ in range(85)]
    company, http = FakeXero({"Invoices": found}).open()
    wanted = [record["InvoiceID"] for record in found]
    pages = list(company.read_ids(SOURCE.entity("invoices"), wanted))
    assert sorted(ids(pages)) == sorted(wanted)
    assert [len(one.params["IDs"].split(",")) for one in asked(http, "Invoices")] == [40, 40, 5]


def test_other_records_are_fetched_one_by_one_and_gone_ones_are_absent():
    note = payloads.credit_note()
    company, _ = FakeXero({"CreditNotes": [note]}).open()
    pages = list(company.read_ids(SOURCE.entity("credit_notes"), [note["CreditNoteID"], "gone"]))
    assert ids(pages) == [note["CreditNoteID"]]


def test_a_refusal_while_fetching_by_id_is_no_gone_record():
    xero = FakeXero()
    xero.instead["CreditNotes"] = Told(b"", 403)
    with pytest.raises(CredentialRefused):
        list(xero.open()[0].read_ids(SOURCE.entity("credit_notes"), ["x"]))
    xero.instead["CreditNotes"] = Told(b"", 400)
    with pytest.raises(RequestRejected):
        list(xero.open()[0].read_ids(SOURCE.entity("credit_notes"), ["x"]))


def test_an_allocation_that_left_its_period_is_gone():
    company, http = FakeXero().open()
    assert list(company.read_ids(SOURCE.entity("allocations"), ["a"])) == []
    assert http.calls == 0


def test_an_allocation_is_found_through_an_older_credit_that_it_moved():
    target = payloads.invoice()
    moved = {"UpdatedDateUTC": payloads.slashed(date(2026, 10, 9))}
    given = [payloads.allocation(date(2026, 10, 9), 60, target), payloads.allocation(date(2026, 11, 9), 60, target)]
    older = payloads.prepayment(date(2026, 3, 1), Allocations=given, **moved)
    untouched = payloads.prepayment(
        date(2026, 3, 1),
        Allocations=[payloads.allocation(date(2026, 3, 2), 120, target)],
        UpdatedDateUTC=payloads.slashed(date(2026, 3, 2)),
    )
    company, http = FakeXero({"Prepayments": [older, untouched]}).open()
    pages = read(company, "allocations")
    assert ids(pages) == [given[0]["AllocationID"]]
    (call,) = asked(http, "Prepayments")
    assert call.headers["If-Modified-Since"] == "2026-10-01T00:00:00Z"
    assert call.params["where"] == "Date<DateTime(2026,11,01)"


def test_an_allocation_that_cannot_be_read_is_refused_with_its_credit():
    given = payloads.allocation(date(2026, 10, 9), 60, {"InvoiceID": ""})
    credit = payloads.credit_note(Allocations=[given], UpdatedDateUTC=payloads.slashed(date(2026, 10, 9)))
    company, _ = FakeXero({"CreditNotes": [credit]}).open()
    refused = [one for page in read(company, "allocations") for one in page.refused]
    assert [one.record_id for one in refused] == [credit["CreditNoteID"]]
