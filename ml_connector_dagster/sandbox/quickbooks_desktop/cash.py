"""The ledger on the cash basis: invoices and bills count when and as far as they are paid, everything else as it was posted.

What a payment of a third of an invoice recognises is a third of each of its legs, cost of goods and sales tax too.
"""

from collections.abc import Iterator, Sequence

from ml_connector_dagster.sandbox.books.cents import half_up
from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.ledger import Ledger, Leg, Posting
from ml_connector_dagster.sandbox.quickbooks_desktop.records import Txn

_ON_ACCOUNT = {"Invoice", "CreditMemo", "Bill", "VendorCredit"}


def cash_ledger(company: Company) -> Ledger:
    """A ledger of its own, written anew: ask for it once a report."""
    found, paid_before = Ledger(), dict[str, int]()
    for posting in company.ledger.all():
        if posting.txn_id not in company.txns:
            found.post(posting)
    for txn in sorted(company.txns.values(), key=lambda txn: (txn.day, txn.number)):
        posted = company.ledger.find(txn.txn_id)
        if posted is None or txn.kind in _ON_ACCOUNT:
            continue
        legs = list(_paying(company, txn, posted.legs, paid_before)) if txn.applied else posted.legs
        found.post(Posting(txn.txn_id, txn.day, legs, posted.shown))
    return found


def _paying(company: Company, txn: Txn, legs: Sequence[Leg], paid_before: dict[str, int]) -> Iterator[Leg]:
    """The money, what was paid with it, and on the control account what was paid ahead."""
    applied = sum(cents for _, cents in txn.applied)
    for leg in legs:
        if leg.account_id != txn.account_id:
            yield leg
        elif abs(leg.amount) != applied:
            yield leg._replace(amount=leg.amount - (applied if leg.amount > 0 else -applied))
    for paid_id, cents in txn.applied:
        before = paid_before.get(paid_id, 0)
        paid_before[paid_id] = before + cents
        yield from _recognised(company, company.txns[paid_id], before, before + cents)


def _recognised(company: Company, document: Txn, before: int, after: int) -> Iterator[Leg]:
    """The legs of a document that a payment brings into the books; the last one takes the rounding."""
    posted = company.ledger.find(document.txn_id)
    control = [leg for leg in posted.legs if leg.account_id == document.account_id] if posted else []
    others = [leg for leg in posted.legs if leg.account_id != document.account_id] if posted else []
    left = sum(leg.amount for leg in control) * (after - before) // (document.total or 1)
    for place, leg in enumerate(others):
        share = half_up(leg.amount * after, document.total) - half_up(leg.amount * before, document.total)
        if place == len(others) - 1:
            share = -left
        left += share
        if share:
            yield leg._replace(amount=share)
