"""What ``ml-connector check`` asks FreshBooks: identity, a path of each of the three ids, scopes and plan; it writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from ml_connector_dagster.errors import ConnectorError, CredentialRefused, RequestRejected
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Finding
from ml_connector_dagster.sources.contract.entity import Entity
from ml_connector_dagster.sources.freshbooks import reports
from ml_connector_dagster.sources.freshbooks.entities import (
    BILL_PAYMENTS,
    BILLS,
    CREDIT_NOTES,
    CUSTOMERS,
    EXPENSES,
    INVOICES,
    JOURNAL_ENTRIES,
    LEDGER_ACCOUNTS,
    OTHER_INCOME,
    PAYMENTS,
    TRACKING,
    VENDORS,
)
from ml_connector_dagster.sources.freshbooks.entries import entry_of
from ml_connector_dagster.sources.freshbooks.identity import ADVANCED, PAYABLES

if TYPE_CHECKING:
    from ml_connector_dagster.sources.freshbooks.company import FreshBooksCompany

SCOPES: tuple[tuple[Entity, str, str], ...] = (
    (LEDGER_ACCOUNTS, "journal_entries", "business_uuid"),
    (TRACKING, "projects", "business.id"),
    (CUSTOMERS, "clients", "account_id"),
    (VENDORS, "bill_vendors", "account_id"),
    (INVOICES, "invoices", "account_id"),
    (PAYMENTS, "payments", "account_id"),
    (EXPENSES, "expenses", "account_id"),
    (BILLS, "bills", "account_id"),
    (BILL_PAYMENTS, "bill_payments", "account_id"),
    (CREDIT_NOTES, "credit_notes", "account_id"),
    (OTHER_INCOME, "other_income", "account_id"),
)
"""Entity, object of its read scope, and which of the three ids its path carries."""
DEGRADED = (
    "The plan has no journal entries and trial balance (403), so ledger lines are made from documents: receivables, payables, "
    "sales, tax and cash go to the accounts with that part, and only income and expense are compared with a report. "
    "A plan with advanced accounting reads the ledger itself."
)


def findings(company: FreshBooksCompany) -> Iterator[Finding]:
    """Yield what holds and what does not, each with what to do; a refusal is a finding, never an empty list."""
    yield _probe("consent reaches the business", lambda: _business(company))
    yield _probe("currency of the books (reports:read)", lambda: f"{company.base_currency}.")
    for entity, scope, identifier in SCOPES:
        yield _probe(f"{entity.name} (user:{scope}:read, {identifier})", partial(_count, company, entity))
    yield _probe("journal_entries (user:journal_entries:read)", partial(_ledger, company))
    yield _probe("trial balance (user:reports:read)", partial(_trial_balance, company))


def _probe(subject: str, ask: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, holds=True, says=ask())
    except ConnectorError as error:
        return Finding(subject, holds=False, says=str(error))


def _business(company: FreshBooksCompany) -> str:
    business = company.business
    ids = f"account {business.account_id}, business {business.business_id or 'none'}, uuid {business.business_uuid or 'none'}"
    if not business.business_id or not business.business_uuid:
        raise RequestRejected(
            f"FreshBooks names not all ids of {business.name} ({ids}).",
            "Projects or the chart of accounts cannot be read.",
            "Finish the set-up of the business in FreshBooks, then run ml-connector check again.",
        )
    plan = {name: business.permissions.get(name, "not said") for name in (PAYABLES, ADVANCED)}
    said = ", ".join(f"{name}: {value}" for name, value in plan.items())
    return f"{business.name} as {business.role} ({ids}; {business.time_zone}; {said})."


def _count(company: FreshBooksCompany, entity: Entity) -> str:
    listing = company.listings(entity, None)[0]
    page = next(company.api.pages(listing))
    return f"{page.total if page.total is not None else len(page.records)} records."


def _ledger(company: FreshBooksCompany) -> str:
    """Look at last month's entries: whether the plan has them, and whether books in other currencies stand beside."""
    period = Period.of(datetime.now(UTC).date()).previous()
    try:
        page = next(company.api.pages(company.listings(JOURNAL_ENTRIES, period)[0]))
    except CredentialRefused as refused:
        if not company.is_plan_refusal(refused):
            raise
        return DEGRADED
    return f"{page.total if page.total is not None else len(page.records)} lines in {period}.{_foreign(company, page.records)}"


def _foreign(company: FreshBooksCompany, records: list[object]) -> str:
    codes: Counter[str] = Counter()
    for record in records:
        if isinstance(record, dict) and entry_of(record):
            sides = [side for name in ("debit", "credit") if isinstance(side := record.get(name), dict)]
            codes.update(str(side["code"]) for side in sides if side.get("code") not in (None, company.base_currency))
    if not codes:
        return ""
    said = ", ".join(f"{count} in {code}" for code, count in sorted(codes.items()))
    return (
        f" Books in other currencies stand beside ({said} on the first page): FreshBooks gives no rate, so they are no part of "
        "figures in base currency. Load them with currency: document and a currency column."
    )


def _trial_balance(company: FreshBooksCompany) -> str:
    period = Period.of(datetime.now(UTC).date()).previous()
    try:
        moved = reports.trial_balance(company, period.first_on, period.last_on)
    except CredentialRefused as refused:
        if not company.is_plan_refusal(refused):
            raise
        return DEGRADED
    return f"{len(moved)} accounts moved in {period}."
