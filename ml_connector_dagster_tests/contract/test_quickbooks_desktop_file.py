"""Whatever the sandbox's QuickBooks answers, judged by Intuit's schema; and whether both refuse the same requests."""

from datetime import date, datetime

import pytest
from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.books import write_books
from ml_connector_dagster.sandbox.quickbooks_desktop.com_error import ProcessorError
from ml_connector_dagster.sandbox.quickbooks_desktop.company import OWNER_ID
from ml_connector_dagster.sandbox.quickbooks_desktop.request import parse_message
from ml_connector_dagster_tests.contract.qbxml_judge import judge_answer, schemas
from ml_connector_dagster_tests.contract.specs import specs_folder
from ml_connector_dagster_tests.sandbox.quickbooks_desktop.office import Office, between, iterated, message
from ml_connector_dagster_tests.sandbox.quickbooks_desktop.test_shape import WRONG
from ml_connector_dagster_tests.sandbox.quickbooks_desktop.test_truth import detail, general, summary

ALL = "<ActiveStatus>All</ActiveStatus>"
LINES = "<IncludeLineItems>true</IncludeLineItems>"
MONTH = ("2026-10-01", "2026-10-31")
TXNS = ("Invoice", "Bill", "ReceivePayment", "BillPaymentCheck", "Check", "Deposit", "JournalEntry")
ASKED = {
    "host": "<HostQueryRq/>",
    "company": f"<CompanyQueryRq><OwnerID>{OWNER_ID}</OwnerID></CompanyQueryRq>",
    "preferences": "<PreferencesQueryRq/>",
    **{kind: f"<{kind}QueryRq>{ALL}</{kind}QueryRq>" for kind in ("Account", "Class", "Customer", "Vendor")},
    **{kind: f"<{kind}QueryRq>{between(*MONTH)}{LINES}</{kind}QueryRq>" for kind in TXNS},
    "linked invoices": "<InvoiceQueryRq><MaxReturned>50</MaxReturned><IncludeLinkedTxns>true</IncludeLinkedTxns></InvoiceQueryRq>",
    "a page": iterated("Bill", 5),
    "transactions": "<TransactionQueryRq><MaxReturned>40</MaxReturned></TransactionQueryRq>",
    "nothing": "<BillQueryRq><TxnID>FF-1</TxnID></BillQueryRq>",
    "deleted": "<TxnDeletedQueryRq><TxnDelType>Bill</TxnDelType></TxnDeletedQueryRq>",
    "merged": "<ListDeletedQueryRq><ListDelType>Customer</ListDelType></ListDeletedQueryRq>",
    "detail": detail(*MONTH),
    "flat detail": detail(*MONTH, by="TotalOnly"),
    "summary": summary(*MONTH, rest="<ReturnColumns>All</ReturnColumns>"),
    "summary by month": summary("2026-08-01", "2026-10-31", "Month"),
    "empty summary": summary("2019-02-01", "2019-02-28"),
    **{
        kind: general(kind, *MONTH)
        for kind in ("TrialBalance", "BalanceSheetStandard", "ProfitAndLossStandard", "ProfitAndLossByClass")
    },
    "a refused report": general("SalesTaxLiability", *MONTH),
    "a void that fails": "<TxnVoidRq><TxnVoidType>Bill</TxnVoidType><TxnID>FF-1</TxnID></TxnVoidRq>",
}


@pytest.fixture(scope="module")
def judged() -> Office:
    """A session with the books; the schemas must be at hand."""
    schemas()
    company = write_books(1, date(2026, 11, 20), lambda: datetime(2026, 11, 20, 10, 30))
    company.preferences.closing_date = date(2026, 6, 30)
    company.merge(*list(company.lists["Customer"])[:2])
    return Office(company)


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_every_answer_is_of_intuits_schema(judged, asked):
    judged.processor.begin_session()
    assert judge_answer(judged.raw(asked).encode()) == []


def test_answers_to_writes_and_to_writes_that_come_again_are_of_the_schema(judged):
    guid = "<ExternalGUID>{0f8fad5b-d9cb-469f-a165-70867728950e}</ExternalGUID>"
    added = judged.raw(judged.journal(rest=guid), newMessageSetID="M1")
    again = judged.raw(judged.journal(rest=guid), newMessageSetID="M1")
    entry = etree.fromstring(added.encode()).find(".//JournalEntryRet")
    assert entry is not None
    txn_id, edit = entry.findtext("TxnID"), entry.findtext("EditSequence")
    mod = f"<TxnID>{txn_id}</TxnID><EditSequence>{edit}</EditSequence><RefNumber>P2</RefNumber>"
    answers = [
        added,
        again,
        judged.raw(judged.journal(ref="P9", rest=guid), newMessageSetID="M1"),
        judged.raw("", newMessageSetID="M7", oldMessageSetID="M7"),
        judged.raw(f"<JournalEntryModRq><JournalEntryMod>{mod}</JournalEntryMod></JournalEntryModRq>"),
        judged.raw(f"<JournalEntryModRq><JournalEntryMod>{mod}</JournalEntryMod></JournalEntryModRq>" * 2),
        judged.raw(f"<TxnVoidRq><TxnVoidType>JournalEntry</TxnVoidType><TxnID>{txn_id}</TxnID></TxnVoidRq>"),
        judged.raw(f"<TxnDelRq><TxnDelType>JournalEntry</TxnDelType><TxnID>{txn_id}</TxnID></TxnDelRq>"),
        judged.raw(judged.journal(judged.line("Debit", "6600", "1.00"))),
    ]
    assert [judge_answer(answer.encode()) for answer in answers] == [[]] * len(answers)


