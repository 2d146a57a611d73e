"""Trial balance, profit and loss, balance sheet: sums of the ledger, never of the entities that the API serves."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from ml_connector_dagster.sandbox.quickbooks_online.access import Call
from ml_connector_dagster.sandbox.quickbooks_online.answers import gateway, report
from ml_connector_dagster.sandbox.quickbooks_online.chart import (
    ACCOUNTS,
    RETAINED_EARNINGS,
    AccountRow,
    children,
    full_name,
    roots,
)
from ml_connector_dagster.sandbox.quickbooks_online.general_ledger import general_ledger_body
from ml_connector_dagster.sandbox.quickbooks_online.ledger import Ledger, Leg, total
from ml_connector_dagster.sandbox.quickbooks_online.report_shape import (
    Asked,
    Json,
    asked,
    cells,
    column,
    legs_of,
    money,
    section,
    whole,
)

Columns = list[tuple[str, str, Callable[[date, Leg], bool]]]


def report_endpoint(call: Call) -> Response:
    """GET reports/{Name}."""
    cloud, name = call.cloud, call.request.path_params["name"]
    body = _BODIES.get(name)
    if body is None:
        raise call.refuse("500", "Unsupported Operation", f"Report {name} is not supported.")
    if not cloud.may_report:
        raise call.refuse("5020", "Permission Denied Error", status=403)
    if cloud.gateway_timeouts:
        cloud.gateway_timeouts -= 1
        raise gateway(call.now, 504, "6002", "GatewayTimeout", "The request timed out.")
    if cloud.empty_reports:
        cloud.empty_reports -= 1
        return Response(b"", media_type="application/json")
    return report(body(call, asked(call)))


def trial_balances(ledger: Ledger, last: date) -> dict[str, int]:
    """Closing balances: profit-and-loss accounts since the fiscal year began, what came before in retained earnings."""
    year = last.replace(month=1, day=1)
    found = ledger.movement(date.min, last)
    for account_id, cents in ledger.movement(date.min, year - timedelta(days=1)).items():
        if ACCOUNTS[account_id].in_profit_and_loss:
            found[account_id] -= cents
            found[RETAINED_EARNINGS] = found.get(RETAINED_EARNINGS, 0) + cents
    return found


def _trial_balance(call: Call, wanted: Asked) -> Json:
    """The first day plays no part: these are balances."""
    found = trial_balances(wanted.ledger, wanted.last)
    rows: list[Json] = []
    for account_id in ACCOUNTS:
        cents = found.get(account_id, 0)
        if cents and (not wanted.accounts or account_id in wanted.accounts):
            debit, credit = (money(cents), "") if cents > 0 else ("", money(-cents))
            rows.append({"ColData": cells(full_name(account_id), (debit, credit), account_id)})
    shown = [cents for account_id, cents in found.items() if not wanted.accounts or account_id in wanted.accounts]
    debited = sum(cents for cents in shown if cents > 0)
    credited = -sum(cents for cents in shown if cents < 0)
    if rows:
        summary = {"ColData": cells("TOTAL", (money(debited), money(credited)))}
        rows.append({"type": "Section", "group": "GrandTotal", "Summary": summary})
    columns = [column("", "Account", "account"), column("Debit", "Money", "debit"), column("Credit", "Money", "credit")]
    return whole(call, "TrialBalance", wanted, columns, rows)


_SECTIONS: Sequence[tuple[str, str, tuple[str, ...]]] = (
    ("Income", "Income", ("Income",)),
    ("COGS", "Cost of Goods Sold", ("Cost of Goods Sold",)),
    ("GrossProfit", "Gross Profit", ()),
    ("Expenses", "Expenses", ("Expense",)),
    ("NetOperatingIncome", "Net Operating Income", ()),
    ("OtherIncome", "Other Income", ("Other Income",)),
    ("OtherExpenses", "Other Expenses", ("Other Expense",)),
    ("NetOtherIncome", "Net Other Income", ()),
    ("NetIncome", "Net Income", ()),
)
_RESULTS = {
    "GrossProfit": ("Income", "COGS"),
    "NetOperatingIncome": ("Income", "COGS", "Expenses"),
    "NetOtherIncome": ("OtherIncome", "OtherExpenses"),
    "NetIncome": ("Income", "COGS", "Expenses", "OtherIncome", "OtherExpenses"),
}


def _profit_and_loss(call: Call, wanted: Asked) -> Json:
    """Account rows carry ids, a section's header the parent's own postings; summaries carry none."""
    columns = _summarized(call, wanted)
    by_column: list[dict[str, int]] = []
    postings = list(wanted.ledger.between(wanted.first, wanted.last))
    for _, _, fits in columns:
        by_column.append(
            total(
                leg
                for posting in postings
                for leg in posting.legs
                if ACCOUNTS[leg.account_id].in_profit_and_loss and wanted.fits(leg) and fits(posting.day, leg)
            )
        )
    if len(columns) > 1:
        by_column.append(total(legs_of(postings, wanted)))
        columns.append(("Total", "", lambda _day, _leg: True))
    rows, sums = [], {}
    for group, label, kinds in _SECTIONS:
        if kinds:
            tree = _Tree(by_column, credit=group in {"Income", "OtherIncome"})
            inner = [row for root in roots() if root.kind in kinds for row in tree.rows(root)]
            sums[group] = [
                -sum(cents for account_id, cents in found.items() if ACCOUNTS[account_id].kind in kinds)
                for found in by_column
            ]
            shown = [value if group in {"Income", "OtherIncome"} else -value for value in sums[group]]
            if inner:
                header = cells(label, [""] * len(columns))
                rows.append(section(group, header, inner, cells(f"Total {label}", map(money, shown))))
        else:
            result = [sum(parts) for parts in zip(*(sums[part] for part in _RESULTS[group]), strict=True)]
            rows.append(section(group, None, [], cells(label, map(money, result))))
    if not any(any(values) for values in sums.values()) and not any(by_column):
        rows = []
    heads = [column("", "Account", "account")]
    heads += [column(title, "Money", "" if column_id else "total", column_id) for title, column_id, _ in columns]
    return whole(call, "ProfitAndLoss", wanted, heads, rows)


def _balance_sheet(call: Call, wanted: Asked) -> Json:
    """Assets, then liabilities and equity; the year's result is a data row without an account."""
    found = trial_balances(wanted.ledger, wanted.last)
    result = -sum(cents for account_id, cents in found.items() if ACCOUNTS[account_id].in_profit_and_loss)
    rows = []
    for group, label, kinds, credit in _SHEET:
        tree = _Tree([found], credit=credit)
        inner = [row for root in roots() if root.kind in kinds for row in tree.rows(root)]
        value = sum(cents for account_id, cents in found.items() if ACCOUNTS[account_id].kind in kinds)
        if group == "Equity":
            inner.append({"ColData": cells("Net Income", [money(result)]), "type": "Data", "group": "NetIncome"})
            value -= result
        if inner:
            summary = cells(f"Total {label}", [money(-value if credit else value)])
            rows.append(section(group, cells(label, [""]), inner, summary))
    columns = [column("", "Account", "account"), column("Total", "Money", "total")]
    return whole(call, "BalanceSheet", wanted, columns, rows)


