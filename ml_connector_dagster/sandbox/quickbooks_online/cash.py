"""The ledger on the cash basis: sales and costs on account count when they are paid, in proportion, on the payment's day."""

from dataclasses import replace
from datetime import date

from ml_connector_dagster.sandbox.books.cents import half_up
from ml_connector_dagster.sandbox.quickbooks_online.chart import COGS, INVENTORY
from ml_connector_dagster.sandbox.quickbooks_online.company import Company
from ml_connector_dagster.sandbox.quickbooks_online.ledger import Ledger, Leg, Posting
from ml_connector_dagster.sandbox.quickbooks_online.records import Txn

_ON_ACCOUNT = frozenset({"Invoice", "CreditMemo", "Bill", "VendorCredit"})
_STOCK = frozenset({COGS, INVENTORY})


def cash_ledger(company: Company) -> Ledger:
    """Every posting of the company's ledger, those on account moved to their payments; stock leaves when it is sold."""
    ledger, txns = Ledger(), company.written.txns
    for posting in company.ledger.between(date.min, date.max):
        txn = txns.get(posting.txn_id)
        if txn is not None and txn.entity in _ON_ACCOUNT:
            posting = replace(posting, legs=[leg for leg in posting.legs if leg.account_id in _STOCK])  # noqa: PLW2901
        elif txn is not None and txn.entity in {"Payment", "BillPayment"} and not txn.voided:
            posting = replace(posting, legs=_recognised(company, txn, posting))  # noqa: PLW2901
        ledger.post(posting)
    return ledger


def _recognised(company: Company, txn: Txn, posting: Posting) -> list[Leg]:
    """A payment's legs, with those on account opened into what they pay for; what is unapplied stays on account."""
    money, control, *gain = posting.legs
    shares: list[Leg] = []
    for line in txn.lines:
        target = company.txn(line.links[0].txn_id)
        paid = company.ledger.find(target.txn_id)
        assert paid is not None
        booked, *lines = [leg for leg in paid.legs if leg.account_id not in _STOCK]
        settled = half_up(booked.amount * line.amount, target.total)
        parts = [leg._replace(amount=half_up(leg.amount * line.amount, target.total)) for leg in lines]
        rest = -settled - sum(leg.amount for leg in parts)
        parts[-1] = parts[-1]._replace(amount=parts[-1].amount + rest)
        shares += parts
    left = control.amount - sum(leg.amount for leg in shares)
    return [money, *([control._replace(amount=left)] if left else []), *shares, *gain]
