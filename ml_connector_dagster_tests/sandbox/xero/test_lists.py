"""Lists: pages, bare heads without pages, deltas, where, order, statuses, ids."""

from datetime import UTC, datetime

import pytest

from ml_connector_dagster_tests.sandbox.xero.conftest import milliseconds

PAGED = [
    "Invoices",
    "CreditNotes",
    "Payments",
    "Prepayments",
    "Overpayments",
    "BankTransactions",
    "ManualJournals",
    "Contacts",
]
IDS = {"Invoices": "InvoiceID", "Payments": "PaymentID", "BankTransactions": "BankTransactionID"}


@pytest.mark.parametrize("plural", PAGED)
def test_a_page_tells_how_many_there_are(xero, plural):
    body = xero.get(plural, page=1, pageSize=7)
    pagination = body["pagination"]
    assert pagination["page"] == 1
    assert pagination["pageSize"] == 7
    assert pagination["pageCount"] == -(-pagination["itemCount"] // 7)
    assert len(body[plural]) == min(7, pagination["itemCount"])


@pytest.mark.parametrize(("asked", "given"), [("5000", 1000), ("0", 1), ("-3", 1), ("many", 100), (None, 100)])
def test_the_page_size_is_brought_into_range_without_a_word(xero, asked, given):
    query = {"page": 1} | ({"pageSize": asked} if asked is not None else {})
    assert xero.get("Invoices", **query)["pagination"]["pageSize"] == given


def test_page_size_is_spelled_in_one_way_only(xero):
    assert xero.get("Invoices", page=1, page_size=5)["pagination"]["pageSize"] == 100


def test_a_page_after_the_last_is_empty(xero):
    body = xero.get("Invoices", page=999, pageSize=1000)
    assert body["Invoices"] == []
    assert body["pagination"]["page"] == 999


@pytest.mark.parametrize("plural", ["Invoices", "CreditNotes", "BankTransactions", "Prepayments"])
def test_a_list_without_pages_has_no_lines_and_no_pagination(xero, plural):
    body = xero.get(plural)
    assert "pagination" not in body
    assert body[plural]
    assert all(document["LineItems"] == [] for document in body[plural])
    assert all(document["Total"] is not None for document in body[plural])


def test_manual_journals_without_pages_have_no_lines_either(xero):
    assert all(journal["JournalLines"] == [] for journal in xero.get("ManualJournals")["ManualJournals"])


@pytest.mark.parametrize("plural", ["Accounts", "BankTransfers"])
def test_what_does_not_page_ignores_page(xero, plural):
    whole = xero.get(plural)[plural]
    assert xero.get(plural, page=2, pageSize=1)[plural] == whole
    assert "pagination" not in xero.get(plural, page=1)


def test_pages_cover_every_record_once(xero):
    found = [payment["PaymentID"] for payment in xero.every("Payments")]
    assert len(found) == len(set(found))
    assert len(found) == xero.get("Payments", page=1)["pagination"]["itemCount"]


@pytest.mark.parametrize("plural", list(IDS))
def test_the_default_order_is_by_stamp_and_then_id(xero, plural):
    keys = [(milliseconds(entry["UpdatedDateUTC"]), entry[IDS[plural]]) for entry in xero.every(plural)]
    assert keys == sorted(keys)


def test_order_can_be_asked_for(xero):
    dates = [milliseconds(entry["Date"]) for entry in xero.every("Invoices", order="Date DESC")]
    assert dates == sorted(dates, reverse=True)
    assert xero.ask("Invoices", page=1, order="Nonsense").status_code == 400


def test_an_edit_between_pages_moves_a_document_to_the_end_and_shifts_another(fresh):
    """Why a reader must upsert by id and look again after the last page."""
    first = fresh.get("Invoices", tenant="ie", page=1, pageSize=10)
    moved = next(entry for entry in first["Invoices"] if entry["Status"] == "PAID")
    before = fresh.every("Invoices", tenant="ie")
    fresh.control("edit-line", tenant="ie", document=moved["InvoiceID"], description="Edited meanwhile")
    second = fresh.get("Invoices", tenant="ie", page=2, pageSize=10)["Invoices"]
    assert second[0]["InvoiceID"] == before[11]["InvoiceID"], "the eleventh document was skipped"
    assert fresh.every("Invoices", tenant="ie")[-1]["InvoiceID"] == moved["InvoiceID"]


def test_where_narrows_to_a_month(xero):
    clause = "Date>=DateTime(2026,10,01) AND Date<DateTime(2026,11,01)"
    found = xero.every("Invoices", where=clause)
    assert 50 < len(found) < 100
    days = {datetime.fromtimestamp(milliseconds(entry["Date"]) / 1000, UTC).date() for entry in found}
    assert {(day.year, day.month) for day in days} == {(2026, 10)}


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ('Type=="ACCPAY"', lambda entry: entry["Type"] == "ACCPAY"),
        ('Status=="VOIDED" OR Status=="DELETED"', lambda entry: entry["Status"] in {"VOIDED", "DELETED"}),
        ('Type=="ACCREC" && Status!="PAID"', lambda entry: entry["Type"] == "ACCREC" and entry["Status"] != "PAID"),
        ("AmountDue>0", lambda entry: entry["AmountDue"] > 0),
        ('InvoiceNumber.StartsWith("INV-000")', lambda entry: entry["InvoiceNumber"].startswith("INV-000")),
        ('(Type=="ACCPAY") AND (Total>=1000.50)', lambda entry: entry["Type"] == "ACCPAY" and entry["Total"] >= 1000.5),
    ],
)
def test_where_is_a_language(xero, clause, expected):
    everything = xero.every("Invoices")
    assert [entry["InvoiceID"] for entry in xero.every("Invoices", where=clause)] == [
        entry["InvoiceID"] for entry in everything if expected(entry)
    ]


