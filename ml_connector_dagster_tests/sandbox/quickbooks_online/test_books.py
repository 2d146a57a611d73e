"""The books as they are generated: whole for every seed and day, the same accounts always, quickly made."""

import time
from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster.sandbox.quickbooks_online.company import Company
from ml_connector_dagster.sandbox.quickbooks_online.ledger import Ledger, Leg, OutOfBalance, Posting


def company(seed=1, today=date(2026, 11, 29)):
    return Company(seed, today, lambda: int(time.time()))


@pytest.mark.parametrize(("seed", "today"), [(2, date(2027, 1, 1)), (3, date(2028, 2, 29)), (4, date(2026, 12, 31))])
def test_every_seed_and_day_gives_books_that_balance_and_end_on_the_day(seed, today):
    books = company(seed, today)
    assert sum(books.balances(date.max).values()) == 0
    assert max(txn.day for txn in books.written.txns.values()) <= today
    assert min(txn.day for txn in books.written.txns.values()).year == today.year - 3 - (today.month == 1)


def test_books_are_made_within_a_second_and_are_the_same_each_time():
    began = time.process_time()
    books = company()
    assert books.ledger
    assert time.process_time() - began < 1
    assert books.written.txns == company().written.txns
    assert books.written.txns != company(2).written.txns


def test_legs_that_do_not_balance_are_refused():
    with pytest.raises(OutOfBalance):
        Ledger().post(Posting("1", date(2026, 1, 1), "Invoice", [Leg("84", 100), Leg("46", -99)]))


def test_settled_foreign_invoices_leave_nothing_on_their_receivable(quickbooks):
    """What a payment's rate and the invoice's differ by went to exchange gain or loss, to the cent."""
    accounts = {entry["Id"]: entry["CurrentBalance"] for entry in quickbooks.every("Account")}
    for account, currency in (("85", "EUR"), ("88", "CAD")):
        invoices = [one for one in quickbooks.every("Invoice") if one["CurrencyRef"]["value"] == currency]
        assert accounts[account] == sum((one["HomeTotalAmt"] for one in invoices if one["Balance"]), Decimal(0))
    assert accounts["27"] != 0
