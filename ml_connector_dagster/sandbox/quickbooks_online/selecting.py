"""Which records a statement finds: attributes that may be asked, comparisons, order, the page."""

import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from ml_connector_dagster.sandbox.quickbooks_online.notation import epoch
from ml_connector_dagster.sandbox.quickbooks_online.query import Condition, QueryWrong, Statement
from ml_connector_dagster.sandbox.quickbooks_online.records import Named, Txn

Record = Txn | Named
_TXN: dict[str, tuple[str, Callable[[Txn], Any]]] = {
    "id": ("id", lambda txn: int(txn.txn_id)),
    "synctoken": ("text", lambda txn: str(txn.sync)),
    "metadata.lastupdatedtime": ("moment", lambda txn: txn.updated_at),
    "metadata.createtime": ("moment", lambda txn: txn.created_at),
    "txndate": ("day", lambda txn: txn.day),
    "duedate": ("day", lambda txn: txn.due_on or date.min),
    "docnumber": ("text", lambda txn: txn.number),
    "totalamt": ("amount", lambda txn: Decimal(0 if txn.voided else txn.total) / 100),
    "balance": ("amount", lambda txn: Decimal(txn.open_cents) / 100),
    "customerref": ("text", lambda txn: txn.name_id),
    "vendorref": ("text", lambda txn: txn.name_id),
    "departmentref": ("text", lambda txn: txn.department_id),
    "currencyref": ("text", lambda txn: txn.currency),
    "paymenttype": ("text", lambda txn: txn.pay_type),
}
_NAMED: dict[str, tuple[str, Callable[[Named], Any]]] = {
    "id": ("id", lambda named: int(named.name_id)),
    "synctoken": ("text", lambda named: str(named.sync)),
    "metadata.lastupdatedtime": ("moment", lambda named: named.updated_at),
    "metadata.createtime": ("moment", lambda named: named.created_at),
    "active": ("flag", lambda named: named.active),
    "name": ("text", lambda named: named.shown_name),
    "displayname": ("text", lambda named: named.shown_name),
    "fullyqualifiedname": ("text", lambda named: named.more.get("FullyQualifiedName", named.shown_name)),
    "type": ("text", lambda named: named.more.get("Type", "")),
    "accounttype": ("text", lambda named: named.more.get("AccountType", "")),
    "accountsubtype": ("text", lambda named: named.more.get("AccountSubType", "")),
    "classification": ("text", lambda named: named.more.get("Classification", "")),
    "acctnum": ("text", lambda named: named.more.get("AcctNum", "")),
    "parentref": ("text", lambda named: named.parent_id),
}


def select(records: Iterable[Record], statement: Statement, today: date) -> list[Any]:
    """Every record that fits, in order; without an order the newest id comes first, which is no promise."""
    tests = [_test(condition, today) for condition in statement.conditions]
    asks_active = any(condition.attribute.lower() == "active" for condition in statement.conditions)
    found = [
        record
        for record in records
        if (asks_active or not isinstance(record, Named) or record.active) and all(test(record) for test in tests)
    ]
    found.sort(key=lambda record: -_value(record, "id")[1])
    for attribute, descending in reversed(statement.order):
        found.sort(key=lambda record, name=attribute: _value(record, name)[1], reverse=descending)  # type: ignore[misc]
    return found


def check_attributes(statement: Statement, *, named: bool) -> None:
    """QueryWrong with 4001 for an attribute that cannot be asked, found or not."""
    known: Iterable[str] = _NAMED if named else _TXN
    asked = [condition.attribute for condition in statement.conditions] + [name for name, _ in statement.order]
    for attribute in asked:
        if attribute.lower() not in known:
            raise QueryWrong("4001", f"Property {attribute} not queryable for Entity {statement.entity}")
    for condition in statement.conditions:
        if condition.attribute.lower() == "id" and condition.operator not in {"=", "IN"}:
            raise QueryWrong("4001", f"Operator {condition.operator} is not supported for property Id")


def _value(record: Record, attribute: str) -> tuple[str, Any]:
    if isinstance(record, Txn):
        kind, of_txn = _TXN[attribute.lower()]
        return kind, of_txn(record)
    kind, of_named = _NAMED[attribute.lower()]
    return kind, of_named(record)


def _test(condition: Condition, today: date) -> Callable[[Record], bool]:
    attribute, operator = condition.attribute.lower(), condition.operator
    kind = (_NAMED.get(attribute) or _TXN[attribute])[0]
    values = [_read(kind, value, today) for value in condition.values]
    if operator == "LIKE":
        pattern = re.compile(re.escape(condition.values[0]).replace("%", ".*"), re.IGNORECASE)
        return lambda record: pattern.fullmatch(str(_value(record, attribute)[1])) is not None
    if operator in {"IN", "="}:
        return lambda record: _folded(_value(record, attribute)[1]) in values
    wanted = values[0]
    compare: dict[str, Callable[[Any], bool]] = {
        "<": lambda value: value < wanted,
        ">": lambda value: value > wanted,
        "<=": lambda value: value <= wanted,
        ">=": lambda value: value >= wanted,
    }
    test = compare[operator]
    return lambda record: test(_folded(_value(record, attribute)[1]))


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _read(kind: str, text: str, today: date) -> Any:
    """The literal as the attribute's kind; QueryWrong with 4001 where it is none."""
    try:
        if kind == "day":
            return today if text.upper() == "CURRENT_DATE" else date.fromisoformat(text)
        if kind == "moment":
            return epoch(text)
        if kind == "id":
            return int(text)
        if kind == "amount":
            return Decimal(text)
    except (ValueError, InvalidOperation):
        raise QueryWrong("4001", f"Invalid value {text}") from None
    if kind == "flag":
        if text.lower() not in {"true", "false"}:
            raise QueryWrong("4001", f"Invalid value {text}")
        return text.lower() == "true"
    return text.lower()
