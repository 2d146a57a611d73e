import copy

import pytest

from ml_connector_dagster.sandbox.anaplan.demo_model import demo_model
from ml_connector_dagster_tests.sandbox.anaplan.desk import W, counts

ACTUALS = "Actuals from Xero"


def variant(desk, **changed):
    """The demo model with other options on the actuals import."""
    definition = copy.deepcopy(demo_model())
    entry = next(entry for entry in definition["imports"] if entry["name"] == ACTUALS)
    entry.update(changed)
    desk.control("/anaplan/models", definition)
    desk.set_up_lists()
    return desk


def test_rows_land_to_the_cent(stocked):
    result = stocked.actuals("UK,Actual,2026-10-01,200,C1,N,1234567.89", "UK,Actual,2026-10-01,200,C2,N,-0.01")
    assert (result["successful"], result["failureDumpAvailable"]) == (True, False)
    assert result["details"][0]["type"] == "lineItemRowsProcessed"
    assert counts(result)["totalRowCount"] == "2"
    assert stocked.amount("UK", "Oct 26") == "1234567.89"
    assert stocked.amount("UK", "Oct 26", customer="C2") == "-0.01"


def test_several_rows_for_one_cell_add_up_within_a_run_and_not_across_runs(stocked):
    rows = ["UK,Actual,2026-10-01,200,C1,N,10.10", "UK,Actual,2026-10-01,200,C1,N,0.20"]
    for _ in range(2):
        stocked.actuals(*rows)
        assert stocked.amount("UK", "Oct 26") == "10.30"


def test_what_is_not_in_the_file_is_cleared_inside_the_region(stocked):
    stocked.actuals("UK,Actual,2026-10-01,200,C1,N,5", "UK,Actual,2026-10-01,400,C2,S,7")
    stocked.actuals("UK,Actual,2026-10-01,200,C1,N,6")
    assert stocked.amount("UK", "Oct 26", account="400", customer="C2", region="S") == "0"


def test_another_entity_and_another_month_stay(stocked):
    stocked.actuals("UK,Actual,2026-09-01,200,C1,N,1")
    stocked.actuals("IE,Actual,2026-10-01,200,C1,N,2")
    stocked.actuals("UK,Actual,2026-10-01,200,C1,N,3")
    assert [stocked.amount("UK", "Sep 26"), stocked.amount("IE", "Oct 26")] == ["1", "2"]


def test_the_cleared_region_is_the_cross_product_of_the_members_present(stocked):
    """A sparse delta of (UK, Sep) and (IE, Oct) wipes (UK, Oct) and (IE, Sep)."""
    stocked.actuals("UK,Actual,2026-10-01,200,C1,N,1", "IE,Actual,2026-09-01,200,C1,N,2")
    stocked.actuals("UK,Actual,2026-09-01,200,C1,N,3", "IE,Actual,2026-10-01,200,C1,N,4")
    assert [stocked.amount("UK", "Oct 26"), stocked.amount("IE", "Sep 26")] == ["0", "0"]
    assert [stocked.amount("UK", "Sep 26"), stocked.amount("IE", "Oct 26")] == ["3", "4"]


def test_without_clearing_old_cells_stay(desk):
    variant(desk, clear={})
    desk.actuals("UK,Actual,2026-10-01,400,C1,N,5")
    desk.actuals("UK,Actual,2026-10-01,200,C1,N,6")
    assert desk.amount("UK", "Oct 26", account="400") == "5"


def test_all_items_on_a_dimension_wipes_the_other_entities(desk):
    clear = dict.fromkeys(("Entities", "Versions", "Accounts", "Customers", "Regions"), "all")
    variant(desk, clear={**clear, "Time": "in_file"})
    desk.actuals("IE,Actual,2026-10-01,200,C1,N,5")
    desk.actuals("UK,Actual,2026-10-01,200,C1,N,6")
    assert desk.amount("IE", "Oct 26") == "0"


def test_in_file_on_accounts_leaves_the_accounts_that_the_file_does_not_name(desk):
    names = ("Entities", "Versions", "Time", "Accounts", "Customers", "Regions")
    variant(desk, clear=dict.fromkeys(names, "in_file"))
    desk.actuals("UK,Actual,2026-10-01,400,C1,N,5")
    desk.actuals("UK,Actual,2026-10-01,200,C1,N,6")
    assert desk.amount("UK", "Oct 26", account="400") == "5"


