"""Every record that the sandbox's QuickBooks answers, judged by Intuit's own XSDs."""

import json

import pytest

from ml_connector_dagster.sandbox.quickbooks_online.records import NAME_ENTITIES, TXN_ENTITIES, UNTRACKED_ENTITIES
from ml_connector_dagster_tests.contract.intuit_schema import intuit_schema
from ml_connector_dagster_tests.sandbox.quickbooks_online.conftest import OCTOBER

READ = (*TXN_ENTITIES, *(name for name in (*NAME_ENTITIES, *UNTRACKED_ENTITIES) if name != "TimeActivity"))


def judged(type_name, value):
    return list(intuit_schema().faults(type_name, value))


@pytest.mark.parametrize("entity", READ)
def test_every_record_has_only_properties_that_the_schema_knows(quickbooks, entity):
    where = "" if entity in TXN_ENTITIES else " WHERE Active IN (true, false)"
    records = quickbooks.query(f"SELECT * FROM {entity}{where} MAXRESULTS 1000")[entity]
    assert records
    wrong = {fault for record in records for fault in judged(entity, record)}
    assert not wrong


@pytest.mark.parametrize("entity", ["CompanyInfo", "Preferences"])
def test_company_and_preferences_fit_the_schema(quickbooks, entity):
    assert not judged(entity, quickbooks.query(f"SELECT * FROM {entity}")[entity][0])


def test_a_deleted_stub_fits_the_schema(changing):
    document = changing.control("late-document", date="2026-10-06", amount="1.00")["document"]
    since = changing.read("Bill", document)["MetaData"]["LastUpdatedTime"]
    changing.control("delete", document=document)
    body = changing.get("cdc", entities="Bill,Class", changedSince=since)
    stub = body["CDCResponse"][0]["QueryResponse"][0]["Bill"][-1]
    assert stub["status"] == "Deleted"
    assert not judged("Bill", stub)


@pytest.mark.parametrize("name", ["TrialBalance", "ProfitAndLoss", "BalanceSheet", "GeneralLedger"])
def test_a_report_fits_the_schema_of_reports(quickbooks, name):
    """ColType is an enumeration there; the general ledger answers its column keys instead, as QuickBooks does."""
    faults = judged("Report", quickbooks.get(f"reports/{name}", **OCTOBER))
    assert not [fault for fault in faults if ".ColType" not in fault]


def test_the_judge_finds_what_is_wrong(quickbooks):
    bill = quickbooks.query("SELECT * FROM Bill MAXRESULTS 1")["Bill"][0]
    spoiled = json.loads(json.dumps(bill, default=str))
    spoiled["Line"][0]["DetailType"] = "BananaLineDetail"
    spoiled["VendorRef"]["title"] = "x"
    spoiled["LinkedTxn"] = {"TxnId": "1"}
    spoiled["Supplier"] = "x"
    found = " ".join(judged("Bill", spoiled))
    for name in ("DetailType", "VendorRef.title", "LinkedTxn", "Supplier"):
        assert name in found
