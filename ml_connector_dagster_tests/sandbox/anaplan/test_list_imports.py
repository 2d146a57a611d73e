import copy

import pytest

from ml_connector_dagster.sandbox.anaplan.demo_model import demo_model
from ml_connector_dagster_tests.sandbox.anaplan.desk import counts

ACCOUNTS = "Accounts from Xero"
HEADER = "Code,Name,Active,Class\n"


def accounts(desk) -> dict[str, str]:
    return {item.code: item.name for item in desk.model.list_named("Accounts").items()}


def variant(desk, **changed):
    definition = copy.deepcopy(demo_model())
    next(entry for entry in definition["imports"] if entry["name"] == ACCOUNTS).update(changed)
    desk.control("/anaplan/models", definition)
    return desk


def test_unknown_codes_create_items_and_known_ones_update_them(desk):
    first = desk.load(ACCOUNTS, HEADER + "200,Sales,yes,REVENUE\n400,Rent,yes,EXPENSE\n")
    assert (counts(first)["createdCount"], counts(first)["updatedCount"]) == ("2", "0")
    second = desk.load(ACCOUNTS, HEADER + "200,Turnover,no,REVENUE\n")
    assert (counts(second)["createdCount"], counts(second)["updatedCount"]) == ("0", "1")
    assert counts(second)["renamedCount"] == "1"
    assert accounts(desk) == {"200": "Turnover", "400": "Rent"}
    assert desk.model.list_named("Accounts").by_code("200").properties == {"Active": "false", "Class": "REVENUE"}


def test_items_missing_from_the_file_are_never_removed(desk):
    desk.load(ACCOUNTS, HEADER + "200,Sales,yes,REVENUE\n400,Rent,yes,EXPENSE\n")
    desk.load(ACCOUNTS, HEADER + "400,Rent,yes,EXPENSE\n")
    assert set(accounts(desk)) == {"200", "400"}


def test_a_renamed_item_keeps_its_cells(stocked):
    stocked.actuals("UK,Actual,2026-10-01,200,C1,N,5")
    stocked.load(ACCOUNTS, HEADER + "200,Turnover,yes,REVENUE\n")
    assert stocked.amount("UK", "Oct 26") == "5"


def test_a_second_occurrence_of_a_key_is_left_out(desk):
    result = desk.load(ACCOUNTS, HEADER + "200,Sales,yes,REVENUE\n200,Again,yes,REVENUE\n")
    assert (counts(result)["ignoredCount"], result["failureDumpAvailable"]) == ("1", False)
    assert accounts(desk) == {"200": "Sales"}


def test_a_duplicate_key_may_reject_the_entire_import(desk):
    variant(desk, duplicates="reject")
    result = desk.load(ACCOUNTS, HEADER + "200,Sales,yes,REVENUE\n200,Again,yes,REVENUE\n")
    assert result["details"][0]["type"] == "hierarchyImportDuplicateSourceKey"
    assert accounts(desk) == {}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (",Nameless,yes,X", "Empty key"),
        (f"{'9' * 61},Long,yes,X", "Invalid code"),
        ("#5,Numbered,yes,X", "Invalid code"),
        ("300,Sales,yes,X", "Name or code already exists"),
        ("400,Rent,perhaps,X", "Invalid boolean"),
    ],
)
def test_a_row_that_cannot_be_taken_fails_alone(desk, row, message):
    desk.load(ACCOUNTS, HEADER + "200,Sales,yes,REVENUE\n")
    result = desk.load(ACCOUNTS, HEADER + f"{row}\n500,Fees,yes,EXPENSE\n")
    assert (result["successful"], counts(result)["failedCount"]) == (True, "1")
    assert result["details"][0]["type"] == "hierarchyRowsProcessedWithFailures"
    failures = next(iter(desk.tenant.tasks(desk.model).all()[::-1])).outcome.dump.failures
    assert failures[0].errors[0].startswith(message)
    assert "500" in accounts(desk)


def test_renaming_to_a_name_that_another_item_has_fails(desk):
    desk.load(ACCOUNTS, HEADER + "200,Sales,yes,REVENUE\n400,Rent,yes,EXPENSE\n")
    assert counts(desk.load(ACCOUNTS, HEADER + "400,Sales,yes,EXPENSE\n"))["failedCount"] == "1"


def test_matching_by_name_and_by_name_or_code(desk):
    variant(desk, match="name")
    desk.load(ACCOUNTS, HEADER + "200,Sales,yes,REVENUE\n")
    desk.load(ACCOUNTS, HEADER + "201,Sales,yes,REVENUE\n")
    assert accounts(desk) == {"201": "Sales"}
    clash = desk.load(ACCOUNTS, HEADER + "201,Rent,yes,EXPENSE\n300,Fees,yes,EXPENSE\n201,Fees,yes,EXPENSE\n")
    assert (counts(clash)["failedCount"], accounts(desk)) == ("1", {"201": "Sales", "300": "Fees"})
    variant(desk, match="name_or_code")
    desk.load(ACCOUNTS, HEADER + "200,Sales,yes,REVENUE\n")
    assert counts(desk.load(ACCOUNTS, HEADER + "200,Turnover,yes,REVENUE\n"))["updatedCount"] == "1"


def test_a_missing_key_column_fails_the_import(desk):
    result = desk.load(ACCOUNTS, "Name,Active,Class\nSales,yes,REVENUE\n")
    assert (result["successful"], result["details"][0]["type"]) == (False, "missingFields")


def test_parents_move_items_and_a_blank_parent_removes_them(desk):
    columns = {"Code": {"list_field": "code"}, "Name": {"list_field": "name"}, "Parent": {"list_field": "parent"}}
    variant(desk, columns=columns)
    header = "Code,Name,Parent\n"
    desk.load(ACCOUNTS, header + "P,Profit,\n200,Sales,P\n")
    assert desk.model.list_named("Accounts").by_code("200").parent.code == "P"
    desk.load(ACCOUNTS, header + "200,Sales,\n")
    assert desk.model.list_named("Accounts").by_code("200").parent is desk.model.list_named("Accounts").top
    assert counts(desk.load(ACCOUNTS, header + "201,Fees,Nobody\n"))["failedCount"] == "1"
    desk.load(ACCOUNTS, header + "200,Sales,P\n")
    assert not desk.model.list_named("Accounts").by_code("P").is_leaf


def test_a_file_of_bare_codes_names_items_by_code(desk):
    desk.load("Invoices list from invoices.csv", "Document,Entity\nI-1,UK\n")
    item = desk.model.list_named("Invoices").by_code("I-1")
    assert item.name == "I-1"
