"""qbXML in both directions by Intuit's own documents: the judge catches what is planted, our messages pass it."""

import inspect
from datetime import date

import pytest

from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.first_message import host_company_preferences
from ml_connector_dagster.sources.quickbooks_desktop import journal_requests
from ml_connector_dagster.sources.quickbooks_desktop.requests import READS, PageAsk, is_paged, read_request
from ml_connector_dagster_tests.contract.qbxml_judge import judge_answer, judge_request

SET = "M4KQ9Z2T7B0XJ1C5W8RD"
HEAD = '<?xml version="1.0" encoding="utf-8"?><?qbxml version="13.0"?>'
LINE = "<AccountRef><ListID>8000001A-1</ListID></AccountRef><Amount>12.50</Amount><Memo>October</Memo>"
JOURNAL = (
    f'{HEAD}<QBXML><QBXMLMsgsRq newMessageSetID="{SET}" onError="stopOnError"><JournalEntryAddRq requestID="op-1">'
    "<JournalEntryAdd><TxnDate>2026-10-31</TxnDate><RefNumber>P0123456789</RefNumber><IsAdjustment>false</IsAdjustment>"
    "<ExternalGUID>{1d3b5f70-9a2c-4e4d-8f60-7182a3b4c5d6}</ExternalGUID>"
    f"<JournalDebitLine>{LINE}</JournalDebitLine><JournalCreditLine>{LINE}</JournalCreditLine>"
    "</JournalEntryAdd></JournalEntryAddRq></QBXMLMsgsRq></QBXML>"
)
VOID = '<TxnVoidRq requestID="2"><TxnVoidType>JournalEntry</TxnVoidType><TxnID>1-1</TxnID></TxnVoidRq>'
QUERY = (
    f'{HEAD}<QBXML><QBXMLMsgsRq onError="stopOnError"><InvoiceQueryRq requestID="op-2" iterator="Start">'
    "<MaxReturned>25</MaxReturned><TxnDateRangeFilter><FromTxnDate>2026-10-01</FromTxnDate>"
    "<ToTxnDate>2026-10-31</ToTxnDate></TxnDateRangeFilter><IncludeLineItems>true</IncludeLineItems>"
    "</InvoiceQueryRq></QBXMLMsgsRq></QBXML>"
)
ANSWER = (
    '<?xml version="1.0" ?><QBXML><QBXMLMsgsRs><ClassQueryRs requestID="op-3" statusCode="0" statusSeverity="Info" '
    'statusMessage="Status OK"><ClassRet><ListID>80000002-1</ListID><TimeCreated>2026-01-05T08:00:00-06:00</TimeCreated>'
    "<TimeModified>2026-07-05T08:00:00-06:00</TimeModified><EditSequence>1780000000</EditSequence><Name>East</Name>"
    "<FullName>Sales:East</FullName><IsActive>true</IsActive><ParentRef><ListID>80000001-1</ListID></ParentRef>"
    "<Sublevel>1</Sublevel></ClassRet></ClassQueryRs></QBXMLMsgsRs></QBXML>"
)
DAYS = {"from": "2026-10-01", "to": "2026-10-31"}
ARGUMENTS = {
    "company": {"owner": "{a3d5f0c2-4b7e-4c19-8e6d-52f9b1c7d084}"},
    "preferences": {},
    "ledger_accounts": {"modified_from": "2026-10-31T07:50:00"},
    "classes": {"modified_from": "2026-10-31T07:50:00"},
    "customers": {"modified_from": "2026-10-31T07:50:00"},
    "vendors": {},
    "invoices": DAYS,
    "bills": DAYS,
    "payments": DAYS,
    "bill_payments": DAYS,
    "journal_entries": DAYS,
    "checks": {"modified_from": "2026-10-31T07:50:00"},
    "deposits": {"modified_from": "2026-10-31T07:50:00"},
    "changed_transactions": {"modified_from": "2026-10-31T07:50:00"},
    "deleted_transactions": {
        "types": ["Bill", "BillPaymentCheck", "Check", "Deposit", "Invoice", "JournalEntry", "ReceivePayment"],
        "deleted_from": "2026-10-31T07:50:00",
    },
    "deleted_lists": {"types": ["Account", "Class", "Customer", "Vendor"]},
    "ledger_lines": DAYS,
    "class_summary": DAYS,
    "trial_balance": DAYS,
}
"""What each question of READS is asked with; a new one without arguments here fails."""
ITERATOR = "{5d0e1c2b-3a49-4857-9667-758493a2b1c0}"
PAGES = [None, PageAsk(25), PageAsk(25, ITERATOR)]
PAYLOAD = {
    "date": "2026-10-31",
    "is_adjustment": True,
    "txn_id": "1F-1700000000",
    "lines": [
        {
            "ledger_account_id": "8000001A-1",
            "amount": "12.50",
            "memo": "Plan – “Q3” €, Łódź ✓ & <all>",
            "tracking_id": "",
        },
        {"ledger_account_id": "8000001B-1", "amount": "-10", "memo": "", "tracking_id": "80000002-1"},
        {"ledger_account_id": "8000001C-1", "amount": "-2.50", "memo": "x" * 4095, "tracking_id": ""},
    ],
}
JOURNALS = {
    "look_for": journal_requests.look_for("op-4", "P0123456789", "2026-10-31", None),
    "look_for, written before": journal_requests.look_for("op-4", "P0123456789", "2026-10-31", date(2026, 11, 2)),
    "look_at": journal_requests.look_at("op-4", "1F-1700000000"),
    "add": journal_requests.add(
        "op-4", SET, number="P0123456789", guid="{1d3b5f70-9a2c-4e4d-8f60-7182a3b4c5d6}", payload=PAYLOAD
    ),
    "void": journal_requests.void("op-4", SET, "1F-1700000000"),
    "modify": journal_requests.modify("op-4", SET, PAYLOAD, "1780000000", ["20-1", "21-1"]),
    "modify, fewer lines": journal_requests.modify(
        "op-4", SET, PAYLOAD, "1780000000", ["20-1", "21-1", "22-1", "23-1"]
    ),
}
"""Every message of the journals' steps, by the function that writes it."""