def test_where_knows_guids(xero):
    one = xero.get("Invoices", page=1, pageSize=1)["Invoices"][0]
    contact = one["Contact"]["ContactID"].upper()
    found = xero.every("Invoices", where=f'Contact.ContactID==guid("{contact}")')
    assert one["InvoiceID"] in {entry["InvoiceID"] for entry in found}
    assert {entry["Contact"]["ContactID"] for entry in found} == {contact.lower()}
    assert xero.every("Invoices", where=f'InvoiceId==guid("{one["InvoiceID"]}")') == [one]


@pytest.mark.parametrize(
    "clause",
    [
        'Date>="2026-10-01"',
        "Nonsense==1",
        'Type=="ACCREC',
        "Type",
        "Date>=DateTime(2026,13,01)",
        'Type=="A" "B"',
        "Type==",
    ],
)
def test_a_where_that_cannot_be_read_is_a_query_parse_exception(xero, clause):
    answer = xero.ask("Invoices", page=1, where=clause)
    assert answer.status_code == 400
    assert answer.json()["Type"] == "QueryParseException"


def test_statuses_and_ids_are_comma_lists(xero):
    found = xero.every("Invoices", Statuses="VOIDED,DELETED")
    assert {entry["Status"] for entry in found} == {"VOIDED", "DELETED"}
    ids = [entry["InvoiceID"] for entry in found[:3]]
    assert {entry["InvoiceID"] for entry in xero.every("Invoices", IDs=",".join(ids))} == set(ids)


def test_invoice_numbers_and_contacts_are_comma_lists(xero):
    one = xero.get("Invoices", page=1, where='Type=="ACCREC"')["Invoices"][0]
    assert [entry["InvoiceID"] for entry in xero.every("Invoices", InvoiceNumbers=one["InvoiceNumber"])] == [
        one["InvoiceID"]
    ]
    found = xero.every("Invoices", ContactIDs=one["Contact"]["ContactID"])
    assert {entry["Contact"]["ContactID"] for entry in found} == {one["Contact"]["ContactID"]}


def since(xero, header, plural="BankTransactions"):
    return xero.ask(plural, headers={"If-Modified-Since": header}, page=1, pageSize=1000).json()["pagination"][
        "itemCount"
    ]


def test_if_modified_since_filters_to_the_second(xero):
    stamps = [milliseconds(entry["UpdatedDateUTC"]) for entry in xero.every("BankTransactions")]
    middle = stamps[len(stamps) // 2] // 1000
    moment = datetime.fromtimestamp(middle, UTC)
    expected = sum(1 for stamp in stamps if stamp // 1000 >= middle)
    for written in (f"{moment:%Y-%m-%dT%H:%M:%S}", f"{moment:%Y-%m-%dT%H:%M:%SZ}", f"{moment:%Y-%m-%dT%H:%M:%S}+00:00"):
        assert since(xero, written) == expected


@pytest.mark.parametrize(
    "header", ["Sun, 29 Nov 2026 00:00:00 GMT", "2026-11-29T00:00:00.123Z", "yesterday", "2026-11-29"]
)
def test_a_malformed_if_modified_since_is_ignored_and_returns_everything(xero, header):
    assert since(xero, header) == xero.get("BankTransactions", page=1)["pagination"]["itemCount"]


def test_an_empty_delta_is_an_empty_list_and_no_304(xero):
    answer = xero.ask("Prepayments", headers={"If-Modified-Since": "2090-01-01T00:00:00Z"}, page=1)
    assert answer.status_code == 200
    assert answer.json()["Prepayments"] == []


def test_tracking_categories_know_no_delta(xero):
    headers = {"If-Modified-Since": "2090-01-01T00:00:00Z"}
    assert len(xero.ask("TrackingCategories", headers=headers).json()["TrackingCategories"]) == 2


def test_a_summary_is_paged_and_has_no_lines_in_whatever_case_true_is_written(xero):
    body = xero.get("Invoices", summaryOnly="True")
    assert body["pagination"]["pageSize"] == 100
    assert all(entry["LineItems"] == [] for entry in body["Invoices"])


def test_archived_contacts_come_only_when_asked_for(xero):
    active = xero.every("Contacts")
    everybody = xero.every("Contacts", includeArchived="true")
    assert {entry["ContactStatus"] for entry in active} == {"ACTIVE"}
    archived = [entry for entry in everybody if entry["ContactStatus"] == "ARCHIVED"]
    assert len(archived) == len(everybody) - len(active) == 3
    merged = [entry for entry in archived if "MergedToContactID" in entry]
    assert len(merged) == 1
    assert xero.every("Contacts", IDs=merged[0]["ContactID"]) == merged


def test_archived_tracking_comes_only_when_asked_for(xero):
    shown = xero.get("TrackingCategories")["TrackingCategories"]
    everything = xero.get("TrackingCategories", includeArchived="true")["TrackingCategories"]
    assert [category["Name"] for category in shown] == ["Region", "Practice"]
    assert [category["Name"] for category in everything] == ["Region", "Practice", "Office"]
    assert len(everything[0]["Options"]) == len(shown[0]["Options"]) + 1
    one = everything[0]["TrackingCategoryID"]
    assert xero.get(f"TrackingCategories/{one}")["TrackingCategories"] == [shown[0]]
    assert xero.ask("TrackingCategories/none").status_code == 404


def test_deleted_transfers_come_only_when_asked_for(xero):
    shown = xero.get("BankTransfers")["BankTransfers"]
    everything = xero.get("BankTransfers", includeDeleted="true")["BankTransfers"]
    assert {entry["Status"] for entry in shown} == {"AUTHORISED"}
    assert len(everything) >= len(shown)
