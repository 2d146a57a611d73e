"""Every kind of qbXML that the sandbox's QuickBooks answers, by Intuit's schema and annotated operations file."""

import re
from datetime import date, datetime

import pytest

from ml_connector_dagster.sandbox.quickbooks_desktop.books import write_books
from ml_connector_dagster.sandbox.quickbooks_desktop.injections import Injection
from ml_connector_dagster.sandbox.quickbooks_desktop.processor import Processor, Program
from ml_connector_dagster.sandbox.quickbooks_desktop.refusals import INJECTED
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.first_message import host_company_preferences
from ml_connector_dagster.sources.quickbooks_desktop import journal_requests
from ml_connector_dagster.sources.quickbooks_desktop.requests import READS, PageAsk, is_paged, read_request
from ml_connector_dagster_tests.contract.qbxml_judge import judge_answer
from ml_connector_dagster_tests.contract.test_quickbooks_desktop_qbxml import ARGUMENTS, SET

TODAY = date(2026, 11, 29)
GUID = "{1d3b5f70-9a2c-4e4d-8f60-7182a3b4c5d6}"
FROM_JULY = {"from": "2026-07-01", "to": "2026-10-31"}
BY_DAYS = {name for name, read in READS.items() if read.by_days}
SINCE = {"modified_from": "2020-01-01T00:00:00", "basis": "Accrual"}


@pytest.fixture(scope="module")
def program():
    return Program(write_books(1, TODAY, lambda: datetime(2026, 11, 29, 9, 0)))


@pytest.fixture
def processor(program):
    made = Processor(program, wait=lambda _seconds: None)
    made.begin_session()
    yield made
    made.end_session()
    program.injections.planted.clear()


def told(processor, message):
    answer = processor.process(message.decode() if isinstance(message, bytes) else message)
    assert judge_answer(answer.encode()) == []
    return answer


@pytest.mark.parametrize("name", READS)
def test_every_question_is_answered_by_the_schema(processor, name):
    asked = {**ARGUMENTS[name], **SINCE, **({} if name not in BY_DAYS else FROM_JULY)}
    answer = told(processor, read_request(name, asked, request_id="q", page=None))
    assert 'statusCode="0"' in answer or (name.startswith("deleted") and 'statusCode="1"' in answer)


@pytest.mark.parametrize("name", [name for name in READS if is_paged(name, ARGUMENTS[name])])
def test_every_page_of_an_iterator_is_answered_by_the_schema(processor, name):
    asked, iterator, pages = {**FROM_JULY, **SINCE}, "", 0
    while pages < 3:
        page = PageAsk(7, iterator)
        answer = told(processor, read_request(name, asked, request_id=f"p-{pages}", page=page))
        iterator, pages = re.search(r'iteratorID="(\{[^}]+\})"', answer)[1], pages + 1
        if 'iteratorRemainingCount="0"' in answer:
            break
    assert pages > 1


def test_host_company_and_preferences_are_answered_by_the_schema(processor, program):
    told(processor, host_company_preferences("{a3d5f0c2-4b7e-4c19-8e6d-52f9b1c7d084}"))
    program.company.preferences.closing_date = date(2026, 6, 30)
    assert "<ClosingDate>2026-06-30" in told(processor, read_request("preferences", {}, request_id="q", page=None))
    program.company.preferences.closing_date = None


def test_a_journals_life_is_answered_by_the_schema(processor, program):
    bank, other = (key for key, one in program.company.lists["Account"].items() if one.number in {"6400", "6200"})
    lines = [
        {"ledger_account_id": bank, "amount": "12.50", "memo": "Plan – Q4 €", "tracking_id": ""},
        {"ledger_account_id": other, "amount": "-12.50", "memo": "", "tracking_id": ""},
    ]
    payload = {"date": "2026-10-31", "is_adjustment": False, "lines": lines}
    add = journal_requests.add("op", SET, number="P0123456789", guid=GUID, payload=payload)
    answer = told(processor, add)
    txn_id, sequence = (re.search(f"<{name}>([^<]+)", answer)[1] for name in ("TxnID", "EditSequence"))
    assert "<ErrorRecovery>" in told(processor, add)
    look = told(processor, journal_requests.look_for("op", "P0123456789", "2026-10-31", date(2026, 11, 28)))
    assert GUID in look
    line_ids = re.findall("<TxnLineID>([^<]+)", answer)
    changed = {**payload, "txn_id": txn_id, "lines": [{**line, "memo": "again"} for line in lines]}
    told(processor, journal_requests.modify("op", "M2", changed, sequence, line_ids))
    assert 'statusCode="3200"' in told(processor, journal_requests.modify("op", "M3", changed, sequence, line_ids))
    told(processor, journal_requests.void("op", "M4", txn_id))
    told(processor, read_request("journal_entries", {"ids": [txn_id]}, request_id="q", page=None))
    program.company.delete(program.company.txns[txn_id])
    told(processor, journal_requests.look_at("op", txn_id))
    deleted = {"types": ["JournalEntry"]}
    assert txn_id in told(processor, read_request("deleted_transactions", deleted, request_id="q", page=None))


def test_a_set_that_is_asked_after_or_misused_is_answered_by_the_schema(processor):
    bare = (
        '<?xml version="1.0" encoding="utf-8"?><?qbxml version="13.0"?><QBXML>'
        '<QBXMLMsgsRq {0} onError="stopOnError"></QBXMLMsgsRq></QBXML>'
    )
    void = journal_requests.void("op", "S5", "1-1").decode()
    told_of = [
        told(processor, void),
        told(processor, bare.format('newMessageSetID="never" oldMessageSetID="never"')),
        told(processor, void.replace("1-1", "2-2")),
        told(processor, bare.format('newMessageSetID="S5" oldMessageSetID="S5"')),
        told(processor, bare.format('oldMessageSetID="S5"')),
    ]
    assert [_set_status(one) for one in told_of] == ["0", "9002", "9001", "0", "0"]


@pytest.mark.parametrize("status", INJECTED)
def test_every_refusal_is_answered_by_the_schema(processor, program, status):
    program.injections.planted.append(Injection(status=status))
    assert f'statusCode="{status}"' in told(processor, read_request("classes", {}, request_id="q", page=None))


def test_what_is_not_there_is_answered_by_the_schema(processor):
    told_of = [
        told(processor, read_request("invoices", {"ids": ["1-1"]}, request_id="q", page=None)),
        told(processor, read_request("bills", {"from": "1999-01-01", "to": "1999-01-31"}, request_id="q", page=None)),
        told(processor, read_request("bills", FROM_JULY, request_id="q", page=PageAsk(5, GUID))),
        told(processor, read_request("vendors", {}, request_id="x" * 50, page=None).replace(b"x" * 50, b"x" * 51)),
    ]
    assert [re.search(r' statusCode="(\d+)"', one)[1] for one in told_of] == ["500", "1", "3000", "1060"]


def _set_status(answer):
    found = re.search(r'messageSetStatusCode="(\d+)"', answer)
    return found[1] if found else ""
