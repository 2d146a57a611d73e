"""Zoho's accounts, contacts, items, reporting tags, locations and projects to rows of ``ledger/``."""

from __future__ import annotations

from collections.abc import Mapping

from ml_connector_dagster.ledger.ledger_account import AccountClass, LedgerAccount
from ml_connector_dagster.ledger.party import Party, TrackingOption
from ml_connector_dagster.ledger.version_hash import version_hash
from ml_connector_dagster.sources.zoho_books.reading import (
    Record,
    flag,
    known,
    modified_at,
    need,
    parts,
    text,
    untrusted,
)

_TYPES: Mapping[AccountClass, tuple[str, ...]] = {
    AccountClass.ASSET: (
        "other_asset",
        "other_current_asset",
        "intangible_asset",
        "right_to_use_asset",
        "financial_asset",
        "contingent_asset",
        "contract_asset",
        "cash",
        "bank",
        "fixed_asset",
        "accounts_receivable",
        "stock",
        "payment_clearing",
    ),
    AccountClass.LIABILITY: (
        "other_current_liability",
        "contract_liability",
        "refund_liability",
        "credit_card",
        "long_term_liability",
        "loans_and_borrowing",
        "lease_liability",
        "employee_benefit_liability",
        "contingent_liability",
        "financial_liability",
        "other_liability",
        "accounts_payable",
    ),
    AccountClass.EQUITY: ("equity",),
    AccountClass.INCOME: ("income", "finance_income", "other_comprehensive_income", "other_income"),
    AccountClass.EXPENSE: (
        "expense",
        "manufacturing_expense",
        "impairment_expense",
        "depreciation_expense",
        "employee_benefit_expense",
        "lease_expense",
        "finance_expense",
        "tax_expense",
        "cost_of_goods_sold",
        "other_expense",
    ),
}
CLASSES: Mapping[str, AccountClass] = {word: found for found, words in _TYPES.items() for word in words}
"""Zoho's account types to the five classes; a type that is not here gives no class, and loads refuse it by name."""
ACTIVE: Mapping[str, bool] = {"active": True, "inactive": False}
ITEM, LOCATION, PROJECT = ("item", "Item"), ("location", "Location"), ("project", "Project")
"""Category id and name of the dimensions that are no reporting tag."""


def account_row(account: Record) -> LedgerAccount:
    """Answer a line of the chart, keyed by its id; the code is often empty."""
    kind = need(account, "account_type")
    active = account.get("is_active")
    if active not in (True, False, "", None, "true", "false"):
        raise untrusted(f"The field 'is_active' is {active!r}.")
    record_id, code, name = need(account, "account_id"), text(account, "account_code"), text(account, "account_name")
    is_active = active not in (False, "false")
    return LedgerAccount(
        ledger_account_id=record_id,
        code=code,
        name=name,
        account_class=CLASSES.get(kind, ""),
        account_type=kind,
        system_role=kind if flag(account, "is_system_account") else "",
        currency=text(account, "currency_code"),
        active=is_active,
        modified_at=modified_at(account),
        version_hash=version_hash(record_id, code, name, kind, is_active),
    )


def party_row(contact: Record) -> Party:
    """Answer a contact; names are for display and need not be unique."""
    record_id, name = need(contact, "contact_id"), text(contact, "contact_name")
    active = text(contact, "status") not in ("inactive", "duplicate")
    return Party(
        party_id=record_id,
        name=name,
        code=text(contact, "contact_number"),
        active=active,
        merged_into="",
        modified_at=modified_at(contact),
        version_hash=version_hash(record_id, name, active),
    )


def is_of(contact: Record, wanted: str) -> bool:
    """Answer whether a contact is of the wanted kind; one of neither kind is both: a member too many is harmless."""
    kind = text(contact, "contact_type")
    return kind == wanted or kind not in ("customer", "vendor")


def item_row(item: Record) -> TrackingOption:
    """Answer an item as an option of the dimension Item."""
    active = known(ACTIVE, text(item, "status") or "active", "status")
    return _option(need(item, "item_id"), text(item, "name"), ITEM, active=active)


def location_row(location: Record) -> TrackingOption:
    """Answer a location as an option."""
    active = location.get("is_location_active") not in (False, "false")
    return _option(need(location, "location_id"), text(location, "location_name"), LOCATION, active=active)


def project_row(project: Record) -> TrackingOption:
    """Answer a project as an option."""
    active = text(project, "status") in ("active", "")
    return _option(need(project, "project_id"), text(project, "project_name"), PROJECT, active=active)


def choice_row(name: str, label: str, value: str) -> TrackingOption:
    """Answer a value of a custom field as an option of it; it is known by its text, since it has no id."""
    return _option(value, value, (name, label or name), active=True)


def tag_rows(tag: Record, options: list[dict[str, object]]) -> list[TrackingOption]:
    """Answer the options of a reporting tag; those of an inactive tag are inactive."""
    category = need(tag, "tag_id"), text(tag, "tag_name")
    return [
        _option(
            need(option, "tag_option_id") if "tag_option_id" in option else need(option, "option_id"),
            text(option, "tag_option_name") or text(option, "option_name"),
            category,
            active=_is_active(tag) and _is_active(option),
        )
        for option in options
    ]


def options_of(tag: Record) -> list[dict[str, object]] | None:
    """Answer the options that a listed tag carries itself; None where they must be asked for."""
    for key in ("tag_options", "options"):
        if isinstance(tag.get(key), list):
            return parts(tag, key)
    return None


def _is_active(record: Record) -> bool:
    return record.get("is_active") not in (False, "false") and text(record, "status") != "inactive"


def _option(option_id: str, name: str, category: tuple[str, str], *, active: bool) -> TrackingOption:
    return TrackingOption(
        option_id=option_id,
        option=name,
        category_id=category[0],
        category=category[1],
        active=active,
        version_hash=version_hash(option_id, name, *category, active),
    )
