"""How each transaction posts: signs of quickbooks_online.md 8.7, and what 8.8 says no entity shows."""

from collections.abc import Callable, Mapping

from ml_connector_dagster.sandbox.books.cents import RATE_ONE, half_up
from ml_connector_dagster.sandbox.quickbooks_online.chart import COGS, EXCHANGE, INVENTORY, TAX_PAYABLE, UNDEPOSITED
from ml_connector_dagster.sandbox.quickbooks_online.ledger import Leg, Posting
from ml_connector_dagster.sandbox.quickbooks_online.records import Line, Txn

KINDS = {
    "Invoice": "Invoice",
    "CreditMemo": "Credit Memo",
    "SalesReceipt": "Sales Receipt",
    "RefundReceipt": "Refund",
    "Bill": "Bill",
    "VendorCredit": "Vendor Credit",
    "Payment": "Payment",
    "Deposit": "Deposit",
    "Transfer": "Transfer",
    "JournalEntry": "Journal Entry",
}
_UNIT_COST = {"5": 6_200}
"""What one piece of an inventory item costs, in cents."""
_REVERSED = {"CreditMemo": -1, "RefundReceipt": -1}


def home(cents: int, rate: int) -> int:
    """Home-currency cents: QuickBooks multiplies."""
    return cents if rate == RATE_ONE else half_up(cents * rate, RATE_ONE)


def kind_of(txn: Txn) -> str:
    """The report's name for the transaction's type."""
    if txn.entity == "BillPayment":
        return f"Bill Payment ({'Credit Card' if txn.pay_type == 'CreditCard' else 'Check'})"
    if txn.entity == "Purchase":
        if txn.credit:
            return "Credit Card Credit"
        return "Check" if txn.pay_type == "Check" else "Expense"
    return KINDS[txn.entity]


def post(txn: Txn, txns: Mapping[str, Txn]) -> Posting | None:
    """The posting of one transaction; None for a purchase order or an estimate."""
    rule = _RULES.get(txn.entity)
    if rule is None:
        return None
    legs = rule(txn, txns)
    if txn.voided:
        legs = [leg._replace(amount=0) for leg in legs]
    return Posting(
        txn.txn_id,
        txn.day,
        kind_of(txn),
        legs,
        txn.number,
        txn.currency,
        txn.rate,
        txn.created_at,
        txn.updated_at,
    )


def header_home(txn: Txn) -> int:
    """What the header's account got: the lines' home amounts, so that rounding falls on this leg."""
    sign = _REVERSED.get(txn.entity, 1)
    return sign * -sum(leg.amount for leg in _line_legs(txn, sign))


def _line_legs(txn: Txn, sign: int) -> list[Leg]:
    """Legs of a sale's lines and tax, credits for sign 1."""
    legs = []
    for line in txn.leaves():
        if line.account_id:
            side = 1 if line.detail == "Discount" else -1
            legs.append(_leg(txn, line, side * sign * home(line.amount, txn.rate)))
    if txn.tax:
        legs.append(Leg(TAX_PAYABLE, -sign * home(txn.tax, txn.rate), txn.name_id, txn.name_id, memo="Sales tax"))
    return legs


def _sale(txn: Txn, _txns: Mapping[str, Txn]) -> list[Leg]:
    sign = _REVERSED.get(txn.entity, 1)
    legs = _line_legs(txn, sign)
    first = Leg(txn.account_id, -sum(leg.amount for leg in legs), txn.name_id, txn.name_id, memo=txn.note)
    stock = []
    for line in txn.leaves():
        cost = sign * line.quantity * _UNIT_COST.get(line.item_id, 0)
        if cost:
            stock += [_leg(txn, line, cost, COGS), _leg(txn, line, -cost, INVENTORY)]
    return [first, *legs, *stock]


def _buy(txn: Txn, _txns: Mapping[str, Txn]) -> list[Leg]:
    sign = -1 if txn.entity == "VendorCredit" or txn.credit else 1
    legs = [_leg(txn, line, sign * home(line.amount, txn.rate)) for line in txn.leaves()]
    first = Leg(txn.account_id, -sum(leg.amount for leg in legs), txn.name_id, department_id=txn.department_id)
    return [first, *legs]


def _payment(txn: Txn, txns: Mapping[str, Txn]) -> list[Leg]:
    return _settling(txn, txns, 1)


def _bill_payment(txn: Txn, txns: Mapping[str, Txn]) -> list[Leg]:
    return _settling(txn, txns, -1)


def _settling(txn: Txn, txns: Mapping[str, Txn], sign: int) -> list[Leg]:
    """Money at the day's rate, what it settles at that transaction's own rate, the rest a realised gain or loss."""
    settled = home(txn.unapplied, txn.rate)
    for line in txn.lines:
        target = txns[line.links[0].txn_id]
        settled += half_up(_booked(target) * line.amount, target.total)
    money = home(txn.total, txn.rate)
    customer = txn.name_id if sign > 0 else ""
    legs = [
        Leg(txn.account_id, sign * money, txn.name_id, customer),
        Leg(txn.other_id, -sign * settled, txn.name_id, customer),
    ]
    gain = sign * (settled - money)
    return [*legs, Leg(EXCHANGE, gain, txn.name_id, customer, memo="Exchange gain or loss")] if gain else legs


def _booked(target: Txn) -> int:
    if target.entity in {"Invoice", "CreditMemo"}:
        return header_home(target)
    return sum(home(line.amount, target.rate) for line in target.leaves())


def _deposit(txn: Txn, _txns: Mapping[str, Txn]) -> list[Leg]:
    legs = [
        Leg(UNDEPOSITED, -line.amount) if line.links else _leg(txn, line, -line.amount, line.account_id)
        for line in txn.lines
    ]
    if txn.amount:
        legs.append(Leg(txn.other_id, txn.amount, memo="Cash back"))
    return [Leg(txn.account_id, txn.total), *legs]


def _transfer(txn: Txn, _txns: Mapping[str, Txn]) -> list[Leg]:
    return [Leg(txn.other_id, txn.amount, memo=txn.note), Leg(txn.account_id, -txn.amount, memo=txn.note)]


def _journal(txn: Txn, _txns: Mapping[str, Txn]) -> list[Leg]:
    return [_leg(txn, line, line.amount if line.debit else -line.amount) for line in txn.lines]


def _leg(txn: Txn, line: Line, amount: int, account_id: str = "") -> Leg:
    sale = txn.entity in {"Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt"}
    return Leg(
        account_id or line.account_id,
        amount,
        line.name_id or txn.name_id,
        txn.name_id if sale else line.customer_id,
        line.class_id or txn.class_id,
        line.department_id or txn.department_id,
        line.description,
    )


_RULES: dict[str, Callable[[Txn, Mapping[str, Txn]], list[Leg]]] = {
    "Invoice": _sale,
    "CreditMemo": _sale,
    "SalesReceipt": _sale,
    "RefundReceipt": _sale,
    "Bill": _buy,
    "VendorCredit": _buy,
    "Purchase": _buy,
    "Payment": _payment,
    "BillPayment": _bill_payment,
    "Deposit": _deposit,
    "Transfer": _transfer,
    "JournalEntry": _journal,
}
