"""The query endpoint: its grammar, its pages, its refusals, and reads by id (quickbooks_online.md 3 and 4)."""

import pytest

from ml_connector_dagster.sandbox.quickbooks_online.company import REALM_ID
from ml_connector_dagster_tests.sandbox.quickbooks_online.conftest import IN_OCTOBER


def ids(page, entity):
    return [record["Id"] for record in page.get(entity, [])]


def test_a_page_is_100_by_default_and_1000_at_most(quickbooks):
    assert len(quickbooks.query("SELECT * FROM Invoice")["Invoice"]) == 100
    full = quickbooks.query("select * from invoice maxresults 1000")
    assert (len(full["Invoice"]), full["startPosition"], full["maxResults"]) == (1000, 1, 1000)
    assert "totalCount" not in full
    rest = quickbooks.query("SELECT * FROM Invoice STARTPOSITION 1001 MAXRESULTS 1000")
    assert (rest["startPosition"], rest["maxResults"]) == (1001, len(rest["Invoice"]))
    total = quickbooks.query("SELECT COUNT(*) FROM Invoice")
    assert total == {"totalCount": 1000 + len(rest["Invoice"])}
    assert not set(ids(full, "Invoice")) & set(ids(rest, "Invoice"))


def test_nothing_found_has_no_entity_key(quickbooks):
    assert quickbooks.query("SELECT * FROM Invoice WHERE TxnDate > '2031-01-01'") == {}
    assert quickbooks.query("SELECT * FROM TimeActivity") == {}


def test_a_closed_window_of_stamps_finds_each_record_once(quickbooks):
    every = quickbooks.every("Bill", IN_OCTOBER)
    stamp = sorted(bill["MetaData"]["LastUpdatedTime"] for bill in every)[len(every) // 2]
    asked = "SELECT * FROM Bill WHERE {} AND MetaData.LastUpdatedTime {} '{}' ORDERBY MetaData.LastUpdatedTime ASC"
    before, after = (quickbooks.query(asked.format(IN_OCTOBER, sign, stamp)) for sign in ("<", ">="))
    assert sorted(ids(before, "Bill") + ids(after, "Bill")) == sorted(bill["Id"] for bill in every)
    stamps = [bill["MetaData"]["LastUpdatedTime"] for bill in after["Bill"]]
    assert stamps == sorted(stamps)
    assert all(text[-6:] in {"-07:00", "-08:00"} for text in stamps)


def test_without_an_order_the_newest_id_comes_first(quickbooks):
    found = [int(record_id) for record_id in ids(quickbooks.query("SELECT * FROM Purchase"), "Purchase")]
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize("entity", ["Account", "Customer", "Vendor", "Item"])
def test_inactive_entries_show_only_to_who_asks_for_them(quickbooks, entity):
    active = quickbooks.query(f"SELECT * FROM {entity} MAXRESULTS 1000")[entity]
    whole = quickbooks.query(f"SELECT * FROM {entity} WHERE Active IN (true, false) MAXRESULTS 1000")[entity]
    gone = [entry for entry in whole if not entry["Active"]]
    assert len(whole) == len(active) + len(gone)
    assert all((entry.get("DisplayName") or entry["Name"]).endswith(" (deleted)") for entry in gone)
    assert gone
    assert quickbooks.read(entity, gone[0]["Id"])["Active"] is False


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ("Id = '46'", {"46"}),
        ("Id IN ('46', '47')", {"46", "47"}),
        ("Name LIKE 'Strat%'", {"46"}),
        ("name = 'STRATEGY'", {"46"}),
        ("AccountType = 'Accounts Receivable'", {"84", "85", "88"}),
        ("Active = false", {"63"}),
    ],
)
def test_conditions_are_read_without_regard_to_case(quickbooks, where, fits):
    assert set(ids(quickbooks.query(f"select * from Account where {where}"), "Account")) == fits


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELECT * FROM Invoice STARTPOSITION 0", "4001"),
        ("SELECT * FROM Invoice MAXRESULTS 1001", "4001"),
        ("SELECT * FROM Invoice WHERE PrivateNote = 'x'", "4001"),
        ("SELECT * FROM Invoice WHERE TxnDate = 'soon'", "4001"),
        ("SELECT * FROM Invoice WHERE Id > '7'", "4001"),
        ("SELECT * FROM Journal", "4001"),
        ("SELECT * FROM Invoice ORDERBY Line", "4001"),
        ("SELECT * FROM Invoice WHERE Id = '1' OR Id = '2'", "4000"),
        ("SELECT Id FROM Invoice", "4000"),
        ("SELECT * FROM Invoice WHERE Id = 7", "4000"),
        ("SELECT * FROM Invoice WHERE DocNumber ! '7'", "4000"),
        ("SELECT * FROM Invoice GROUP BY TxnDate", "4000"),
        ("DELETE FROM Invoice", "4000"),
        ("", "4000"),
    ],
)
def test_what_the_grammar_lacks_is_refused(quickbooks, statement, code):
    error = quickbooks.fault("query", query=statement)
    assert error["code"] == code
    assert set(error) == {"Message", "Detail", "code", "element"}


def test_a_quote_in_a_value_is_written_with_a_backslash(quickbooks):
    assert quickbooks.query(r"SELECT * FROM Customer WHERE DisplayName = 'O\'Hara'") == {}


def test_a_query_may_be_posted_as_text(quickbooks):
    headers = {"Authorization": f"Bearer {quickbooks.token['access_token']}", "Accept": "application/json"}
    path, statement = f"/quickbooks_online/v3/company/{REALM_ID}/query", "SELECT COUNT(*) FROM Invoice"
    posted = quickbooks.http.post(path, content=statement, headers=headers | {"Content-Type": "application/text"})
    assert posted.json()["QueryResponse"] == quickbooks.query(statement)
    assert quickbooks.http.post(path, json=statement, headers=headers).status_code == 400


def test_a_fault_can_stand_inside_the_answer(changing):
    changing.control("settings", faults_inside=1)
    assert changing.query("SELECT * FROM Nothing")["Fault"]["Error"][0]["code"] == "4001"
    assert changing.fault("query", query="SELECT * FROM Nothing")["code"] == "4001"


def test_reading_by_id_knows_deleted_and_foreign_ids_as_code_610(changing):
    bill = changing.question("documents", first="2026-10-01", last="2026-10-31")["unpaid_bills"][0]
    assert changing.read("Bill", bill)["Id"] == bill
    assert changing.fault(f"invoice/{bill}")["code"] == "610"
    changing.control("delete", document=bill)
    assert changing.fault(f"bill/{bill}")["code"] == "610"
    assert changing.query(f"SELECT * FROM Bill WHERE Id = '{bill}'") == {}


def test_company_and_preferences_tell_what_a_connector_needs(quickbooks):
    company = quickbooks.get(f"companyinfo/{REALM_ID}")["CompanyInfo"]
    assert (company["FiscalYearStartMonth"], company["Country"]) == ("January", "US")
    assert quickbooks.query("SELECT * FROM CompanyInfo")["CompanyInfo"][0] == company
    preferences = quickbooks.get("preferences")["Preferences"]
    assert preferences["CurrencyPrefs"] == {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "USD"}}
    assert preferences["AccountingInfoPrefs"]["ClassTrackingPerTxnLine"] is True
    assert quickbooks.query("SELECT * FROM Preferences")["Preferences"][0] == preferences
    assert quickbooks.fault("companyinfo/1")["code"] == "610"
