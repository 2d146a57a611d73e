"""What QuickBooks cannot parse is 0x80040400, executes nothing and says no more."""

import pytest

from ml_connector_dagster.sandbox.quickbooks_desktop.com_error import ProcessorError
from ml_connector_dagster_tests.sandbox.quickbooks_desktop.office import HEAD, message

VOID = "<TxnVoidRq><TxnVoidType>JournalEntry</TxnVoidType><TxnID>1-1</TxnID></TxnVoidRq>"
WRONG = {
    "no XML": f"{HEAD}<QBXML>",
    "no version": message("<HostQueryRq/>", head='<?xml version="1.0"?>'),
    "a newer version": message("<HostQueryRq/>", head='<?qbxml version="17.0"?>'),
    "rollbackOnError": message("<HostQueryRq/>", on_error="rollbackOnError"),
    "no onError": f"{HEAD}<QBXML><QBXMLMsgsRq><HostQueryRq/></QBXMLMsgsRq></QBXML>",
    "an unknown attribute": message("<HostQueryRq/>", newmessagesetid="M1"),
    "an unknown request": message("<InvoiceQuery/>"),
    "a request that nobody knows": message("<PizzaQueryRq/>"),
    "a document type": f'{HEAD}<!DOCTYPE QBXML [<!ENTITY a "b">]>{message("<HostQueryRq/>", head="")}',
    "the wrong order": message(VOID.replace("<TxnVoidType>JournalEntry</TxnVoidType>", "") + VOID),
    "filters of both kinds": message(
        "<BillQueryRq><ModifiedDateRangeFilter/><TxnDateRangeFilter/></BillQueryRq>",
    ),
    "an iterator of accounts": message(
        '<AccountQueryRq iterator="Start"><MaxReturned>5</MaxReturned></AccountQueryRq>'
    ),
    "a time with Z": message(
        "<AccountQueryRq><FromModifiedDate>2026-11-01T00:00:00Z</FromModifiedDate></AccountQueryRq>",
    ),
    "a fraction of a second": message(
        "<AccountQueryRq><FromModifiedDate>2026-11-01T00:00:00.5</FromModifiedDate></AccountQueryRq>"
    ),
    "a void of a payment": message(VOID.replace("JournalEntry", "ReceivePayment")),
    "an owner that is no id": message("<CompanyQueryRq><OwnerID>ours</OwnerID></CompanyQueryRq>"),
    "a report without columns": message(
        "<CustomDetailReportQueryRq><CustomDetailReportType>CustomTxnDetail</CustomDetailReportType>"
        "<SummarizeRowsBy>Account</SummarizeRowsBy></CustomDetailReportQueryRq>"
    ),
    "an iterator of another kind": message('<BillQueryRq iterator="Next"><MaxReturned>5</MaxReturned></BillQueryRq>'),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_message_of_another_shape_is_not_parsed(office, wrong):
    with pytest.raises(ProcessorError) as refused:
        office.processor.process(wrong)
    assert refused.value.hresult == "0x80040400"
    assert refused.value.__notes__


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("<RefNumber>P1<", "<RefNumber>P12345678901<"),
        ("125.00", "125.0"),
        ("125.00", "1,25.00"),
        ("125.00", "12345678901234.00"),
        ("<TxnDate>2026-11-15<", "<TxnDate>15.11.2026<"),
        (
            "<TxnDate>2026-11-15</TxnDate><RefNumber>P1</RefNumber>",
            "<RefNumber>P1</RefNumber><TxnDate>2026-11-15</TxnDate>",
        ),
        ("</JournalEntryAdd>", "<ExternalGUID>{0f8fad5b-d9cb-469f-a165-70867728950e}</ExternalGUID></JournalEntryAdd>"),
        ("<JournalDebitLine>", "<ExternalGUID>0f8fad5b-d9cb-469f-a165-70867728950e</ExternalGUID><JournalDebitLine>"),
        ("<Amount>", "<Memo>early</Memo><Amount>"),
    ],
)
def test_nothing_is_executed_of_a_message_that_cannot_be_parsed(office, right, wrong):
    journal = office.journal()
    assert right in journal
    with pytest.raises(ProcessorError) as refused:
        office.raw(office.journal(ref="P0") + journal.replace(right, wrong, 1))
    assert refused.value.hresult == "0x80040400"
    assert not office.company.txns


def test_without_a_session_nothing_is_answered(office):
    office.processor.end_session()
    with pytest.raises(ProcessorError) as refused:
        office.raw("<HostQueryRq/>")
    assert refused.value.hresult == "0x8004040D"


def test_a_host_of_an_older_version_refuses_a_newer_message(office):
    office.company.preferences.qbxml_max = "12.0"
    with pytest.raises(ProcessorError):
        office.raw("<HostQueryRq/>")
    answer = office.ask("<HostQueryRq/>", head='<?qbxml version="12.0"?>')
    assert [one.text for one in answer.iter("SupportedQBXMLVersion")][-1] == "12.0"


def test_a_request_id_longer_than_fifty_is_1060(office):
    assert office.code(f'<HostQueryRq requestID="{"x" * 51}"/>') == "1060"
