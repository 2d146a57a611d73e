"""What QuickBooks' status codes mean for whoever asked: the table of the reference page's §4.3."""

import pytest

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.sources.quickbooks_desktop.status import Verdict, seen, verdict
from ml_connector_dagster_tests.sources.quickbooks_desktop.payloads import answer, document_of, element

FOUND = element("JournalEntryRet", TxnID="1-1")
CODES = {
    Verdict.APPLY: (0, 501, 510, 550, 560, 570),
    Verdict.EMPTY: (1,),
    Verdict.NOT_FOUND: (500,),
    Verdict.UNKNOWN: (600, 1000, 9002, 9005, 77),
    Verdict.RETRY: (3175, 3176),
    Verdict.STALE: (3200,),
    Verdict.NOT_DONE: (3231,),
    Verdict.CONFLICT: (9001,),
    Verdict.PAUSE: (3220, 3260, 3261, 3263),
    Verdict.FAILED: (
        530,
        531,
        1010,
        1030,
        1060,
        2000,
        2040,
        3000,
        3020,
        3100,
        3120,
        3140,
        3171,
        3210,
        3250,
        3290,
        9004,
    ),
}


def told(code, said="", **attributes):
    return seen(document_of(answer("JournalEntryAddRs", code=code, said=said, **attributes)).encode())


@pytest.mark.parametrize(("meant", "code"), [(meant, code) for meant, codes in CODES.items() for code in codes])
def test_a_code_means_what_the_reference_says(meant, code):
    assert verdict(told(code)) is meant


def test_a_number_without_end_is_no_code():
    """Python refuses to read one of 5,000 digits, Postgres to store one of twelve."""
    endless = told("9" * 5000, iteratorRemainingCount="9" * 12)
    assert (endless.status_code, endless.remaining, verdict(endless)) == (None, 0, Verdict.UNKNOWN)


@pytest.mark.parametrize("code", [3170, 3180])
def test_words_of_a_lock_make_a_refusal_one_that_may_pass_later(code):
    assert verdict(told(code, "The list element is in use.")) is Verdict.RETRY
    assert verdict(told(code, "It could not be locked. It is in use by another user.")) is Verdict.RETRY
    assert verdict(told(code, "The account is not allowed here.")) is Verdict.FAILED


def test_the_code_decides_and_never_the_severity():
    assert verdict(told(3210, statusSeverity="Info")) is Verdict.FAILED


def test_a_message_set_s_own_status_goes_before_that_of_the_answer_inside():
    whole = document_of(answer("JournalEntryAddRs", FOUND)).replace(
        "<QBXMLMsgsRs>", '<QBXMLMsgsRs messageSetStatusCode="9001">'
    )
    assert verdict(seen(whole.encode())) is Verdict.CONFLICT
    alone = seen(b'<QBXML><QBXMLMsgsRs messageSetStatusCode="9002"/></QBXML>')
    assert (alone.kind, alone.status_code, alone.is_empty, verdict(alone)) == ("", None, True, Verdict.UNKNOWN)
    assert verdict(seen(b"<QBXML><QBXMLMsgsRs/></QBXML>")) is Verdict.UNKNOWN


def test_an_answer_tells_whose_it_is_and_what_is_left():
    one = told(0, requestID="op-9", iteratorID="{5d0e}", iteratorRemainingCount=37)
    assert (one.request_id, one.kind, one.iterator_id, one.remaining) == ("op-9", "JournalEntryAddRs", "{5d0e}", 37)
    assert one.is_empty
    assert not seen(document_of(answer("JournalEntryQueryRs", FOUND)).encode()).is_empty


@pytest.mark.parametrize("what", [b"<html/>", b"<QBXML/>"])
def test_what_is_no_answer_to_one_request_is_refused(what):
    with pytest.raises(RequestRejected, match="no answer to one request"):
        seen(what)
