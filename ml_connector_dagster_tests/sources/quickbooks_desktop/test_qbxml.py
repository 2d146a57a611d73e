"""qbXML as it is written: in Intuit's order, in what QuickBooks can store, with no document from outside trusted."""

from decimal import Decimal

import pytest

from ml_connector_dagster.errors import RequestRejected, SettingWrong
from ml_connector_dagster.sources.quickbooks_desktop.qbxml import (
    MOST_BYTES,
    as_document,
    message,
    parse_untrusted,
    windows_text,
)
from ml_connector_dagster.sources.quickbooks_desktop.requests import PageAsk, is_paged, read_request
from ml_connector_dagster.sources.quickbooks_desktop.windows import is_cut

DAYS = {"from": "2026-10-01", "to": "2026-10-31"}
BILLION_LAUGHS = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>'
EXTERNAL = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'


def written(fields, request="JournalEntryQueryRq"):
    return message(request, fields, request_id="op-1").decode()


def test_children_are_written_in_intuit_s_order_however_they_are_given():
    shown = written({"IncludeLineItems": True, "MaxReturned": 5, "RefNumberCaseSensitive": ["A", "B"]})
    places = [shown.index(f"<{name}>") for name in ("RefNumberCaseSensitive", "MaxReturned", "IncludeLineItems")]
    assert places == sorted(places)
    assert shown.count("<RefNumberCaseSensitive>") == 2
    assert '<?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="stopOnError">' in shown


def test_what_is_sent_is_ascii_with_references():
    line = {"AccountRef": {"ListID": "1-1"}, "Amount": Decimal("12.5"), "Memo": "Café <&> – 5 €\x0b"}
    entry = {"JournalEntryAdd": {"TxnDate": "2026-10-31", "JournalDebitLine": [line]}}
    shown = message("JournalEntryAddRq", entry, request_id="op-1")
    assert shown.isascii()
    assert b"Caf&#233; &lt;&amp;&gt; &#8211; 5 &#8364;</Memo>" in shown
    assert b"<Amount>12.50</Amount>" in shown


@pytest.mark.parametrize(
    ("text", "stored"),
    [("Łódź", "Lódz"), ("naïve “quotes”", "naïve “quotes”"), ("Ω 🙂 ok", "? ? ok"), ("e\u0301", "é"), ("a\x1fb", "ab")],
)
def test_what_has_no_place_in_windows_1252_is_spelt_out_or_replaced(text, stored):
    assert windows_text(text) == stored


@pytest.mark.parametrize(
    "fields",
    [
        {"Memo": "there is no such place"},
        {"RefNumber": "123456789012"},
        {"TxnID": ["Ω"]},
        {"RefNumberCaseSensitive": ["x" * 12]},
    ],
)
def test_what_quickbooks_would_refuse_without_saying_why_is_not_sent(fields):
    with pytest.raises(SettingWrong, match="nothing was sent"):
        written(fields)


@pytest.mark.parametrize("amount", [Decimal("0.005"), Decimal("NaN"), Decimal(10) ** 13])
def test_an_amount_that_is_no_whole_cents_is_not_sent(amount):
    entry = {"JournalEntryAdd": {"JournalDebitLine": [{"AccountRef": {"ListID": "1"}, "Amount": amount}]}}
    with pytest.raises(SettingWrong, match="whole cents"):
        message("JournalEntryAddRq", entry, request_id="op-1")


@pytest.mark.parametrize("request_id", ["", "x" * 51])
def test_a_request_id_has_one_to_fifty_characters(request_id):
    with pytest.raises(SettingWrong):
        message("HostQueryRq", {}, request_id=request_id)


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (BILLION_LAUGHS, 400),
        (EXTERNAL, 400),
        (EXTERNAL.decode().encode("utf-16"), 400),
        (b"<a>" + b"<b>" * 300 + b"</b>" * 300 + b"</a>", 400),
        (b"<a>&#x1F;</a>", 400),
        (b"<a>\x1f</a>", 400),
        (b"", 400),
        (b" " * (MOST_BYTES + 1), 413),
    ],
    ids=["laughs", "external", "utf-16", "deep", "control reference", "control", "empty", "large"],
)
def test_a_document_from_outside_that_is_not_plain_xml_is_refused(document, status):
    with pytest.raises(RequestRejected) as refused:
        parse_untrusted(document)
    assert refused.value.status == status


def test_one_text_of_a_document_may_be_larger_than_ten_megabytes():
    assert len(parse_untrusted(b"<a><b>" + b"x" * 11_000_000 + b"</b></a>").findtext("b")) == 11_000_000


def test_a_document_that_came_as_text_is_read_whatever_encoding_it_declares():
    assert parse_untrusted(as_document('<?xml version="1.0" encoding="windows-1252"?><a>é</a>')).text == "é"


def test_a_page_carries_its_iterator_and_the_filter_of_the_first():
    first = read_request("bills", DAYS, request_id="op-1", page=PageAsk(25)).decode()
    later = read_request("bills", DAYS, request_id="op-1", page=PageAsk(25, "{5d0e}")).decode()
    assert 'iterator="Start"' in first
    assert "iteratorID" not in first
    assert 'iterator="Continue" iteratorID="{5d0e}"' in later
    assert first.split("<MaxReturned>")[1] == later.split("<MaxReturned>")[1]


def test_records_that_are_asked_for_by_id_come_at_once():
    assert not is_paged("bills", {"ids": ["1-1"]})
    assert "iterator" not in read_request("bills", {"ids": ["1-1"]}, request_id="op-1", page=PageAsk(25)).decode()


def test_balances_are_never_cut_into_spans_and_reports_of_postings_are():
    assert is_cut("ledger_lines", DAYS)
    assert not is_cut("trial_balance", DAYS)
    assert not is_cut("class_summary", DAYS)


def test_a_question_that_nobody_knows_is_refused():
    with pytest.raises(SettingWrong, match="Use one of: company"):
        read_request("payroll", {}, request_id="op-1", page=None)
