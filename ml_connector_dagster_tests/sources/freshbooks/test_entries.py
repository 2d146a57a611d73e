import pytest

from ml_connector_dagster_tests.sources.freshbooks import payloads
from ml_connector_dagster_tests.sources.freshbooks.fake_freshbooks import FakeFreshBooks
from ml_connector_dagster_tests.sources.freshbooks.read import DAY, read


def entries(*details):
    return read(FakeFreshBooks({"journal_entries": list(details)}).open()[0], "journal_entries")


def test_the_lines_of_an_entry_may_come_on_several_pages():
    first, last = payloads.entry(DAY, "3.00")
    between = [detail for _ in range(60) for detail in payloads.entry(DAY)]
    rows, refused = entries(first, *between, last)
    assert refused == []
    whole = [row for row in rows if row.document_id == str(first["entry"]["entryid"])]
    assert [row.net_amount for row in whole] == [3, -3]
    assert {row.total for row in whole} == {3}


@pytest.mark.parametrize(
    ("ids", "kind", "noun", "source"),
    [
        ({"invoiceid": 5}, "invoice", "invoice", "5"),
        ({"invoiceid": 5, "paymentid": 6}, "payment", "payment", "6"),
        ({"expenseid": 7, "categoryid": 1}, "expense", "expense", "7"),
        ({"incomeid": 8}, "other_income", "other_income", "8"),
        ({"categoryid": 9051}, "bill", "bill", ""),
        ({"creditid": 9, "invoiceid": 0}, "credit_note", "credit_note", "9"),
    ],
)
def test_what_posted_an_entry_is_told_by_the_id_it_carries(ids, kind, noun, source):
    rows, _ = entries(*payloads.entry(DAY, **ids))
    assert {(row.kind, row.subkind, row.linked_id) for row in rows} == {(kind, noun, source)}


def test_an_entry_that_no_document_posted_is_a_journal_of_its_own():
    rows, _ = entries(*payloads.entry(DAY))
    assert {(row.kind, row.linked_id == row.document_id) for row in rows} == {("journal", True)}


def _off():
    first, _ = payloads.entry(DAY)
    return [first]


def _of_two(**changed):
    first, last = payloads.entry(DAY)
    return [first, last | changed]


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        (_off(), "out of balance by 100.00"),
        (_of_two(user_entered_date="2026-10-16"), "an entry has one"),
        (_of_two(credit=payloads.usd("100.00", "CAD")), "an entry has one"),
        (_of_two(credit=None), "names no currency"),
        (_of_two(credit="100"), "is no money"),
        (_of_two(account={}, sub_account={}), "not in the chart"),
    ],
    ids=["half", "two days", "two currencies", "no side", "text", "no account"],
)
def test_an_entry_with_one_doubtful_line_is_refused_whole(details, reason):
    rows, (refused,) = entries(*details, *payloads.entry(DAY))
    assert reason in refused.reason
    assert refused.record_id == str(details[0]["entry"]["entryid"])
    assert refused.raw
    assert len(rows) == 2


def test_an_account_is_found_by_number_and_name_where_no_id_bridges():
    first, last = payloads.entry(DAY)
    renumbered = {"sub_accountid": 4711, "account_sub_name": "Sales", "account_sub_number": "4000", "parentid": 1}
    rows, refused = entries(first, last | {"sub_account": renumbered})
    assert refused == []
    assert {row.ledger_account_id for row in rows} == {"u-receivable", "u-sales"}
