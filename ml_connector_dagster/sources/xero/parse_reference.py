"""Xero's accounts, contacts, tracking categories and tax rates to rows of ``ledger/``."""

from __future__ import annotations

from decimal import Decimal

from ml_connector_dagster.ledger.ledger_account import AccountClass, LedgerAccount
from ml_connector_dagster.ledger.party import Party, TrackingOption
from ml_connector_dagster.ledger.version_hash import version_hash
from ml_connector_dagster.sources.xero import wire_reference as wire
from ml_connector_dagster.sources.xero.dates import optional_moment

_CLASSES = {
    "ASSET": AccountClass.ASSET,
    "LIABILITY": AccountClass.LIABILITY,
    "EQUITY": AccountClass.EQUITY,
    "REVENUE": AccountClass.INCOME,
    "EXPENSE": AccountClass.EXPENSE,
}


def account_row(account: wire.Account) -> LedgerAccount:
    """Answer a line of the chart; an unknown class stays empty, and loads refuse it."""
    return LedgerAccount(
        ledger_account_id=account.record_id,
        code=account.number,
        name=account.name,
        account_class=_CLASSES.get(account.account_class, ""),
        account_type=account.type,
        system_role=account.system_account or "",
        currency=account.currency_code,
        active=account.status == "ACTIVE",
        modified_at=optional_moment(account.updated_date_utc),
        version_hash=version_hash(
            account.record_id, account.number, account.name, account.account_class, account.status
        ),
    )


def party_row(contact: wire.Contact) -> Party:
    """Answer a contact; a merged one names its survivor and is inactive."""
    merged = contact.merged_to_contact_id or ""
    return Party(
        party_id=contact.record_id,
        name=contact.name,
        code=contact.account_number or contact.contact_number or "",
        active=contact.contact_status == "ACTIVE" and not merged,
        merged_into=merged,
        modified_at=optional_moment(contact.updated_date_utc),
        version_hash=version_hash(contact.record_id, contact.name, contact.contact_status, merged),
    )


def option_rows(category: wire.TrackingCategory) -> list[TrackingOption]:
    """Answer the options of a tracking category; an option of an archived category is inactive."""
    return [
        TrackingOption(
            option_id=option.record_id,
            option=option.name,
            category_id=category.record_id,
            category=category.name,
            active=option.status == "ACTIVE" and category.status == "ACTIVE",
            version_hash=version_hash(option.record_id, option.name, option.status, category.name, category.status),
        )
        for option in category.options
    ]


def share_not_recoverable(rate: wire.TaxRate) -> Decimal:
    """Answer which share of a tax type's tax stays in cost; a compound component taxes the others as well."""
    simple = sum((part.rate for part in rate.tax_components if not part.is_compound), Decimal(0))
    weights = [
        (part.rate * (100 + simple) / 100 if part.is_compound else part.rate, part.is_non_recoverable)
        for part in rate.tax_components
    ]
    total = sum((weight for weight, _ in weights), Decimal(0))
    return sum((weight for weight, lost in weights if lost), Decimal(0)) / total if total else Decimal(0)
