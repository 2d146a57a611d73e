"""Iterators: pages that add up, bound to their session and their filters."""

from datetime import date

import pytest

from ml_connector_dagster.sandbox.quickbooks_desktop.iterators import Iterators
from ml_connector_dagster_tests.sandbox.quickbooks_desktop.office import between, iterated, texts

LATE = between("2026-10-01", "2026-10-31")
DAYS = "<FromTxnDate>2026-10-01</FromTxnDate><ToTxnDate>2026-10-31</ToTxnDate>"


def pages(office, kind, size, filters=""):
    """Every page of an iteration, and what remained after each."""
    answer = office.ask(iterated(kind, size, filters))
    found = [answer]
    while answer.get("iteratorRemainingCount") != "0":
        answer = office.ask(iterated(kind, size, filters, "Continue", answer.get("iteratorID")))
        found.append(answer)
    return found


@pytest.mark.parametrize("kind", ["Invoice", "ReceivePayment", "Customer", "Vendor", "Transaction"])
def test_all_pages_together_are_the_whole_answer_once(brackenridge, kind):
    key = "*/ListID" if kind in {"Customer", "Vendor"} else "*/TxnID"
    filters = {
        "Customer": "",
        "Vendor": "",
        "Transaction": f"<TransactionDateRangeFilter>{DAYS}</TransactionDateRangeFilter>",
    }
    filters, size = filters.get(kind, LATE), 7
    ids = [texts(page, key) for page in pages(brackenridge, kind, size, filters)]
    whole = list(dict.fromkeys(texts(brackenridge.ask(f"<{kind}QueryRq>{filters}</{kind}QueryRq>"), key)))
    assert list(dict.fromkeys(one for page in ids for one in page)) == whole
    assert all(len(set(page)) == size for page in ids[:-1])


def test_the_last_page_holds_records_and_closes_the_iterator(brackenridge):
    last = pages(brackenridge, "Bill", 10, LATE)[-1]
    assert len(last) > 0
    assert brackenridge.code(iterated("Bill", 10, LATE, "Continue", last.get("iteratorID"))) == "3000"


def test_an_iterator_dies_with_its_session(brackenridge):
    first = brackenridge.ask(iterated("Bill", 5))
    brackenridge.processor.end_session()
    brackenridge.processor.begin_session()
    assert brackenridge.code(iterated("Bill", 5, "", "Continue", first.get("iteratorID"))) == "3000"


def test_to_go_on_the_filters_must_be_the_same(brackenridge):
    first = brackenridge.ask(iterated("Bill", 5, LATE))
    assert brackenridge.code(iterated("Bill", 5, "", "Continue", first.get("iteratorID"))) == "3110"


def test_a_stopped_iterator_is_gone(brackenridge):
    name = brackenridge.ask(iterated("Bill", 5)).get("iteratorID")
    assert brackenridge.code(iterated("Bill", 5, "", "Stop", name)) == "0"
    assert brackenridge.code(iterated("Bill", 5, "", "Continue", name)) == "3000"


def test_an_iterator_needs_max_returned_and_no_ids(brackenridge):
    assert brackenridge.code('<BillQueryRq iterator="Start"/>') == "3110"
    assert brackenridge.code('<BillQueryRq iterator="Start"><TxnID>1-1</TxnID></BillQueryRq>') == "3110"
    assert brackenridge.code(iterated("Bill", 0)) == "3110"


def test_only_so_many_iterators_are_open_at_a_time(brackenridge):
    codes = [brackenridge.code(iterated("Bill", 5)) for _ in range(Iterators.MOST + 1)]
    assert codes == ["0"] * Iterators.MOST + ["1000"]


def test_what_is_saved_meanwhile_comes_again_and_what_is_deleted_does_not_come(office):
    entries = [office.added(ref=f"P{number}") for number in range(5)]
    ids = [entry.findtext("TxnID") for entry in entries]
    first = office.ask(iterated("JournalEntry", 2))
    assert texts(first, "*/TxnID") == ids[:2]
    txns = office.company.txns
    office.company.restate(txns[ids[0]])
    office.company.delete(txns[ids[3]])
    second = office.ask(iterated("JournalEntry", 2, "", "Continue", first.get("iteratorID")))
    assert (texts(second, "*/TxnID"), second.get("iteratorRemainingCount")) == ([ids[2], ids[4]], "1")
    third = office.ask(iterated("JournalEntry", 2, "", "Continue", first.get("iteratorID")))
    assert texts(third, "*/TxnID") == [ids[0]]


def test_where_all_that_was_left_is_deleted_the_page_is_empty_and_the_last(office):
    ids = [office.added(ref=f"P{number}").findtext("TxnID") for number in range(2)]
    first = office.ask(iterated("JournalEntry", 1))
    office.company.delete(office.company.txns[ids[1]])
    last = office.ask(iterated("JournalEntry", 1, "", "Continue", first.get("iteratorID")))
    assert (last.get("statusCode"), last.get("iteratorRemainingCount"), len(last)) == ("1", "0", 0)
    assert office.code(iterated("JournalEntry", 1, between("2019-01-01", "2019-01-31"))) == "1"


def test_a_record_that_leaves_the_filter_is_not_shown(office):
    ids = [office.added(ref=f"P{number}").findtext("TxnID") for number in range(3)]
    filters = between("2026-11-01", "2026-11-30")
    first = office.ask(iterated("JournalEntry", 1, filters))
    gone = office.company.txns[ids[1]]
    gone.day = date(2026, 9, 1)
    office.company.restate(gone)
    second = office.ask(iterated("JournalEntry", 5, filters, "Continue", first.get("iteratorID")))
    assert texts(second, "*/TxnID") == [ids[2]]
