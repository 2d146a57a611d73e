"""The books' side of a tie-out, as far as Zoho shows one: it has no trial balance that its API documents.

Income and expense come from the profit and loss report, the rest from the balance sheet at the period's end and at the end of the
period before: both are other readings of the ledger than the account transactions that lines come from. Where one
cannot be had, the account transactions are read a second time, which shows what moved or was lost since; a balance is then Zoho's
own ``current_balance`` less what was posted later. Besides, every transaction must sum to nought over all accounts, or it is
set aside when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

from ml_connector_dagster.errors import CredentialRefused, RecordRefused, RequestRejected
from ml_connector_dagster.ledger.ledger_account import AccountClass
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import ControlBalance
from ml_connector_dagster.sources.zoho_books.client import Listing, ZohoApi
from ml_connector_dagster.sources.zoho_books.ledger_feed import CHART, amounts, since
from ml_connector_dagster.sources.zoho_books.parse_reference import CLASSES
from ml_connector_dagster.sources.zoho_books.reading import money, text
from ml_connector_dagster.sources.zoho_books.statements import (
    BALANCE_SHEET,
    PROFIT_AND_LOSS,
    Account,
    Amounts,
    Chart,
    balance_sheet,
    profit_and_loss,
)

BALANCES = Listing(CHART.path, (*CHART.params, ("showbalance", "true")), is_paged=False)
Posting = tuple[str, Decimal]
"""Day as written, amount debit positive."""
Found = TypeVar("Found")


def chart_with_balances(api: ZohoApi) -> list[Account]:
    """Answer the chart, inactive accounts included, each with its balance as of now; one call."""
    return [
        Account(
            account_id=text(record, "account_id"),
            name=text(record, "account_name"),
            account_class=CLASSES.get(text(record, "account_type"), ""),
            balance=money(record, "current_balance"),
        )
        for answered in api.pages(BALANCES)
        for record in answered.records
        if text(record, "account_id")
    ]


def debits(accounts: Sequence[Account]) -> Amounts:
    """Answer the balances debit positive, whichever way Zoho writes them: those of a whole chart sum to nought in the right one.

    Zoho does not say whether a credit balance of a liability is written positive (believed) or negative; where neither sums to
    nought, the believed one is taken, and the tie-out of a balance says what is wrong.
    """
    natural = {one.account_id: -one.balance if one.is_credit else one.balance for one in accounts}
    plain = {one.account_id: one.balance for one in accounts}
    return plain if sum(natural.values(), ZERO) and not sum(plain.values(), ZERO) else natural


class Control:
    """Asks for the books' side of one organization, and remembers which reports it cannot have."""

    def __init__(self, api: ZohoApi) -> None:
        """Take the client; no call is made."""
        self._api = api
        self._missing: set[str] = set()
        self._chart = Chart(())
        self._moved: dict[Period, Mapping[str, Decimal]] = {}

    def read(self, period: Period, year_began: Period) -> list[ControlBalance]:
        """Answer movement and balance of every account; see the module.

        Calls: one for the chart, one or two for the profit and loss report, two for the balance sheet; where a report cannot be
        had, one and one more for each further 200 postings for each of its accounts.
        """
        self._chart = Chart(chart_with_balances(self._api))
        results = self._had(PROFIT_AND_LOSS, lambda: self._results(period, year_began))
        sheet = self._had(BALANCE_SHEET, lambda: self._sheet(period))
        rest = [one for one in self._chart.accounts if (results if one.restarts else sheet) is None]
        now = debits(self._chart.accounts)
        again = [_read_again(self._api, one, now[one.account_id], period, year_began) for one in rest]
        found = [*(results or ()), *(sheet or ()), *again]
        self._moved[period] = {one.ledger_account_id: one.movement for one in found}
        return found

    def rolled(self, period: Period, year_before: Period, lines: Mapping[str, Decimal]) -> Amounts:
        """Answer the result of the fiscal year before on the equity account that the balance sheet carries it to; one call.

        No posting shows that roll. The amount is the profit and loss report's; the account is the one that moved by exactly as
        much beyond its lines, since its name follows the organization's language. Where none did, nothing is named.
        """
        if self._missing or period not in self._moved:
            return {}
        result = profit_and_loss(self._api, self._chart, year_before.first_on, period.previous().last_on)
        whole, moved = sum(result.values(), ZERO), self._moved[period]
        equity = (one.account_id for one in self._chart.accounts if one.account_class == AccountClass.EQUITY)
        fits = [one for one in equity if whole and moved.get(one, ZERO) - lines.get(one, ZERO) == whole]
        return {fits[0]: whole} if len(fits) == 1 else {}

    def reports(self, period: Period) -> frozenset[str]:
        """Answer which of the two reports can be had: Zoho documents neither; two calls."""
        self._had(PROFIT_AND_LOSS, lambda: profit_and_loss(self._api, self._chart, period.first_on, period.last_on))
        self._had(BALANCE_SHEET, lambda: balance_sheet(self._api, self._chart, period.last_on))
        return frozenset({PROFIT_AND_LOSS, BALANCE_SHEET} - self._missing)

    def _results(self, period: Period, year_began: Period) -> list[ControlBalance]:
        month = profit_and_loss(self._api, self._chart, period.first_on, period.last_on)
        year = month
        if year_began != period:
            year = profit_and_loss(self._api, self._chart, year_began.first_on, period.last_on)
        known = [one.account_id for one in self._chart.accounts if one.restarts]
        return [
            ControlBalance(account, month.get(account, ZERO), year.get(account, ZERO))
            for account in dict.fromkeys((*known, *month, *year))
        ]

    def _sheet(self, period: Period) -> list[ControlBalance]:
        opening = balance_sheet(self._api, self._chart, period.first_on - timedelta(days=1))
        closing = balance_sheet(self._api, self._chart, period.last_on)
        known = [one.account_id for one in self._chart.accounts if not one.restarts]
        return [
            ControlBalance(account, closing.get(account, ZERO) - opening.get(account, ZERO), closing.get(account, ZERO))
            for account in dict.fromkeys((*known, *closing, *opening))
        ]

    def _had(self, path: str, ask: Callable[[], Found]) -> Found | None:
        """Answer what a report says; None where it was refused or not understood, now or before."""
        if path in self._missing:
            return None
        try:
            return ask()
        except (CredentialRefused, RequestRejected, RecordRefused):
            self._missing.add(path)
            return None


def _read_again(api: ZohoApi, account: Account, balance: Decimal, period: Period, year_began: Period) -> ControlBalance:
    """Answer an account by another reading; what was posted after the period's end is taken off the balance of now."""
    begins = year_began if account.restarts else period
    posted = list(_postings(api, account.account_id, begins))
    first, last = str(period.first_on), str(period.last_on)
    month = sum((amount for on, amount in posted if first <= on <= last), ZERO)
    year = sum((amount for on, amount in posted if str(begins.first_on) <= on <= last), ZERO)
    later = sum((amount for on, amount in posted if on > last), ZERO)
    return ControlBalance(account.account_id, month, year if account.restarts else balance - later)


def _postings(api: ZohoApi, account: str, begins: Period) -> Iterator[Posting]:
    """Yield one account's postings; one that cannot be read was set aside when the lines were."""
    for answered in api.pages(since(account, begins)):
        for row in answered.records:
            with suppress(RecordRefused):
                yield text(row, "transaction_date"), amounts(row)[0]