@pytest.mark.parametrize("message", [JOURNAL, QUERY], ids=["journal", "query"])
def test_what_is_right_passes(message):
    assert judge_request(message.encode()) == []


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("<RefNumber>P0123456789<", "<RefNumber>P01234567890<", "schema 160"),
        ("<Amount>12.50<", "<Amount>12.5<", "schema 160"),
        ("<Amount>12.50<", "<Amount>12,50<", "schema 160"),
        ("{1d3b5f70-9a2c-4e4d-8f60-7182a3b4c5d6}", "1d3b5f70-9a2c-4e4d-8f60-7182a3b4c5d6", "schema 160"),
        ("<IsAdjustment>false</IsAdjustment>", "<IsAdjustment>no</IsAdjustment>", "schema 160"),
        (' onError="stopOnError"', "", "schema 160"),
        ("<IsAdjustment>false</IsAdjustment>", "<RefNumber>P1</RefNumber>", "schema 160"),
        ("<IsAdjustment>", "<Memo>of the whole entry</Memo><IsAdjustment>", "Memo: not in QBD"),
        ("<Memo>October</Memo>", "<TaxAmount>1.00</TaxAmount><Memo>October</Memo>", "TaxAmount: not in QBD"),
        ("<Memo>October</Memo>", f"<Memo>{'x' * 4096}</Memo>", "4095"),
        ("<ListID>8000001A-1</ListID>", f"<FullName>{'x' * 160}</FullName>", "159"),
        ("<Amount>12.50</Amount>", "<Amount>-12.50</Amount>", "no sign"),
        ("<Amount>12.50</Amount>", "", "has an amount"),
        ("<JournalCreditLine><AccountRef><ListID>8000001A-1</ListID></AccountRef><Amount>12.50",
         "<JournalCreditLine><AccountRef><ListID>8000001A-1</ListID></AccountRef><Amount>12.49", "differ from credits"),
        (SET, SET + "X", "20 at most"),
        (f'newMessageSetID="{SET}" ', "", "cannot be asked after"),
        (f'newMessageSetID="{SET}"', f'oldMessageSetID="{SET}"', "deletes what QuickBooks knows"),
        ("stopOnError", "rollbackOnError", "refused by QuickBooks"),
        ('version="13.0"', 'version="14.0"', "newer than 13.0"),
        ('<?qbxml version="13.0"?>', "", "version instruction"),
        ("October", "Oktober – €", "beyond ASCII"),
        ('requestID="op-1"', f'requestID="{"x" * 51}"', "50 at most"),
        ("</JournalEntryAddRq>", f"</JournalEntryAddRq>{VOID}", "alone in its message set"),
        ("</QBXML>", '<QBXMLMsgsRq onError="stopOnError"><HostQueryRq/></QBXMLMsgsRq></QBXML>', "one QBXMLMsgsRq"),
        ("</QBXML>", "", "no XML"),
    ],
)  # fmt: skip
def test_a_planted_fault_of_a_journal_is_caught(right, wrong, said):
    assert right in JOURNAL
    assert said in " ".join(judge_request(JOURNAL.replace(right, wrong).encode()))


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (' iterator="Start"', ' iterator="Continue"', "without an iteratorID"),
        (' iterator="Start"', f' iterator="Start" iteratorID="{ITERATOR}"', "with an iteratorID"),
        (' iterator="Start"', f' iteratorID="{ITERATOR}"', "an iteratorID without iterator"),
        ("<MaxReturned>25</MaxReturned>", "", "without MaxReturned"),
        ("<MaxReturned>25<", "<MaxReturned>0<", "MaxReturned"),
        ('onError="stopOnError"', f'newMessageSetID="{SET}" onError="stopOnError"', "litters"),
        ("<IncludeLineItems>", "<TxnID>1-1</TxnID><IncludeLineItems>", "schema 160"),
        ("<FromTxnDate>2026-10-01<", "<FromTxnDate>2026-10-01T00:00:00Z<", "schema 160"),
        ("InvoiceQueryRq", "AccountQueryRq", "schema 160"),
        ("InvoiceQueryRq", "InventedQueryRq", "not in the operations file"),
    ],
)
def test_a_planted_fault_of_a_query_is_caught(right, wrong, said):
    assert right in QUERY
    assert said in " ".join(judge_request(QUERY.replace(right, wrong).encode()))