def test_sample_messages_of_the_reference_are_answered_within_the_schema(judged):
    folder = specs_folder("quickbooks_desktop")
    assert folder is not None
    for name in ("queries", "custom_summary_rq", "probe_rq", "je_add", "je_mod", "recover_status"):
        judged.processor.begin_session()
        answer = judged.processor.process((folder / "samples" / f"{name}.xml").read_text("utf-8"))
        assert judge_answer(answer.encode()) == [], name


BY_SCHEMA = [
    name
    for name in WRONG
    if name not in {"no XML", "no version", "a newer version", "rollbackOnError", "a document type"}
]


@pytest.mark.parametrize("name", BY_SCHEMA)
def test_what_the_sandbox_cannot_parse_intuits_schema_refuses_too(judged, name):
    root = etree.fromstring(WRONG[name].encode())
    assert not schemas()["160"].validate(root)


REF = "<AccountRef><ListID>1-1</ListID><FullName>Rent</FullName></AccountRef>"
LINE = f"{REF}<Amount>1.00</Amount><Memo>x</Memo><ClassRef><FullName>Admin</FullName></ClassRef>"
WRITTEN = {
    "an entry": (
        "<JournalEntryAddRq><JournalEntryAdd><TxnDate>2026-10-31</TxnDate><RefNumber>P1</RefNumber>"
        "<IsAdjustment>true</IsAdjustment><ExternalGUID>{0f8fad5b-d9cb-469f-a165-70867728950e}</ExternalGUID>"
        f"<JournalDebitLine>{LINE}</JournalDebitLine><JournalCreditLine>{LINE}</JournalCreditLine></JournalEntryAdd>"
        "<IncludeRetElement>TxnID</IncludeRetElement></JournalEntryAddRq>"
    ),
    "a change": (
        "<JournalEntryModRq><JournalEntryMod><TxnID>1-1</TxnID><EditSequence>1</EditSequence><TxnDate>2026-10-31</TxnDate>"
        f"<JournalLineMod><TxnLineID>-1</TxnLineID><JournalLineType>Debit</JournalLineType>{LINE}</JournalLineMod>"
        "</JournalEntryMod></JournalEntryModRq>"
    ),
    "a deletion": "<TxnDelRq><TxnDelType>JournalEntry</TxnDelType><TxnID>1-1</TxnID></TxnDelRq>",
}


@pytest.mark.parametrize("asked", (ASKED | WRITTEN).values(), ids=ASKED | WRITTEN)
def test_of_shuffled_requests_both_parsers_think_the_same(asked):
    """Every pair of neighbours changed, every element doubled or left out: parsed here exactly where the schema allows it."""
    for root in _spoilt(message(asked)):
        allowed = schemas()["160"].validate(root)
        assert _parses(etree.tostring(root, encoding="unicode")) is allowed, etree.tostring(root)


REPORT_WORDS = {"SummarizeRowsBy", "SummarizeColumnsBy", "IncludeColumn", "GeneralSummaryReportType"}
"""Refused here with a status of their own, since most of what the schema knows this sandbox does not keep."""


def _spoilt(text):
    size = sum(1 for _ in etree.fromstring(text.encode())[0].iter()) - 1
    for place in range(2, size + 1):
        for spoil in (_removed, _doubled, _swapped, _reworded):
            root = etree.fromstring(text.encode())
            spoil(list(root[0].iter())[place])
            yield root


def _removed(element):
    element.getparent().remove(element)


def _doubled(element):
    element.addnext(etree.fromstring(etree.tostring(element, with_tail=False)))


def _swapped(element):
    following = element.getnext()
    if following is not None:
        following.addnext(element)


def _reworded(element):
    if element.text and element.tag not in REPORT_WORDS:
        element.text = "Nonsense"


def _parses(inside):
    try:
        parse_message(f'<?qbxml version="13.0"?>{inside}', "16.0")
    except ProcessorError:
        return False
    return True
