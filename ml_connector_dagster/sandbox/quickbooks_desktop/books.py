"""Three years of Brackenridge's books up to today, written from one seed."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from ml_connector_dagster.sandbox.quickbooks_desktop.buying import Buying
from ml_connector_dagster.sandbox.quickbooks_desktop.closing import Closing
from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.scribe import Scribe
from ml_connector_dagster.sandbox.quickbooks_desktop.selling import Selling

YEARS = 3


def write_books(seed: int, today: date, now: Callable[[], datetime]) -> Company:
    """The company file. The same seed and day give the same books, to the last id and time."""
    company = Company(now)
    scribe = Scribe(company, seed, today)
    selling, buying, closing = Selling(scribe), Buying(scribe), Closing(scribe)
    month = date(today.year - YEARS, today.month, 1)
    closing.open(month)
    while month <= today:
        selling.month(month)
        buying.month(month)
        closing.month(month)
        month = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    _delete_a_few(company, today)
    return company


def _delete_a_few(company: Company, today: date) -> None:
    """What somebody typed twice and took out again, not long ago."""
    recent = [txn for txn in company.txns.values() if txn.day > today - timedelta(days=60)]
    for kind in ("Invoice", "Bill"):
        unpaid = [txn for txn in recent if txn.kind == kind and not company.paid(txn.txn_id)]
        if unpaid:
            company.delete(unpaid[0])
