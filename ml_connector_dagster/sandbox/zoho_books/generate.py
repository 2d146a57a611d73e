"""Marlow Home Goods Ltd: three years of books up to today, from one seed."""

from collections.abc import Callable
from datetime import date, timedelta

from ml_connector_dagster.sandbox.books.rates import Market
from ml_connector_dagster.sandbox.zoho_books import reference
from ml_connector_dagster.sandbox.zoho_books.buying import Buying
from ml_connector_dagster.sandbox.zoho_books.closing import Closing
from ml_connector_dagster.sandbox.zoho_books.company import Company
from ml_connector_dagster.sandbox.zoho_books.desk import Desk, next_month
from ml_connector_dagster.sandbox.zoho_books.selling import Selling

YEARS = 3


def generate(seed: int, today: date, now_ms: Callable[[], int]) -> Company:
    """Write the whole company. The same seed and day give the same books, to the last id and stamp."""
    first = date(today.year - YEARS, today.month, 1)
    company = Company(Market(seed, first - timedelta(days=1), today), first, today, now_ms)
    began_ms = (first - date(1970, 1, 1)).days * 86_400_000
    company.contacts = reference.contacts(began_ms)
    company.items = reference.items(began_ms)
    for account in company.accounts.values():
        account.modified_ms = began_ms
    desk = Desk(company, seed)
    selling, buying, closing = Selling(desk), Buying(desk), Closing(desk)
    closing.open()
    month = first
    while month <= today:
        selling.month(month)
        buying.month(month)
        closing.month(month)
        month = next_month(month)
    return company
