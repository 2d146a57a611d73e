"""What each record does to the ledger. Legs balance in base currency; a document's rounding goes to its last line."""

from collections.abc import Callable, Mapping
from datetime import date

from ml_connector_dagster.sandbox.books.ledger import EntryLine
from ml_connector_dagster.sandbox.zoho_books.records import Doc

Posted = tuple[date, list[EntryLine]]
DEBITS = {"bill": 1, "creditnote": 1, "invoice": -1, "vendorcredit": -1}
"""The side of a document's lines: bought is debit, sold is credit, and credits are the other way round."""
CONTROL = {"invoice": "receivable", "creditnote": "receivable", "bill": "payable", "vendorcredit": "payable"}
_TAX = {"invoice": "output_tax", "creditnote": "output_tax", "bill": "input_tax", "vendorcredit": "input_tax"}


def postings(doc: Doc, roles: Mapping[str, str], found: Callable[[str], Doc]) -> list[Posted]:
    """The entries of one record, day by day; roles maps Zoho's own accounts, found fetches another record."""
    if not doc.posts:
        return []
    if doc.kind in DEBITS:
        return [(doc.day, _document(doc, roles))]
    if doc.kind == "journal":
        return [(doc.day, _journal(doc))]
    if doc.kind == "expense":
        return [(doc.day, _expense(doc, roles))]
    if doc.kind in {"customerpayment", "vendorpayment"}:
        return [(doc.day, _payment(doc, roles, found))]
    return _plain(doc)


def _document(doc: Doc, roles: Mapping[str, str]) -> list[EntryLine]:
    side = DEBITS[doc.kind]
    lines = [
        _leg(line.account_id, side * doc.base(net), side * net, line.line_id, line.tags, line.description)
        for line, net in zip(doc.lines, doc.nets(), strict=True)
    ]
    rest = [(_TAX[doc.kind], doc.tax_total), ("shipping", doc.shipping), ("adjustment", doc.adjustment)]
    others = [_leg(roles[role], side * doc.base(cents), side * cents) for role, cents in rest if cents]
    control = _leg(roles[CONTROL[doc.kind]], -side * doc.base(doc.total), -side * doc.total)
    balanced = _balanced([*others, control, *lines])
    goods = [line for line in doc.lines if line.cost]
    return [*balanced, *_goods(side, sum(line.cost for line in goods), roles)]


def _goods(side: int, cost: int, roles: Mapping[str, str]) -> list[EntryLine]:
    """Goods leave the stock at cost when they are sold, and come back with a credit note."""
    if not cost:
        return []
    return [_leg(roles["cogs"], -side * cost, -side * cost), _leg(roles["inventory"], side * cost, side * cost)]


def _journal(doc: Doc) -> list[EntryLine]:
    return _balanced(
        [
            _leg(
                line.account_id,
                (1 if line.is_debit else -1) * doc.base(line.amount),
                (1 if line.is_debit else -1) * line.amount,
                line.line_id,
                line.tags,
                line.description,
            )
            for line in doc.lines
        ]
    )


def _expense(doc: Doc, roles: Mapping[str, str]) -> list[EntryLine]:
    lines = [
        _leg(line.account_id, doc.base(net), net, line.line_id, line.tags, line.description)
        for line, net in zip(doc.lines, doc.nets(), strict=True)
    ]
    tax = [_leg(roles["input_tax"], doc.base(doc.tax_total), doc.tax_total)] if doc.tax_total else []
    return _balanced([*tax, _leg(doc.account_id, -doc.base(doc.total), -doc.total), *lines])


def _payment(doc: Doc, roles: Mapping[str, str], found: Callable[[str], Doc]) -> list[EntryLine]:
    """Money at the payment's rate, what it settles at the documents' rates; the difference was gained or lost."""
    incoming = doc.kind == "customerpayment"
    side = 1 if incoming else -1
    control, ahead = ("receivable", "unearned") if incoming else ("payable", "prepaid")
    charges = doc.charges if incoming else 0
    lines = [_leg(doc.account_id, side * doc.base(doc.amount - charges), side * (doc.amount - charges))]
    if charges:
        lines.append(_leg(roles["charges"], doc.base(charges), charges))
    for one in doc.applied:
        settled = found(one.doc_id).base(one.amount)
        lines.append(_leg(roles[control], -side * settled, -side * one.amount, one.doc_id))
    if doc.unused:
        lines.append(_leg(roles[ahead], -side * doc.base(doc.unused), -side * doc.unused))
    exchange = -sum(line.amount for line in lines)
    return [*lines, _leg(roles["exchange"], exchange, 0)] if exchange else lines


def _plain(doc: Doc) -> list[Posted]:
    lines = [_leg(leg.account_id, leg.amount, leg.document_amount) for leg in doc.legs]
    found: list[Posted] = [(doc.day, lines)]
    if doc.reversed_on is not None:
        back = [line._replace(amount=-line.amount, document_amount=-line.document_amount) for line in lines]
        found.append((doc.reversed_on, back))
    return found


def _balanced(lines: list[EntryLine]) -> list[EntryLine]:
    """Let the last leg take the cents that rounding each leg by itself left over."""
    rest = sum(line.amount for line in lines)
    return [*lines[:-1], lines[-1]._replace(amount=lines[-1].amount - rest)] if rest else lines


def _leg(
    account_id: str,
    amount: int,
    document_amount: int,
    line_id: str = "",
    tags: tuple[str, ...] = (),
    description: str = "",
) -> EntryLine:
    return EntryLine(account_id, amount, document_amount, line_id, tags, description)
