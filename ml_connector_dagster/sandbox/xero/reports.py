"""Trial balance, profit and loss, balance sheet: always from the ledger, never from the documents."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from starlette.responses import Response

from ml_connector_dagster.sandbox.books.cents import text
from ml_connector_dagster.sandbox.books.records import Account
from ml_connector_dagster.sandbox.books.scribe import month_end
from ml_connector_dagster.sandbox.xero.access import Call
from ml_connector_dagster.sandbox.xero.answers import exception
from ml_connector_dagster.sandbox.xero.notation import Json
from ml_connector_dagster.sandbox.xero.report_shape import account_row, asked_day, cells, english, header, report
from ml_connector_dagster.sandbox.xero.tenant import Tenant

_RESULT = frozenset({"REVENUE", "EXPENSE"})
_CLASSES = (
    ("REVENUE", "Revenue"),
    ("EXPENSE", "Expenses"),
    ("ASSET", "Assets"),
    ("LIABILITY", "Liabilities"),
    ("EQUITY", "Equity"),
)
_INCOME = frozenset({"REVENUE", "SALES"})
_Choice = Callable[[Account], bool]
_FRAMES = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def trial_balance(call: Call) -> Response:
    """GET /Reports/TrialBalance: Debit and Credit move in the month up to date; YTD since the year began, or to date."""
    tenant = call.tenant
    day = asked_day(call, "date", call.cloud.world.clock.today())
    month = tenant.ledger.movement(day.replace(day=1), day)
    to_date = balances(tenant, day)
    rows: list[Json] = [header("Account", "Debit", "Credit", "YTD Debit", "YTD Credit")]
    sums = [0, 0, 0, 0]
    for account_class, title in _CLASSES:
        section = []
        for account in _of_class(tenant, account_class):
            moved, balance = month.get(account.account_id, 0), to_date.get(account.account_id, 0)
            if moved or balance:
                figures = (max(moved, 0), max(-moved, 0), max(balance, 0), max(-balance, 0))
                sums = [one + other for one, other in zip(sums, figures, strict=True)]
                section.append(account_row(account, [text(figure) if figure else "" for figure in figures]))
        if section:
            rows.append({"RowType": "Section", "Title": title, "Rows": section})
    total = {"RowType": "SummaryRow", "Cells": cells("Total", [text(figure) for figure in sums])}
    rows.append({"RowType": "Section", "Title": "", "Rows": [total]})
    return report(call, "TrialBalance", "Trial Balance", f"As at {english(day)}", rows)


def profit_and_loss(call: Call) -> Response:
    """GET /Reports/ProfitAndLoss: fromDate to toDate and up to eleven earlier spans beside it; income and cost positive."""
    query, tenant = call.request.query_params, call.tenant
    today = call.cloud.world.clock.today()
    first = asked_day(call, "fromDate", today.replace(day=1))
    last = asked_day(call, "toDate", month_end(first))
    options = frozenset(query[name].lower() for name in ("trackingOptionID", "trackingOptionID2") if query.get(name))
    spans = _spans(call, first, last)
    columns = [_movement(tenant, one, other, options) for one, other in spans]
    heads = [f"{other:%d %b %y}" for _, other in spans]
    rows: list[Json] = [header("", *heads)]
    income = _section(tenant, "Income", lambda account: account.kind in _INCOME, columns, -1)
    costs = _section(tenant, "Less Cost of Sales", lambda account: account.kind == "DIRECTCOSTS", columns, 1)
    other = _section(tenant, "Plus Other Income", lambda account: account.kind == "OTHERINCOME", columns, -1)
    running = _section(
        tenant,
        "Less Operating Expenses",
        lambda account: account.account_class == "EXPENSE" and account.kind != "DIRECTCOSTS",
        columns,
        1,
    )
    gross = [one - two for one, two in zip(income[1], costs[1], strict=True)]
    net = [one + two - three for one, two, three in zip(gross, other[1], running[1], strict=True)]
    rows += [income[0], costs[0], _computed("Gross Profit", gross), other[0], running[0], _computed("Net Profit", net)]
    title = f"For the period {english(first)} to {english(last)}"
    return report(call, "ProfitAndLoss", "Profit and Loss", title, [row for row in rows if row])


def balance_sheet(call: Call) -> Response:
    """GET /Reports/BalanceSheet: balances to date, liabilities and equity positive, the year's result beside equity."""
    tenant = call.tenant
    day = asked_day(call, "date", call.cloud.world.clock.today())
    columns = [balances(tenant, day)]
    result = -sum(
        cents
        for account_id, cents in columns[0].items()
        if tenant.company.accounts[account_id].account_class in _RESULT
    )
    rows: list[Json] = [header("", f"{day:%d %b %Y}")]
    totals = []
    for account_class, title, sign in (
        ("ASSET", "Assets", 1),
        ("LIABILITY", "Liabilities", -1),
        ("EQUITY", "Equity", -1),
    ):
        section, total = _section(tenant, title, _class_is(account_class), columns, sign)
        if account_class == "EQUITY" and section:
            earned: Json = {"RowType": "Row", "Cells": cells("Current Year Earnings", [text(result)])}
            section["Rows"].insert(-1, earned)
            total = [total[0] + result]
            section["Rows"][-1]["Cells"] = cells("Total Equity", [text(total[0])])
        rows.append(section)
        totals.append(total[0])
    rows.append(_computed("Net Assets", [totals[0] - totals[1]]))
    return report(call, "BalanceSheet", "Balance Sheet", f"As at {english(day)}", [row for row in rows if row])


