"""Which vendor an entry stands under, where FreshBooks' feed does not say which bill it is."""

from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster.sources.freshbooks.postings import Sides

LOOK = (date(2026, 10, 5), "USD", Decimal(120))
LATER = (date(2026, 10, 6), "USD", Decimal(120))


@pytest.mark.parametrize(
    ("bills", "look", "name", "vendor"),
    [
        ([("1042", "601")], LOOK, "Bill 1042", "601"),
        ([("1042", "601")], LATER, "Bill 1042", ""),
        ([("104", "601")], LOOK, "Bill 1042", ""),
        ([("1042", "601"), ("1043", "602")], LOOK, "Bill 1043", "602"),
        ([("", "601")], LOOK, "Bill", "601"),
        ([("", "601"), ("", "602")], LOOK, "Bill", ""),
        ([("7", "601"), ("7", "601")], LOOK, "Bill 7", "601"),
        ([], LOOK, "Bill 7", ""),
    ],
    ids=[
        "number",
        "another day",
        "a part of a number",
        "of two",
        "no number",
        "either of two",
        "one vendor twice",
        "none",
    ],
)
def test_a_bill_is_known_by_day_amount_and_number_or_not_at_all(bills, look, name, vendor):
    assert Sides({}, {}, {LOOK: bills}).vendor("bill", "", look, name) == vendor


def test_an_entry_that_names_its_document_needs_no_likeness():
    sides = Sides({("bill", "9"): "601", ("expense", "8"): "602"}, {}, {LOOK: [("", "603")]})
    assert sides.vendor("bill", "9", LOOK, "Bill") == "601"
    assert sides.vendor("expense", "8", LOOK, "Expense") == "602"
    assert sides.vendor("invoice", "7", LOOK, "Invoice") == ""
