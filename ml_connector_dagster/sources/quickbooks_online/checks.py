"""What ``ml-connector check`` asks QuickBooks: one finding for each thing that is read; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from ml_connector_dagster.errors import ConnectorError, FiguresDiffer
from ml_connector_dagster.ledger.ledger_account import AccountClass
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Finding
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES, Entity, EntityKind
from ml_connector_dagster.sources.quickbooks_online.client import Window, records_of
from ml_connector_dagster.sources.quickbooks_online.entities import DOCUMENT_OF, REFERENCES_OF
from ml_connector_dagster.sources.quickbooks_online.parse_reference import account_row
from ml_connector_dagster.sources.quickbooks_online.trial_balance import profit_and_loss, read_trial_balances

if TYPE_CHECKING:
    from ml_connector_dagster.sources.quickbooks_online.company import QuickbooksCompany


def findings(company: QuickbooksCompany) -> Iterator[Finding]:
    """Yield what holds and what does not, each with what to do; a refusal is a finding, never an empty list."""
    period = Period.of(datetime.now(UTC).date()).previous()
    yield _probe("company", lambda: _about(company))
    for word in REFERENCES_OF:
        yield _probe(word, partial(_count, company, word, Window.whole()))
    for word in DOCUMENT_OF:
        yield _probe(word, partial(_count, company, word, Window.of_dates(period.first_on, period.last_on)))
    yield _probe("GeneralLedger report", lambda: _ledger(company, period))
    yield _probe("TrialBalance and ProfitAndLoss reports", lambda: _reports_agree(company, period))


def _probe(subject: str, ask: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, holds=True, says=ask())
    except ConnectorError as error:
        return Finding(subject, holds=False, says=str(error))


def _about(company: QuickbooksCompany) -> str:
    found = company.company()
    locked = f"closed up to {found.lock_on}" if found.lock_on else "not closed"
    many = "several currencies" if company.currencies.multicurrency else "one currency"
    return (
        f"{found.name}, {found.base_currency} with {many}, fiscal year ends in month {found.fiscal_year_end_month}, "
        f"books {locked}. The consent could write; this client sends reads alone."
    )


def _count(company: QuickbooksCompany, word: str, window: Window) -> str:
    return f"{company.api.count(word, window)} records."


def _ledger(company: QuickbooksCompany, period: Period) -> str:
    lines = Entity(LEDGER_LINES, EntityKind.LEDGER, tuple, (), "", "", endpoint="reports/GeneralLedger")
    found = sum(page.read for page in company.read(lines, period))
    return f"{found} transactions in {period}."


def _reports_agree(company: QuickbooksCompany, period: Period) -> str:
    """Compare both reports of the last whole month, account by account: a movement taken wrongly would show here."""
    moved = read_trial_balances(company.api, company.company(), period)
    classes = {
        row.ledger_account_id: row.account_class
        for answered in company.api.pages("Account", Window.whole())
        for row in map(account_row, records_of(answered.body, "Account"))
    }
    shown = profit_and_loss(company.api, period)
    differing = [
        account
        for account, figure in shown.items()
        if abs(moved.movement(account)) != abs(figure) and classes.get(account) in _RESULTS
    ]
    if not differing:
        return f"{len(shown)} accounts of {period} agree with each other."
    raise FiguresDiffer(
        f"{len(differing)} of {len(shown)} accounts differ between profit and loss and trial balance of {period}, "
        f"among them {differing[0]}.",
        "The period's movement cannot be taken from the trial balance as it is.",
        "Check that no one is posting at this moment, then run the check again; else report it.",
    )


_RESULTS = {AccountClass.INCOME.value, AccountClass.EXPENSE.value}
