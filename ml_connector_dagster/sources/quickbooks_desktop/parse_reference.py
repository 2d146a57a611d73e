"""QuickBooks' lists to rows of ``ledger/``: accounts, classes, customers and jobs, vendors.

A list element that was deleted, or that lost a merge, is gone from its list; QuickBooks names it among the deleted ones for 90
days, without saying who survived. It is answered as inactive then, so that its member stays. A deleted account has no class, and
never had a balance, so it is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from ml_connector_dagster.ledger.ledger_account import AccountClass, LedgerAccount
from ml_connector_dagster.ledger.party import Party, TrackingOption
from ml_connector_dagster.ledger.version_hash import version_hash
from ml_connector_dagster.sources.quickbooks_desktop.entities import CLASS
from ml_connector_dagster.sources.quickbooks_desktop.fields import (
    Record,
    flag,
    modified_at,
    text,
    untrusted,
)

RETAINED_EARNINGS = "RetainedEarnings"
"""The account that a fiscal year's result is rolled into."""
_CLASSES: Mapping[AccountClass, tuple[str, ...]] = {
    AccountClass.ASSET: ("AccountsReceivable", "Bank", "FixedAsset", "OtherAsset", "OtherCurrentAsset"),
    AccountClass.LIABILITY: ("AccountsPayable", "CreditCard", "LongTermLiability", "OtherCurrentLiability"),
    AccountClass.EQUITY: ("Equity",),
    AccountClass.INCOME: ("Income", "OtherIncome"),
    AccountClass.EXPENSE: ("CostOfGoodsSold", "Expense", "OtherExpense"),
}
_CLASS_OF = {kind: account_class.value for account_class, kinds in _CLASSES.items() for kind in kinds}
_WITH_CURRENCY = {"Bank", "CreditCard"}
Row = LedgerAccount | Party | TrackingOption


def account_row(account: Record, zone: ZoneInfo) -> LedgerAccount:
    """Answer a line of the chart; a type that is not known, and a non-posting one, has no class, and loads refuse it.

    Raises:
        RecordRefused: It has no id, or a field is of another kind than QuickBooks writes.
    """
    record_id, name = _id(account), _name(account)
    code, kind, active = (
        text(account, "AccountNumber"),
        text(account, "AccountType"),
        flag(account, "IsActive", missing=True),
    )
    return LedgerAccount(
        ledger_account_id=record_id,
        code=code,
        name=name,
        account_class=_CLASS_OF.get(kind, ""),
        account_type=kind,
        system_role=text(account, "SpecialAccountType"),
        currency=text(account, "CurrencyRef/FullName") if kind in _WITH_CURRENCY else "",
        active=active,
        modified_at=modified_at(account, zone),
        version_hash=version_hash(record_id, code, name, kind, active),
    )


def party_row(party: Record, zone: ZoneInfo) -> Party:
    """Answer a customer, a job or a vendor.

    Raises:
        RecordRefused: It has no id, or a field is of another kind than QuickBooks writes.
    """
    record_id, name = _id(party), _name(party)
    code, active = text(party, "AccountNumber"), flag(party, "IsActive", missing=True)
    return Party(
        party_id=record_id,
        name=name,
        code=code,
        active=active,
        merged_into="",
        modified_at=modified_at(party, zone),
        version_hash=version_hash(record_id, name, code, active),
    )


def class_row(record: Record, zone: ZoneInfo) -> TrackingOption:
    """Answer a class.

    Raises:
        RecordRefused: It has no id, or a field is of another kind than QuickBooks writes.
    """
    del zone
    return _option(_id(record), _name(record), active=flag(record, "IsActive", missing=True))


def deleted_row(deleted: Record, zone: ZoneInfo) -> Party | TrackingOption:
    """Answer a list element that is gone, as inactive.

    Raises:
        RecordRefused: It has no id.
    """
    del zone
    record_id, name = _id(deleted), text(deleted, "FullName")
    if text(deleted, "ListDelType") == "Class":
        return _option(record_id, name, active=False)
    return Party(record_id, name, "", False, "", None, version_hash(record_id, name, "", False))


ROWS: Mapping[str, Callable[[Record, ZoneInfo], Row]] = {
    "AccountRet": account_row,
    "ClassRet": class_row,
    "CustomerRet": party_row,
    "VendorRet": party_row,
    "ListDeletedRet": deleted_row,
}
"""Element of an answer to what reads it."""


def _option(record_id: str, name: str, *, active: bool) -> TrackingOption:
    return TrackingOption(record_id, name, CLASS, "Class", active, version_hash(record_id, name, active))


def _name(record: Record) -> str:
    """Answer the full name, with its parents before it; a vendor has its own alone."""
    return text(record, "FullName") or text(record, "Name")


def _id(record: Record) -> str:
    found = text(record, "ListID")
    if not found:
        raise untrusted(f"A {record.tag} has no ListID.")
    return found
