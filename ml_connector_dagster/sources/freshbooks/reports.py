"""FreshBooks' own reports: the books' side of a tie-out, by ledger account.

The trial balance of a window is what each account moved in it. Where the plan has none, the profit and loss report stands in for
income and expense; it knows names only. A report that names an account outside the chart keeps it under its own id, so that
the difference shows. Parameters are flat here, never ``search[…]``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.errors import CredentialRefused, RequestRejected
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import ControlBalance
from ml_connector_dagster.sources.freshbooks import decode, refusals
from ml_connector_dagster.sources.freshbooks.context import Chart
from ml_connector_dagster.sources.freshbooks.fields import Record, link, optional_money, text
from ml_connector_dagster.sources.freshbooks.identity import YEAR_END_MONTH

if TYPE_CHECKING:
    from ml_connector_dagster.sources.freshbooks.client import FreshBooksApi
    from ml_connector_dagster.sources.freshbooks.company import FreshBooksCompany

_unknown_shape = partial(RequestRejected.unknown_shape, "FreshBooks")
"""Answers the refusal of a report that cannot be read."""

TRIAL_BALANCE = "reports/accounting/trial_balance"
PROFIT_AND_LOSS = "reports/accounting/profitloss_entity"
FIRST_DAY = date(1990, 1, 1)
"""Before any books: FreshBooks is younger."""
REPORT_CALLS = 3


def base_currency(company: FreshBooksCompany) -> str:
    """Answer the currency that FreshBooks reports in unless told otherwise; one call.

    Where the plan refuses reports, the newest invoice's currency is taken; documents in any other are then refused.

    Raises:
        RequestRejected: Nothing names a currency.
    """
    today = datetime.now(UTC).date()
    try:
        report = _report(company.api, PROFIT_AND_LOSS, {"start_date": str(today), "end_date": str(today)})
        found = text(report, "currency_code")
    except CredentialRefused as refused:
        if not company.is_plan_refusal(refused):
            raise
        content = company.api.get(company.api.accounting("invoices/invoices"), {"page": "1", "per_page": "1"}).content
        invoices = decode.decode_page(decode.Shape("invoices", ("id",)), content).records
        found = text(invoices[0], "currency_code") if invoices else ""
    if not found:
        raise _unknown_shape("the company's currency")
    return found


def read_balances(company: FreshBooksCompany, period: Period) -> Sequence[ControlBalance]:
    """Ask for the trial balance of the month, of the fiscal year to its end and of all time to its end: 3 calls.

    Raises:
        CredentialRefused: The consent may not read reports.
    """
    year = period.fiscal_year_start(YEAR_END_MONTH).first_on
    moved = trial_balance(company, period.first_on, period.last_on)
    this_year = trial_balance(company, year, period.last_on)
    ever = trial_balance(company, FIRST_DAY, period.last_on)
    chart = company.context.chart
    return [
        ControlBalance(
            account,
            moved.get(account, ZERO),
            (this_year if chart.is_result(account) else ever).get(account, ZERO),
        )
        for account in sorted({*moved, *this_year, *ever})
    ]


def read_results(company: FreshBooksCompany, period: Period) -> Sequence[ControlBalance]:
    """Answer income and expense alone, from profit and loss; nothing where the plan refuses that too."""
    year = period.fiscal_year_start(YEAR_END_MONTH).first_on
    try:
        moved = profit_and_loss(company, period.first_on, period.last_on)
        this_year = profit_and_loss(company, year, period.last_on)
    except CredentialRefused as refused:
        if not company.is_plan_refusal(refused):
            raise
        return []
    return [
        ControlBalance(account, moved.get(account, ZERO), this_year.get(account, ZERO))
        for account in sorted({*moved, *this_year})
    ]


def trial_balance(company: FreshBooksCompany, first: date, last: date) -> dict[str, Decimal]:
    """Answer what each account moved from a day to a day, both inclusive; debit + and credit −, base currency."""
    asked = {"start_date": str(first), "end_date": str(last), "currency_code": company.context.base_currency}
    return parse_trial_balance(_report(company.api, TRIAL_BALANCE, asked), company.context.chart)


def profit_and_loss(company: FreshBooksCompany, first: date, last: date) -> dict[str, Decimal]:
    """Answer what income and expense moved from a day to a day; debit + and credit −."""
    asked = {
        "start_date": str(first),
        "end_date": str(last),
        "currency_code": company.context.base_currency,
        "cash_based": "false",
    }
    return parse_profit_and_loss(_report(company.api, PROFIT_AND_LOSS, asked), company.context.chart)


def parse_trial_balance(report: Record, chart: Chart) -> dict[str, Decimal]:
    """Read a trial balance: an account's figure holds those of its sub accounts, so its own is what they leave.

    Raises:
        RequestRejected: It has no rows.
    """
    rows = next((report[key] for key in ("data", "accounts") if isinstance(report.get(key), list)), None)
    if rows is None:
        raise _unknown_shape(TRIAL_BALANCE)
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        subs = [one for one in row.get("sub_accounts") or () if isinstance(one, dict)]
        own = _net(row)
        for sub in subs:
            amount = _net(sub)
            own -= amount
            found[_key(chart, row, sub)] += amount
        found[_key(chart, row, {})] += own
    return {account: amount for account, amount in found.items() if amount}


def parse_profit_and_loss(report: Record, chart: Chart) -> dict[str, Decimal]:
    """Read a profit and loss tree: its leaves carry the figures, under the accounts' names.

    Raises:
        RequestRejected: It is no such tree.
    """
    if not isinstance(report.get("income"), list) or not isinstance(report.get("expenses"), list):
        raise _unknown_shape(PROFIT_AND_LOSS)
    names: dict[str, str] = {}
    for (_, name), uuid in chart.named.items():
        if chart.is_result(uuid):
            names[name] = "" if name in names else uuid
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for side, sign in (("income", -1), ("expenses", 1)):
        for leaf in _leaves(report[side]):
            own = {"credit": -1, "debit": 1}.get(text(leaf, "entry_type"), sign)
            name = text(leaf, "description")
            found[names.get(name) or f"name:{name}"] += own * optional_money(leaf, "total")
    return {account: amount for account, amount in found.items() if amount}


def _report(api: FreshBooksApi, name: str, params: Mapping[str, str]) -> Mapping[str, Any]:
    body = decode.json_of(api.get(api.accounting(name), params).content)
    error = refusals.refused_with_200(body)
    if error is not None:
        raise error
    result = body.get("response", {}).get("result") if isinstance(body, dict) else None
    if not isinstance(result, dict):
        raise _unknown_shape(name)
    inside = [one for one in result.values() if isinstance(one, dict) and ("currency_code" in one or "data" in one)]
    return inside[0] if inside else result


def _key(chart: Chart, row: Record, sub: Record) -> str:
    """Answer the account of a report's row, whichever of its ids the report writes."""
    account = {**row, "accountid": _first(row, "account_uuid", "accountid", "id")}
    below = {
        **sub,
        "sub_accountid": _first(sub, "account_uuid", "sub_accountid", "id"),
        "account_sub_name": _first(sub, "account_sub_name", "sub_account_name"),
        "account_sub_number": _first(sub, "account_sub_number", "sub_account_number"),
    }
    return chart.uuid(account, below) or str(
        below["sub_accountid"] or account["accountid"] or text(row, "account_name")
    )


def _first(holder: Record, *names: str) -> str:
    return next((link(holder[name]) for name in names if link(holder.get(name))), "")


def _net(row: Record) -> Decimal:
    return optional_money(row, "debit") - optional_money(row, "credit")


def _leaves(nodes: Any) -> Iterator[Record]:
    for node in nodes if isinstance(nodes, list) else ():
        if node.get("children"):
            yield from _leaves(node["children"])
        else:
            yield node