def balances(tenant: Tenant, day: date) -> dict[str, int]:
    """Balance to date; income and cost since the fiscal year began, what they earned before it in retained earnings."""
    accounts = tenant.company.accounts
    to_date = tenant.ledger.movement(None, day)
    this_year = tenant.ledger.movement(year_start(tenant, day), day)
    retained = tenant.company.system("RETAINEDEARNINGS").account_id
    found = {}
    rolled = 0
    for account_id, cents in to_date.items():
        if accounts[account_id].account_class in _RESULT:
            found[account_id] = this_year[account_id]
            rolled += cents - this_year[account_id]
        else:
            found[account_id] = cents
    found[retained] = found.get(retained, 0) + rolled
    return found


def year_start(tenant: Tenant, day: date) -> date:
    """The first day of the fiscal year that a day falls in."""
    month = tenant.profile.year_end_month % 12 + 1
    return date(day.year if day.month >= month else day.year - 1, month, 1)


def _movement(tenant: Tenant, first: date, last: date, options: frozenset[str]) -> Mapping[str, int]:
    """An unknown tracking option gives an empty report, not an error."""
    if options:
        return tenant.ledger.tracked_movement(first, last, options)
    return tenant.ledger.movement(first, last)


def _spans(call: Call, first: date, last: date) -> list[tuple[date, date]]:
    query = call.request.query_params
    periods = query.get("periods", "0")
    frame = query.get("timeframe", "MONTH").upper()
    if not periods.isdigit() or int(periods) > 12 or frame not in _FRAMES:
        raise exception(10, "ValidationException", "periods must be 1 to 12 and timeframe MONTH, QUARTER or YEAR")
    spans = [(first, last)]
    whole = last == month_end(last)
    for back in range(1, int(periods) + 1):
        start, end = _months_back(first, back * _FRAMES[frame]), _months_back(last, back * _FRAMES[frame])
        spans.append((start, month_end(end) if whole else end))
    return spans


def _months_back(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 - months
    start = date(index // 12, index % 12 + 1, 1)
    return min(start + timedelta(days=day.day - 1), month_end(start))


def _section(
    tenant: Tenant, title: str, chosen: _Choice, columns: Sequence[Mapping[str, int]], sign: int
) -> tuple[Json, list[int]]:
    rows, totals = [], [0] * len(columns)
    for account in sorted(tenant.company.accounts.values(), key=lambda entry: entry.name):
        if chosen(account):
            figures = [sign * column.get(account.account_id, 0) for column in columns]
            if any(figures):
                totals = [one + other for one, other in zip(totals, figures, strict=True)]
                rows.append(account_row(account, [text(figure) for figure in figures], code=False))
    if not rows:
        return {}, totals
    rows.append({"RowType": "SummaryRow", "Cells": cells(f"Total {title}", [text(figure) for figure in totals])})
    return {"RowType": "Section", "Title": title, "Rows": rows}, totals


def _class_is(account_class: str) -> _Choice:
    return lambda account: account.account_class == account_class


def _of_class(tenant: Tenant, account_class: str) -> list[Account]:
    return [account for account in tenant.company.accounts.values() if account.account_class == account_class]


def _computed(title: str, figures: Sequence[int]) -> Json:
    row = {"RowType": "Row", "Cells": cells(title, [text(figure) for figure in figures])}
    return {"RowType": "Section", "Title": "", "Rows": [row]}