@pytest.mark.parametrize("request_name", ["CompanyActivityQueryRq", "TransferQueryRq", "BarCodeQueryRq"])
def test_a_request_is_judged_by_the_version_it_came_with(request_name):
    message = f'{HEAD}<QBXML><QBXMLMsgsRq onError="stopOnError"><{request_name} /></QBXMLMsgsRq></QBXML>'.encode()
    assert "only since" in " ".join(judge_request(message, version=(1, 0)))
    assert "only since" not in " ".join(judge_request(message))


def test_an_answer_that_is_right_passes_and_a_planted_fault_of_one_is_caught():
    assert judge_answer(ANSWER.encode()) == []
    for right, wrong in [
        ("2026-07-05T08:00:00-06:00", "2026-07-05T13:00:00Z"),
        ("<Name>East</Name>", "<Name>East</Name><Colour>red</Colour>"),
        ("<Name>East</Name>", f"<Name>{'x' * 32}</Name>"),
        ('statusCode="0" ', ""),
        ("ClassRet>", "KlassRet>"),
        ("</QBXML>", ""),
    ]:
        assert judge_answer(ANSWER.replace(right, wrong).encode()) != [], wrong


@pytest.mark.parametrize("page", PAGES, ids=["all at once", "first page", "next page"])
@pytest.mark.parametrize("name", READS)
def test_every_question_that_we_ask_is_right(name, page):
    message = read_request(name, ARGUMENTS[name], request_id="op-5", page=page)
    assert judge_request(message) == []
    assert (b"iterator=" in message) is (page is not None and is_paged(name, ARGUMENTS[name]))


@pytest.mark.parametrize("name", ["invoices", "bills", "payments", "bill_payments", "journal_entries"])
def test_a_question_by_ids_is_right(name):
    asked = {"ids": ["1F-1700000000", "20-1700000001"]}
    assert judge_request(read_request(name, asked, request_id="op-6", page=PageAsk(25))) == []


@pytest.mark.parametrize("kind", JOURNALS)
def test_every_message_of_a_journal_is_right(kind):
    assert judge_request(JOURNALS[kind]) == []


def test_no_writer_of_a_journals_message_is_left_out():
    writers = {
        name
        for name, function in inspect.getmembers(journal_requests, inspect.isfunction)
        if function.__module__ == journal_requests.__name__
        and function.__annotations__.get("return") == "bytes"
        and not name.startswith("_")
    }
    assert writers - {"under_new_id"} == {kind.partition(",")[0] for kind in JOURNALS}
    assert judge_request(journal_requests.under_new_id(JOURNALS["add"], SET, "M2")) == []


def test_the_web_connectors_own_first_message_is_right():
    message = host_company_preferences("{a3d5f0c2-4b7e-4c19-8e6d-52f9b1c7d084}")
    assert judge_request(message.encode()) == []
