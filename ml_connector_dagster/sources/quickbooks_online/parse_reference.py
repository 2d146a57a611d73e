"""QuickBooks' name lists to rows of ``ledger/``: accounts, customers, vendors, employees, classes, departments, items.

Nothing is ever deleted from a name list: a row becomes inactive, and its name gains " (deleted)". A merge leaves the loser
inactive in the same way; QuickBooks does not say who survived.
"""

from __future__ import annotations

from ml_connector_dagster.ledger.ledger_account import AccountClass, LedgerAccount
from ml_connector_dagster.ledger.party import Party, TrackingOption
from ml_connector_dagster.ledger.version_hash import version_hash
from ml_connector_dagster.sources.quickbooks_online.entities import CLASS, DEPARTMENT
from ml_connector_dagster.sources.quickbooks_online.fields import (
    Record,
    is_active,
    modified_at,
    option_id,
    ref,
    text,
    untrusted,
)

RETAINED_EARNINGS = "RetainedEarnings"
"""The account subtype that a fiscal year's result is rolled into."""
_CLASSES = {
    "Asset": AccountClass.ASSET,
    "Liability": AccountClass.LIABILITY,
    "Equity": AccountClass.EQUITY,
    "Revenue": AccountClass.INCOME,
    "Expense": AccountClass.EXPENSE,
}
_ROLES = {RETAINED_EARNINGS, "UndepositedFunds", "AccountsReceivable", "AccountsPayable", "OpeningBalanceEquity"}
_WITH_CURRENCY = {"Bank", "Credit Card"}
ITEM = "item"


def account_row(account: Record) -> LedgerAccount:
    """Answer a line of the chart; an unknown class stays empty, and loads refuse it.

    Raises:
        RecordRefused: It has no id, or a field is of another kind than QuickBooks writes.
    """
    record_id, name = _id(account), text(account, "FullyQualifiedName") or text(account, "Name")
    classified, kind = text(account, "Classification"), text(account, "AccountType")
    role, active = text(account, "AccountSubType"), is_active(account)
    return LedgerAccount(
        ledger_account_id=record_id,
        code=text(account, "AcctNum"),
        name=name,
        account_class=_CLASSES.get(classified, ""),
        account_type=kind,
        system_role=role if role in _ROLES else "",
        currency=ref(account, "CurrencyRef") if kind in _WITH_CURRENCY else "",
        active=active,
        modified_at=modified_at(account),
        version_hash=version_hash(record_id, text(account, "AcctNum"), name, classified, active),
    )


def party_row(party: Record) -> Party:
    """Answer a customer, a vendor or an employee.

    Raises:
        RecordRefused: It has no id, or a field is of another kind than QuickBooks writes.
    """
    record_id, name, active = _id(party), text(party, "DisplayName"), is_active(party)
    code = text(party, "AcctNum") or text(party, "EmployeeNumber")
    return Party(
        party_id=record_id,
        name=name,
        code=code,
        active=active,
        merged_into="",
        modified_at=modified_at(party),
        version_hash=version_hash(record_id, name, code, active),
    )


def class_row(record: Record) -> TrackingOption:
    """Answer an option of the dimension Class."""
    return _option(record, CLASS, "Class", option_id(CLASS, _id(record)))


def department_row(record: Record) -> TrackingOption:
    """Answer an option of the dimension Department; the company's own word for it may be Location."""
    return _option(record, DEPARTMENT, "Department", option_id(DEPARTMENT, _id(record)))


def item_row(record: Record) -> TrackingOption:
    """Answer a product or service."""
    return _option(record, ITEM, "Item", _id(record))


def _option(record: Record, category_id: str, category: str, named: str) -> TrackingOption:
    active = is_active(record)
    name = text(record, "FullyQualifiedName") or text(record, "Name")
    return TrackingOption(named, name, category_id, category, active, version_hash(named, name, active))


def _id(record: Record) -> str:
    found = text(record, "Id")
    if not found:
        raise untrusted("A record of a name list has no Id.")
    return found
