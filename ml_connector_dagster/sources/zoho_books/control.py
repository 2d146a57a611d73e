"""The books' side of a tie-out, as far as Zoho shows one: it has no trial balance that its API documents.

Income and expense come from the profit and loss report, which is another reading of the ledger than the account transactions. Where
the report cannot be reached, and for the balance sheet always, the account transactions are read a second time at the tie-out,
which shows what moved or was lost since, and the balance at the period's end is Zoho's own ``current_balance`` less what was
posted later. Besides, every transaction must sum to nought over all accounts, or it is set aside when it is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ml_connector_dagster.errors import CredentialRefused, RequestRejected
from ml_connector_dagster.ledger.ledger_account import AccountClass
from ml_connector_dagster.ledger.money import ZERO, cents
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import ControlBalance
from ml_connector_dagster.sources.zoho_books.client import Listing, ZohoApi
from ml_connector_dagster.sources.zoho_books.ledger_feed import CHART, amounts, since
from ml_connector_dagster.sources.zoho_books.parse_reference import CLASSES
from ml_connector_dagster.sources.zoho_books.reading import Record, money, text

PROFIT_AND_LOSS = "reports/profitandloss"
BALANCES = Listing(CHART.path, (*CHART.params, ("showbalance", "true")), is_paged=False)
_RESULTS = (AccountClass.INCOME, AccountClass.EXPENSE)
_DEPTH_OF_TOTALS = 2
"""Lines above this depth are the report's own totals, not accounts."""
Amounts = dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Account:
    """One line of the chart with its balance as of now."""

    account_id: str
    name: str
    account_class: str
    balance: Decimal
    """As Zoho writes it; ``debits`` tells its direction."""

    @property
    def restarts(self) -> bool:
        """Whether it begins at 0 with each fiscal year."""
        return self.account_class in _RESULTS


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
    natural = {one.account_id: -one.balance if _is_credit(one) else one.balance for one in accounts}
    plain = {one.account_id: one.balance for one in accounts}
    return plain if sum(natural.values(), ZERO) and not sum(plain.values(), ZERO) else natural


def read_control(api: ZohoApi, period: Period, year_began: Period, *, has_report: bool) -> list[ControlBalance]:
    """Answer movement and balance of every account; see the module.

    Calls: one for the chart, one or two for the report, and for each account that is read from its transactions one, and one
    more for each further 200 postings since the period began.
    """
    accounts = chart_with_balances(api)
    now = debits(accounts)
    shown = from_report(api, accounts, period, year_began) if has_report else []
    from_feed = [one for one in accounts if not (has_report and one.restarts)]
    return [*shown, *(_from_transactions(api, one, now[one.account_id], period, year_began) for one in from_feed)]


def report_is_reachable(api: ZohoApi, period: Period) -> bool:
    """Answer whether the profit and loss report can be had: Zoho documents no such path; one call."""
    try:
        _profit_and_loss(api, period, period)
    except (CredentialRefused, RequestRejected):
        return False
    return True


def from_report(
    api: ZohoApi, accounts: Sequence[Account], period: Period, year_began: Period
) -> Iterator[ControlBalance]:
    """Yield income and expense accounts; a line that is no account of the chart keeps its name, so that it shows."""
    by_id = {one.account_id: one for one in accounts}
    names: dict[str, list[Account]] = defaultdict(list)
    for one in accounts:
        names[one.name].append(one)
    month = _by_account(_profit_and_loss(api, period, period), by_id, names)
    year = month if year_began == period else _by_account(_profit_and_loss(api, year_began, period), by_id, names)
    known = [one.account_id for one in accounts if one.restarts]
    for account in dict.fromkeys((*known, *month, *year)):
        yield ControlBalance(account, month.get(account, ZERO), year.get(account, ZERO))


def _profit_and_loss(api: ZohoApi, first: Period, last: Period) -> list[Any]:
    _, body = api.get(PROFIT_AND_LOSS, {"from_date": str(first.first_on), "to_date": str(last.last_on)})
    found = body.get("profit_and_loss")
    if isinstance(found, list):
        return found
    raise RequestRejected(
        "Zoho Books answered the profit and loss report without 'profit_and_loss'.",
        "Income and expense have no control of their own.",
        "Run ml-connector check: it says what is compared instead.",
        path=PROFIT_AND_LOSS,
    )


def _by_account(lines: Sequence[Any], by_id: Mapping[str, Account], names: Mapping[str, Sequence[Account]]) -> Amounts:
    """Answer the report's accounts, debit positive; the report prints income and expense positive both."""
    found: Amounts = defaultdict(lambda: ZERO)
    for depth, line in _leaves(lines, 1):
        account = _account_of(line, by_id, names)
        total = cents(money(line, "total"))
        if account is not None:
            found[account.account_id] += -total if _is_credit(account) else total
        elif depth > _DEPTH_OF_TOTALS and total:
            found[f"report line {text(line, 'name')!r}"] += total
    return dict(found)


def _leaves(lines: Sequence[Any], depth: int) -> Iterator[tuple[int, Record]]:
    for line in lines:
        if isinstance(line, dict):
            inside = line.get("account_transactions")
            if isinstance(inside, list) and inside:
                yield from _leaves(inside, depth + 1)
            else:
                yield depth, line


def _account_of(line: Record, by_id: Mapping[str, Account], names: Mapping[str, Sequence[Account]]) -> Account | None:
    """Answer the account of a line, by id where it carries one, else by name where that is one account's alone."""
    if text(line, "account_id"):
        return by_id.get(text(line, "account_id"))
    named = [one for one in names.get(text(line, "name"), ()) if one.restarts]
    return named[0] if len(named) == 1 else None


def _from_transactions(
    api: ZohoApi, account: Account, balance: Decimal, period: Period, year_began: Period
) -> ControlBalance:
    """Read one account's postings since the period began; those after its end are taken off the balance of now."""
    begins = year_began if account.restarts else period
    this_month, this_year, later = ZERO, ZERO, ZERO
    for answered in api.pages(since(account.account_id, begins)):
        for row in answered.records:
            on, amount = text(row, "transaction_date"), amounts(row)[0]
            if on > str(period.last_on):
                later += amount
            elif on >= str(begins.first_on):
                this_year += amount
                this_month += amount if on >= str(period.first_on) else ZERO
    return ControlBalance(account.account_id, this_month, this_year if account.restarts else balance - later)


def _is_credit(account: Account) -> bool:
    return account.account_class in (AccountClass.LIABILITY, AccountClass.EQUITY, AccountClass.INCOME)