_SHEET: Sequence[tuple[str, str, tuple[str, ...], bool]] = (
    ("BankAccounts", "Bank Accounts", ("Bank",), False),
    ("AR", "Accounts Receivable", ("Accounts Receivable",), False),
    ("OtherCurrentAssets", "Other Current Assets", ("Other Current Asset",), False),
    ("FixedAssets", "Fixed Assets", ("Fixed Asset",), False),
    ("AP", "Accounts Payable", ("Accounts Payable",), True),
    ("CreditCards", "Credit Cards", ("Credit Card",), True),
    ("OtherCurrentLiabilities", "Other Current Liabilities", ("Other Current Liability",), True),
    ("LongTermLiabilities", "Long-Term Liabilities", ("Long Term Liability",), True),
    ("Equity", "Equity", ("Equity",), True),
)


class _Tree:
    """Rows of an account and those below it, for every column."""

    def __init__(self, by_column: Sequence[dict[str, int]], *, credit: bool) -> None:
        self._by_column = by_column
        self._sign = -1 if credit else 1

    def rows(self, account: AccountRow) -> list[Json]:
        own = self._values(account)
        inner = [row for child in children(account.account_id) for row in self.rows(child)]
        if not inner:
            shown = cells(account.name, map(money, own), account.account_id)
            return [{"ColData": shown, "type": "Data"}] if any(own) else []
        header = cells(account.name, map(money, own) if any(own) else [""] * len(own), account.account_id)
        return [section("", header, inner, cells(f"Total {account.name}", map(money, self._whole(account))))]

    def _values(self, account: AccountRow) -> list[int]:
        return [self._sign * found.get(account.account_id, 0) for found in self._by_column]

    def _whole(self, account: AccountRow) -> list[int]:
        parts = [self._values(account), *(self._whole(child) for child in children(account.account_id))]
        return [sum(values) for values in zip(*parts, strict=True)]


def _summarized(call: Call, wanted: Asked) -> Columns:
    """The columns of summarize_column_by; the rest that carries no class or department is one without an id."""
    kind = wanted.summarize
    if kind == "Total":
        return [("Total", "", lambda _day, _leg: True)]
    if kind == "Month":
        return [(f"{month:%b %Y}", "", _in_month(month)) for month in _months(wanted.first, wanted.last)]
    if kind in {"Classes", "Departments"}:
        entity = {"Classes": "Class", "Departments": "Department"}[kind]
        tag = f"{entity.lower()}_id"
        named = call.company.written.lists[entity].values()
        columns: Columns = [(one.name, one.name_id, _tagged(tag, one.name_id)) for one in named]
        return [*columns, ("Not Specified", "", _tagged(tag, ""))]
    raise call.refuse("4001", "Invalid query", f"summarize_column_by={kind} is not supported.")


def _in_month(month: date) -> Callable[[date, Leg], bool]:
    return lambda day, _leg: (day.year, day.month) == (month.year, month.month)


def _tagged(tag: str, value: str) -> Callable[[date, Leg], bool]:
    return lambda _day, leg: getattr(leg, tag) == value


def _months(first: date, last: date) -> Iterable[date]:
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = (month.replace(day=28) + timedelta(days=4)).replace(day=1)


_BODIES: dict[str, Callable[[Call, Asked], dict[str, Any]]] = {
    "TrialBalance": _trial_balance,
    "ProfitAndLoss": _profit_and_loss,
    "BalanceSheet": _balance_sheet,
    "GeneralLedger": general_ledger_body,
}