def test_a_file_without_rows_clears_nothing(stocked):
    stocked.actuals("UK,Actual,2026-10-01,200,C1,N,5")
    result = stocked.actuals()
    assert (result["successful"], counts(result)["totalRowCount"]) == (True, "0")
    assert stocked.amount("UK", "Oct 26") == "5"


def test_a_zero_row_empties_its_cell(stocked):
    stocked.actuals("UK,Actual,2026-10-01,200,C1,N,5")
    stocked.actuals("UK,Actual,2026-10-01,200,C1,N,0")
    assert stocked.amount("UK", "Oct 26") == "0"


def test_a_partly_failed_import_is_successful_with_a_dump(stocked):
    result = stocked.actuals(
        "UK,Actual,2026-10-01,200,C1,N,5",
        "UK,Actual,2026-10-01,999,C1,N,6",
        "UK,Actual,2031-10-01,200,C1,N,7",
        "UK,Actual,October,200,C1,N,7",
        "UK,Actual,2026-10-01,200,C1,N,junk",
        'UK,Actual,2026-10-01,200,C1,N,"1,000.00"',
        "UK,Actual,2026-10-01,200,C1,N,1e3",
    )
    assert (result["successful"], result["failureDumpAvailable"]) == (True, True)
    assert result["details"][0]["type"] == "lineItemRowsProcessedWithFailures"
    values = counts(result)
    assert (values["failedCount"], values["successRowCount"], values["totalRowCount"]) == ("6", "1", "7")
    assert stocked.amount("UK", "Oct 26") == "5"


def test_rows_at_aggregates_are_ignored_and_leave_no_dump(stocked):
    stocked.model.list_named("Customers").find("C1")
    parent = stocked.model.list_named("Customers").by_code("C1")
    stocked.model.list_named("Customers").create("Below Cole", "C1-1", parent)
    result = stocked.actuals("UK,Actual,2026-10-01,200,C1,N,5", "UK,Actual,2026-10-01,200,C2,N,6")
    assert (result["failureDumpAvailable"], counts(result)["ignoredCount"]) == (False, "1")
    assert "1 ignored" in result["details"][0]["localMessageText"]
    assert stocked.amount("UK", "Oct 26") == "0"


def test_rows_at_a_locked_version_or_a_calculated_line_item_are_ignored(desk):
    definition = copy.deepcopy(demo_model())
    definition["versions"][0]["locked"] = True
    definition["modules"][1]["line_items"][0]["calculated"] = True
    desk.control("/anaplan/models", definition)
    desk.set_up_lists()
    assert counts(desk.actuals("UK,Actual,2026-10-01,200,C1,N,5"))["ignoredCount"] == "1"
    balances = desk.load("Balances from Xero", "Entity,Version,Period,Account,Amount\nUK,Budget,2026-10-01,200,5\n")
    assert (counts(balances)["ignoredCount"], balances["failureDumpAvailable"]) == ("1", False)


def test_rows_outside_a_versions_edit_window_are_ignored(desk):
    definition = copy.deepcopy(demo_model())
    definition["versions"][0] |= {"edit_from": "2026-04-01", "edit_to": "2026-10-01"}
    desk.control("/anaplan/models", definition)
    desk.set_up_lists()
    rows = [f"UK,Actual,{month},200,C1,N,5" for month in ("2026-03-01", "2026-04-01", "2026-10-31", "2026-11-01")]
    assert counts(desk.actuals(*rows))["ignoredCount"] == "2"
    assert [desk.amount("UK", month) for month in ("Mar 26", "Apr 26", "Oct 26", "Nov 26")] == ["0", "5", "5", "0"]
    shown = desk.get(f"{W}/versions").json()["versionMetadata"][0]
    assert (shown["editFrom"]["periodText"], shown["editTo"]["date"]) == ("Apr 26", "2026-10-01")


def test_a_renamed_dimension_column_fails_the_whole_import(stocked):
    text = "Entity,Version,Period,Ledger Account,Customer,Region,Amount\nUK,Actual,2026-10-01,200,C1,N,5\n"
    result = stocked.load(ACTUALS, text)
    assert (result["successful"], result["details"][0]["type"]) == (False, "missingFields")


def test_a_renamed_amount_column_is_silently_unmapped(stocked):
    text = "Entity,Version,Period,Account,Customer,Region,Value\nUK,Actual,2026-10-01,200,C1,N,5\n"
    result = stocked.load(ACTUALS, text)
    assert result["successful"]
    assert stocked.amount("UK", "Oct 26") == "0"


