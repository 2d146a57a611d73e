"""The books' side of a tie-out, as far as Zoho shows one: it has no trial balance that its API documents.

Income and expense come from the profit and loss report, the balance sheet from the report of account transactions over the whole
organization: both are other readings of the ledger than the account transactions that lines come from, and neither is documented.
Where one cannot be had, the account transactions are read a second time at the tie-out, which shows what moved or was lost
since. The balance at the period's end is Zoho's own ``current_balance`` less what was posted later. Besides, every transaction
must sum to nought over all accounts, or it is set aside when it is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from ml_connector_dagster.errors import CredentialRefused, RecordRefused, RequestRejected
from ml_connector_dagster.ledger.ledger_account import AccountClass
from ml_connector_dagster.ledger.money import ZERO, cents
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import ControlBalance
from ml_connector_dagster.sources.zoho_books.client import Listing, ZohoApi
from ml_connector_dagster.sources.zoho_books.entities import PAGE_SIZE
from ml_connector_dagster.sources.zoho_books.ledger_feed import CHART, amounts, since
from ml_connector_dagster.sources.zoho_books.parse_reference import CLASSES
from ml_connector_dagster.sources.zoho_books.reading import Record, money, parts, records_under, text

PROFIT_AND_LOSS = "reports/profitandloss"
ACCOUNT_TRANSACTIONS = "reports/accounttransaction"
YEARS_AHEAD = 10
"""How far the report of account transactions looks ahead for what is dated in the future."""
BALANCES = Listing(CHART.path, (*CHART.params, ("showbalance", "true")), is_paged=False)
_RESULTS = (AccountClass.INCOME, AccountClass.EXPENSE)
_DEPTH_OF_TOTALS = 2
"""Lines above this depth are the report's own totals, not accounts."""
Amounts = dict[str, Decimal]
Posting = tuple[str, Decimal]
"""Day as written, amount debit positive."""
Found = TypeVar("Found")


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


class Control:
    """Asks for the books' side of one organization, and remembers which reports it cannot have."""

    def __init__(self, api: ZohoApi) -> None:
        """Take the client; no call is made."""
        self._api = api
        self._missing: set[str] = set()

    def read(self, period: Period, year_began: Period) -> list[ControlBalance]:
        """Answer movement and balance of every account; see the module.

        Calls: one for the chart, one or two for the profit and loss report, one and one more for each further 200 postings since
        the period began for the other accounts; where a report cannot be had, as many for each account by itself.
        """
        accounts = chart_with_balances(self._api)
        now = debits(accounts)
        shown = self._had(PROFIT_AND_LOSS, lambda: list(from_report(self._api, accounts, period, year_began)))
        others = [one for one in accounts if shown is None or not one.restarts]
        begins = period if shown is not None else year_began
        posted = self._had(ACCOUNT_TRANSACTIONS, lambda: _posted(self._api, begins, others))
        if posted is None:
            posted = {one.account_id: list(_postings_of(self._api, one, period, year_began)) for one in others}
        found = [_balance(one, now[one.account_id], posted[one.account_id], period, year_began) for one in others]
        return [*(shown or ()), *found]

    def reports(self, period: Period) -> frozenset[str]:
        """Answer which of the two reports can be had: Zoho documents neither; two calls."""
        self._had(PROFIT_AND_LOSS, lambda: _profit_and_loss(self._api, period, period))
        self._had(ACCOUNT_TRANSACTIONS, lambda: next(_report_pages(self._api, period)))
        return frozenset({PROFIT_AND_LOSS, ACCOUNT_TRANSACTIONS} - self._missing)

    def _had(self, path: str, ask: Callable[[], Found]) -> Found | None:
        """Answer what a report says; None where it was refused, now or before."""
        if path in self._missing:
            return None
        try:
            return ask()
        except (CredentialRefused, RequestRejected):
            self._missing.add(path)
            return None


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


def _posted(api: ZohoApi, begins: Period, wanted: Sequence[Account]) -> dict[str, list[Posting]]:
    """Answer the postings of these accounts since a period began, from the report over all accounts.

    Raises:
        RequestRejected: The report cannot be had.
    """
    found: dict[str, list[Posting]] = {one.account_id: [] for one in wanted}
    for page in _report_pages(api, begins):
        for row in page:
            if text(row, "account_id") in found:
                found[text(row, "account_id")].append((text(row, "date"), money(row, "debit") - money(row, "credit")))
    return found


def _report_pages(api: ZohoApi, begins: Period) -> Iterator[list[dict[str, Any]]]:
    last_day = f"{datetime.now(UTC).year + YEARS_AHEAD}-12-31"
    page, has_more = 1, True
    while has_more:
        asked = {"from_date": str(begins.first_on), "to_date": last_day, "page": str(page), "per_page": str(PAGE_SIZE)}
        _, body = api.get(ACCOUNT_TRANSACTIONS, asked)
        groups = records_under(body, ("account_transactions",), ACCOUNT_TRANSACTIONS)
        yield [row for group in groups for row in parts(group, "account_transactions")]
        context = body.get("page_context")
        has_more = isinstance(context, dict) and context.get("has_more_page") in (True, "true")
        page += 1


def _postings_of(api: ZohoApi, account: Account, period: Period, year_began: Period) -> Iterator[Posting]:
    """Yield one account's postings by another reading; one that cannot be read was set aside when the lines were."""
    for answered in api.pages(since(account.account_id, year_began if account.restarts else period)):
        for row in answered.records:
            with suppress(RecordRefused):
                yield text(row, "transaction_date"), amounts(row)[0]


def _balance(
    account: Account, balance: Decimal, posted: Sequence[Posting], period: Period, year_began: Period
) -> ControlBalance:
    """What was posted after the period's end is taken off the balance of now."""
    first, last = str(period.first_on), str(period.last_on)
    month = sum((amount for on, amount in posted if first <= on <= last), ZERO)
    year = sum((amount for on, amount in posted if str(year_began.first_on) <= on <= last), ZERO)
    later = sum((amount for on, amount in posted if on > last), ZERO)
    return ControlBalance(account.account_id, month, year if account.restarts else balance - later)


def _is_credit(account: Account) -> bool:
    return account.account_class in (AccountClass.LIABILITY, AccountClass.EQUITY, AccountClass.INCOME)
