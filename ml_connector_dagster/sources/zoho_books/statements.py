"""Zoho's profit and loss and its balance sheet, each line brought to an account of the chart, debit positive.

Zoho documents neither report. The reference page knows the first from a tap; path, days and shape of both are what live records of
other clients show (2026), all alike: a report without ``filter_by`` ignores the days it was asked for, so the answer must name
them; it needs the scope ``reports.READ``. A section whose accounts do not add up to its own total was not understood, and
none of the report is used: the accounts are read a second time instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.ledger.ledger_account import AccountClass
from ml_connector_dagster.ledger.money import ZERO, cents
from ml_connector_dagster.sources.zoho_books.client import ZohoApi
from ml_connector_dagster.sources.zoho_books.reading import Record, money, parts, text

PROFIT_AND_LOSS = "reports/profitandloss"
BALANCE_SHEET = "reports/balancesheet"
RESULTS = (AccountClass.INCOME, AccountClass.EXPENSE)
_CREDITS = (AccountClass.LIABILITY, AccountClass.EQUITY, AccountClass.INCOME)
_CUSTOM = "TransactionDate.CustomDate"
_KEYS = {PROFIT_AND_LOSS: "profit_and_loss", BALANCE_SHEET: "balance_sheet"}
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
    """As Zoho writes it; ``control.debits`` tells its direction."""

    @property
    def restarts(self) -> bool:
        """Whether it begins at 0 with each fiscal year."""
        return self.account_class in RESULTS

    @property
    def is_credit(self) -> bool:
        """Whether a statement prints its credit balance positive."""
        return self.account_class in _CREDITS


@dataclass(frozen=True)
class Chart:
    """The accounts, by what a line of a report names."""

    accounts: Sequence[Account]

    @cached_property
    def by_id(self) -> Mapping[str, Account]:
        """Accounts by id."""
        return {one.account_id: one for one in self.accounts}

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[Account]]:
        """Income and expense accounts by name, which two may share."""
        found: dict[str, list[Account]] = defaultdict(list)
        for one in self.accounts:
            if one.restarts:
                found[one.name].append(one)
        return found

    def account(self, line: Record) -> Account | None:
        """Answer the account of a line: by id where it carries one, else by name where that is one account's alone."""
        if text(line, "account_id"):
            return self.by_id.get(text(line, "account_id"))
        named = self.by_name.get(text(line, "name"), ())
        return named[0] if len(named) == 1 else None


def profit_and_loss(api: ZohoApi, chart: Chart, first: date, last: date) -> Amounts:
    """Answer what income and expense accounts moved; a line that is no account of the chart keeps its name, so that it shows.

    Raises:
        RequestRejected: The report cannot be had, is of other days, or is not understood.
    """
    found: Amounts = defaultdict(lambda: ZERO)
    for depth, line, amount in _own(_statement(api, PROFIT_AND_LOSS, first, last), 1):
        account = chart.account(line)
        if account is not None:
            found[account.account_id] += -amount if account.is_credit else amount
        elif depth > _DEPTH_OF_TOTALS and amount:
            found[_stranger(line)] += amount
    return dict(found)


def balance_sheet(api: ZohoApi, chart: Chart, day: date) -> Amounts:
    """Answer the closing balance of assets, liabilities and equity; a line without an account is a result not yet rolled.

    Raises:
        RequestRejected: The report cannot be had, is of another day, or is not understood.
    """
    found: Amounts = defaultdict(lambda: ZERO)
    for _, line, amount in _own(_statement(api, BALANCE_SHEET, day, day), 1):
        account = chart.by_id.get(text(line, "account_id"))
        if account is not None:
            found[account.account_id] += -amount if account.is_credit else amount
        elif text(line, "account_id") and amount:
            found[_stranger(line)] += amount
    return dict(found)


def _statement(api: ZohoApi, path: str, first: date, last: date) -> Sequence[Any]:
    _, body = api.get(path, {"filter_by": _CUSTOM, "from_date": str(first), "to_date": str(last)})
    found, context = body.get(_KEYS[path]), body.get("page_context")
    if not isinstance(found, list):
        raise _not_understood(path, f"without {_KEYS[path]!r}")
    if isinstance(context, dict):
        asked = {"from_date": first, "to_date": last} if path == PROFIT_AND_LOSS else {"to_date": last}
        others = [shown for name, on in asked.items() if (shown := text(context, name)) and shown != str(on)]
        if others:
            raise _not_understood(path, f"for {others[0]}, which is another day than {last}")
    return found


def _own(lines: Sequence[Any], depth: int) -> Iterator[tuple[int, Record, Decimal]]:
    """Yield what is no heading, with its own amount: an account's total holds those of the accounts inside it."""
    for line in (one for one in lines if isinstance(one, dict)):
        inside, total = parts(line, "account_transactions"), cents(money(line, "total"))
        within = sum((cents(money(one, "total")) for one in inside), ZERO)
        is_account = bool(text(line, "account_id"))
        if is_account or not inside:
            yield depth, line, total - within
        elif within != total and all(text(one, "account_id") for one in inside):
            raise RequestRejected(
                f"The accounts of {text(line, 'name')!r} in a report of Zoho Books differ from its total by {total - within}.",
                "Its lines mean something else than expected, so none of the report is used.",
                "Nothing to do: each account is read a second time instead.",
            )
        yield from _own(inside, depth + 1)


def _stranger(line: Record) -> str:
    return f"report line {text(line, 'name')!r}"


def _not_understood(path: str, how: str) -> RequestRejected:
    return RequestRejected(
        f"Zoho Books answered {path} {how}.",
        "It controls no figure: the accounts are read a second time instead.",
        "Run ml-connector check: it says what is compared.",
        path=path,
    )
