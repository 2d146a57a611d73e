"""The class ``fx_revaluation``: what currency rates alone moved in a period, on every account that Xero revalues.

At a month's end Xero values open foreign receivables and payables at the day's rate, against UNREALISEDCURRENCYGAIN, and each
foreign bank account, against BANKCURRENCYGAIN; the next day it takes that back. A period's movement is what its end is valued
at, less what the end of the period before was. The values are Xero's own (see ``valuations``): none comes from the difference
to be explained, so a figure that is wrong anywhere, on the two gain accounts too, stays unexplained.

A consent given before the connector asked for these reports lacks their scopes. Then the gain accounts' own movement is named,
and its other leg only where it is certain: one foreign bank account, or foreign documents on one side alone. ``check`` says
which scope is missing, and the accounts that are left show as unexplained.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.trial_balance import TrialBalances
from ml_connector_dagster.sources.xero import chart as roles
from ml_connector_dagster.sources.xero.chart import Chart
from ml_connector_dagster.sources.xero.valuations import (
    Gains,
    bank_gains,
    foreign_documents,
    unrealised_gains,
)

if TYPE_CHECKING:
    from ml_connector_dagster.sources.xero.company import XeroCompany


def fx_revaluation(company: XeroCompany, chart: Chart, reports: TrialBalances, period: Period) -> Gains:
    """Answer {ledger_account_id: amount}, debit + and credit −; no call where neither gain account was ever used."""
    amounts: Gains = defaultdict(lambda: ZERO)
    unrealised, revaluation = (chart.by_role.get(role, "") for role in (roles.UNREALISED, roles.BANK_REVALUATION))
    if reports.is_used(unrealised):
        _post(amounts, _document_gains(company, chart, reports, period), unrealised, reports)
    if reports.is_used(revaluation):
        _post(amounts, _bank_gains(company, chart, reports, period), revaluation, reports)
    return dict(amounts)


def _post(amounts: Gains, gains: Gains | None, against: str, reports: TrialBalances) -> None:
    """Add the gains by account and their sum on the gain account; where nothing values them, the account's own movement."""
    if gains is None:
        amounts[against] += reports.movement(against)
        return
    for account, gain in gains.items():
        amounts[account] += gain
        amounts[against] -= gain


def _document_gains(company: XeroCompany, chart: Chart, reports: TrialBalances, period: Period) -> Gains | None:
    """Answer the gain of the period on receivables and payables.

    Rates that were inferred are dropped for a report of every contact where their sum is not what the gain account moved.
    """
    documents = foreign_documents(company, period)
    expected = -reports.movement(chart.account(roles.UNREALISED))
    found: Gains | None = None
    for thorough in (False, True):
        closing = unrealised_gains(company, documents, period.last_on, thorough=thorough)
        opening = unrealised_gains(company, documents, period.previous().last_on, thorough=thorough)
        if closing is None or opening is None:
            return _on_one_account({chart.account(one.role) for one in documents}, expected)
        sides = {*closing, *opening}
        found = {chart.account(role): closing.get(role, ZERO) - opening.get(role, ZERO) for role in sides}
        if sum(found.values(), ZERO) == expected:
            break
    return found


def _bank_gains(company: XeroCompany, chart: Chart, reports: TrialBalances, period: Period) -> Gains | None:
    found = bank_gains(company.api, period)
    if found is not None:
        return {account: gain for account, gain in found.items() if not chart.is_base(account)}
    return _on_one_account(set(chart.foreign_banks), -reports.movement(chart.account(roles.BANK_REVALUATION)))


def _on_one_account(accounts: set[str], gain: Decimal) -> Gains | None:
    return {accounts.pop(): gain} if len(accounts) == 1 else None