def test_a_blank_number_writes_nothing(stocked):
    stocked.actuals("UK,Actual,2026-10-01,200,C1,N,5")
    result = stocked.actuals("UK,Actual,2026-10-01,200,C1,N,")
    assert counts(result)["ignoredCount"] == "1"
    assert stocked.amount("UK", "Oct 26") == "5"


@pytest.mark.parametrize(
    ("time_format", "text", "other"),
    [("iso_date", "2026-10-31", "Oct 26"), ("yyyymmdd", "20261001", "2026-10-01"), ("mmm_yy", "Oct 26", "oct 26")],
)
def test_time_is_read_as_the_mapping_says(desk, time_format, text, other):
    definition = demo_model()
    columns = next(entry for entry in definition["imports"] if entry["name"] == ACTUALS)["columns"]
    variant(desk, columns={**columns, "Period": {"dimension": "Time", "time_format": time_format}})
    result = desk.actuals(f"UK,Actual,{text},200,C1,N,5", f"UK,Actual,{other},200,C1,N,7")
    assert counts(result)["failedCount"] == "1"
    assert desk.amount("UK", "Oct 26") == "5"


def test_a_version_may_be_fixed_or_asked_for_at_run_time(desk):
    columns = next(entry for entry in demo_model()["imports"] if entry["name"] == ACTUALS)["columns"]
    kept = {name: column for name, column in columns.items() if name != "Version"}
    variant(desk, columns=kept, fixed={"Versions": "Budget"}, prompts={"Versions": "Version"})
    text = "Entity,Period,Account,Customer,Region,Amount\nUK,2026-10-01,200,C1,N,5\n"
    desk.load(ACTUALS, text)
    assert desk.amount("UK", "Oct 26") == "0"
    desk.load(ACTUALS, text, mappingParameters=[{"entityType": "Version", "entityName": "Actual"}])
    assert desk.amount("UK", "Oct 26") == "5"


def test_a_prompt_without_an_answer_fails(desk):
    columns = next(entry for entry in demo_model()["imports"] if entry["name"] == ACTUALS)["columns"]
    kept = {name: column for name, column in columns.items() if name != "Version"}
    variant(desk, columns=kept, prompts={"Versions": "Version"})
    result = desk.load(ACTUALS, "Entity,Period,Account,Customer,Region,Amount\nUK,2026-10-01,200,C1,N,5\n")
    assert (result["successful"], result["details"][0]["type"]) == (False, "failedToLocateEntity")


def test_a_torn_quote_and_a_wrong_encoding_fail_the_whole_import(stocked):
    text = 'Entity,Version,Period,Account,Customer,Region,Amount\nUK,Actual,2026-10-01,200,C1,N,"5\n'
    assert stocked.load(ACTUALS, text)["details"][0]["type"] == "unmatchedTextDelimiter"
    file = stocked.file_of(ACTUALS)
    stocked.post(f"{W}/files/{file}", {"chunkCount": 1})
    stocked.put_chunk(file, 0, "Entität".encode("latin-1"), "application/octet-stream")
    assert stocked.run("imports", ACTUALS)["result"]["details"][0]["type"] == "importFailedGeneralError"


def test_a_process_list_and_module_import_share_one_file(stocked):
    header = "Document,Entity,Customer,Number,Date,Due,Status,Amount,Transaction,Loaded,Active"
    text = f"{header}\nI-1,UK,C1,INV-1,2026-10-01,2026-10-31,PAID,10.50,x,2026-11-01,yes\n"
    result = stocked.load_process("Invoices from Xero", text)
    assert [nested["successful"] for nested in result["nestedResults"]] == [True, True]
    read = stocked.model.read
    assert str(read("Invoice Register", "Amount", {"Invoices": "I-1"})) == "10.50"
    assert read("Invoice Register", "Active", {"Invoices": "I-1"}) is True
    assert read("Invoice Register", "Status", {"Invoices": "I-1"}) == "PAID"


def test_a_bad_value_beside_good_ones_is_a_warning(stocked):
    header = "Document,Entity,Customer,Number,Date,Due,Status,Amount,Transaction,Loaded,Active"
    text = f"{header}\nI-1,UK,C1,INV-1,sometime,2026-10-31,PAID,10.50,x,2026-11-01,maybe\n"
    result = stocked.load_process("Invoices from Xero", text)
    assert counts(result, nested=1)["warningsRowCount"] == "1"
    assert str(stocked.model.read("Invoice Register", "Amount", {"Invoices": "I-1"})) == "10.50"
