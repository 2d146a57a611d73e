"""TrialBalance, BalanceSheetStandard, ProfitAndLossStandard and …ByClass, CustomSummary: sums of the ledger, no documents."""

from collections.abc import Callable, Mapping, Sequence

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.answer import Answer, cents
from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.ledger import Leg, Posting
from ml_connector_dagster.sandbox.quickbooks_desktop.lists_wire import CREDIT_TYPES
from ml_connector_dagster.sandbox.quickbooks_desktop.refusals import Refused
from ml_connector_dagster.sandbox.quickbooks_desktop.report_books import Asked, Matrix, trial_balance
from ml_connector_dagster.sandbox.quickbooks_desktop.report_shape import (
    LABELS,
    Column,
    Rows,
    as_of,
    report,
    short_day,
    short_month,
    span_words,
)
from ml_connector_dagster.sandbox.quickbooks_desktop.request import text

UNCLASSIFIED, TOTAL = "Unclassified", "TOTAL"
_RESULT = (
    ("Income", ("Income",)),
    ("Cost of Goods Sold", ("CostOfGoodsSold",)),
    ("Expense", ("Expense",)),
    ("Other Income", ("OtherIncome",)),
    ("Other Expense", ("OtherExpense",)),
)
_POSITION = (
    ("Assets", ("Bank", "AccountsReceivable", "OtherCurrentAsset", "FixedAsset", "OtherAsset")),
    ("Liabilities", ("AccountsPayable", "CreditCard", "OtherCurrentLiability", "LongTermLiability")),
    ("Equity", ("Equity",)),
)


def general_summary(company: Company, request: etree._Element) -> Answer:
    """A GeneralSummaryReport of one of the types known here; any other is 1010."""
    kind, asked = text(request, "GeneralSummaryReportType"), Asked.read(company, request)
    by = text(request, "SummarizeColumnsBy") or ("Class" if kind == "ProfitAndLossByClass" else "TotalOnly")
    if kind == "TrialBalance":
        xml, rows = _trial_balance(asked, text(request, "ReturnRows") or "ActiveOnly")
    elif kind in {"ProfitAndLossStandard", "ProfitAndLossByClass"}:
        xml, rows = _sections("Profit & Loss", span_words(asked.first, asked.last), asked, by, _RESULT)
    elif kind == "BalanceSheetStandard":
        xml, rows = _balance_sheet(asked)
    else:
        raise Refused(1010, f"The report {kind} is not available.")
    return Answer("GeneralSummaryReportQueryRs", request.get("requestID"), body=xml, rows=rows)


def custom_summary(company: Company, request: etree._Element) -> Answer:
    """CustomSummary: nets of the period's legs, debit + and credit −, by account or class in rows and columns."""
    asked = Asked.read(company, request)
    by = text(request, "SummarizeColumnsBy")
    rows_by = text(request, "SummarizeRowsBy")
    if rows_by not in {"Account", "Class", "TotalOnly"}:
        raise Refused(3110, f'The value "{rows_by}" of SummarizeRowsBy is not supported.')
    columns, key = _columns(asked, by)
    row_key: Callable[[Posting, Leg], str] = {
        "Account": lambda _posting, leg: leg.account_id,
        "Class": lambda _posting, leg: leg.class_id,
        "TotalOnly": lambda _posting, _leg: "",
    }[rows_by]
    matrix = asked.matrix(row_key, key)
    rows = Rows()
    shown = _returned(columns, matrix, text(request, "ReturnColumns"))
    for row in _in_order(company, matrix, rows_by):
        cells = matrix[row]
        if text(request, "ReturnRows") == "NonZero" and not any(cells.values()):
            continue
        label, kind, value = _row_names(company, rows_by, row)
        rows.data({1: label} | _cells(cells, shown), kind, value)
    if rows.xml:
        rows.total({1: TOTAL} | _cells(_summed(matrix), shown))
    titles = [LABELS, *(Column("Amount", "AMTTYPE", (title,)) for title in shown.values())]
    if by != "TotalOnly":
        titles[-1] = Column("Total", "AMTTYPE", (TOTAL,))
    xml = report("Custom Summary Report", span_words(asked.first, asked.last), asked.basis, titles, rows)
    return Answer("CustomSummaryReportQueryRs", request.get("requestID"), body=xml, rows=len(rows.xml))


def _columns(asked: Asked, by: str) -> tuple[dict[str, str], Callable[[Posting, Leg], str]]:
    """Titles by column key, in order, and what column a leg belongs to; the key of the total is TOTAL."""
    company = asked.company
    if by == "Class":
        titles = {key: company.full_name(key) for key in sorted(company.lists["Class"], key=company.full_name)}
        if company.preferences.short_class_titles:
            titles = {key: title.rpartition(":")[2] for key, title in titles.items()}
        return titles | {"": UNCLASSIFIED, TOTAL: TOTAL}, lambda _posting, leg: leg.class_id
    if by == "Month":
        months = sorted({posting.day.replace(day=1) for posting, _ in asked.legs()})
        titles = {str(month): short_month(month) for month in months}
        return titles | {TOTAL: TOTAL}, lambda posting, _leg: str(posting.day.replace(day=1))
    if by == "TotalOnly":
        return {TOTAL: span_words(asked.first, asked.last)}, lambda _posting, _leg: ""
    raise Refused(3110, f'The value "{by}" of SummarizeColumnsBy is not supported.')


def _returned(columns: Mapping[str, str], matrix: Matrix, which: str) -> dict[str, str]:
    """The columns to show: all of them, or those that something was posted to."""
    used = {key for cells in matrix.values() for key in cells}
    if which == "NonZero":
        sums = _summed(matrix)
        used = {key for key in used if sums[key]}
    return {key: title for key, title in columns.items() if which == "All" or key in used or key == TOTAL}


def _cells(cells: Mapping[str, int], columns: Mapping[str, str]) -> dict[int, str]:
    found = {place: cells[key] for place, key in enumerate(columns, 2) if key in cells}
    found[len(columns) + 1] = sum(cells.values())
    return {place: cents(amount) for place, amount in found.items()}


def _summed(matrix: Matrix) -> dict[str, int]:
    found: dict[str, int] = {}
    for cells in matrix.values():
        for key, amount in cells.items():
            found[key] = found.get(key, 0) + amount
    return found


def _in_order(company: Company, rows: Mapping[str, object], by: str) -> list[str]:
    if by == "Account":
        return sorted(rows, key=lambda key: company.lists["Account"][key].number)
    return sorted(rows, key=company.full_name)


def _row_names(company: Company, by: str, key: str) -> tuple[str, str, str]:
    """Label, rowType and value of a row."""
    if by == "Account":
        return company.account_label(key), "account", company.full_name(key)
    if by == "Class" and key:
        return company.full_name(key), "class", company.full_name(key)
    return UNCLASSIFIED if by == "Class" else TOTAL, "label", UNCLASSIFIED if by == "Class" else TOTAL


def _trial_balance(asked: Asked, which: str) -> tuple[str, int]:
    """Cumulative balances as of the last day. An account that nothing was ever posted to is in it only for ReturnRows All."""
    company = asked.company
    found = trial_balance(company, asked.last, asked.ledger)
    if which == "All":
        posting = (one.list_id for one in company.lists["Account"].values() if one.account_type != "NonPosting")
        found = dict.fromkeys(posting, 0) | found
    if which == "NonZero":
        found = {account: amount for account, amount in found.items() if amount}
    rows = Rows()
    for account in _in_order(company, found, "Account"):
        label, kind, value = _row_names(company, "Account", account)
        amount = found[account]
        rows.data({1: label, (2 if amount >= 0 else 3): cents(abs(amount))}, kind, value)
    debits = cents(sum(amount for amount in found.values() if amount > 0))
    credits_ = cents(-sum(amount for amount in found.values() if amount < 0))
    rows.total({1: TOTAL, 2: debits, 3: credits_})
    columns = [
        Column("Blank", "STRTYPE", ("", "")),
        Column("Debit", "AMTTYPE", (short_day(asked.last), "Debit")),
        Column("Credit", "AMTTYPE", ("", "Credit")),
    ]
    return report("Trial Balance", as_of(asked.last), asked.basis, columns, rows), len(rows.xml)


Sections = Sequence[tuple[str, tuple[str, ...]]]


def _sections(title: str, subtitle: str, asked: Asked, by: str, sections: Sections) -> tuple[str, int]:
    """Profit and loss: each account its own way up, income less expense as the total."""
    columns, key = _columns(asked, by)
    matrix = asked.matrix(lambda _posting, leg: leg.account_id, key)
    types = {account: asked.company.lists["Account"][account].account_type for account in matrix}
    matrix = {row: cells for row, cells in matrix.items() if any(types[row] in kinds for _, kinds in sections)}
    shown, rows = _returned(columns, matrix, ""), Rows()
    for name, kinds in sections:
        part = {row: _own_way(cells, types[row]) for row, cells in matrix.items() if types[row] in kinds}
        _section(rows, asked.company, name, part, shown)
    if rows.xml:
        rows.total({1: "Net Income"} | _cells(_own_way(_summed(matrix), "Income"), shown))
    titles = [LABELS, *(Column("Amount", "AMTTYPE", (value,)) for value in shown.values())]
    return report(title, subtitle, asked.basis, titles, rows), len(rows.xml)


def _section(rows: Rows, company: Company, name: str, part: Matrix, shown: Mapping[str, str]) -> None:
    if not part:
        return
    rows.text(name)
    for row in _in_order(company, part, "Account"):
        label, kind, value = _row_names(company, "Account", row)
        rows.data({1: label} | _cells(part[row], shown), kind, value)
    rows.subtotal({1: f"Total {name}"} | _cells(_summed(part), shown))


def _balance_sheet(asked: Asked) -> tuple[str, int]:
    """Balances as of the last day; this year's profit is a row of its own, under no account."""
    company, last = asked.company, asked.last
    found = trial_balance(company, last, asked.ledger)
    types = {account: company.lists["Account"][account].account_type for account in found}
    rows, shown = Rows(), {TOTAL: short_day(last)}
    result = sum(amount for account, amount in found.items() if any(types[account] in kinds for _, kinds in _RESULT))
    for name, kinds in _POSITION:
        part = {
            account: _own_way({TOTAL: amount}, types[account])
            for account, amount in found.items()
            if types[account] in kinds and amount
        }
        _section(rows, company, name, part, shown)
    rows.data({1: "Net Income", 2: cents(-result)}, "label", "Net Income")
    owed = -sum(
        amount for account, amount in found.items() if types[account] in CREDIT_TYPES and types[account] in _OWED
    )
    rows.total({1: "TOTAL LIABILITIES & EQUITY", 2: cents(owed - result)})
    titles = [LABELS, Column("Amount", "AMTTYPE", (short_day(last),))]
    return report("Balance Sheet", as_of(last), asked.basis, titles, rows), len(rows.xml)


_OWED = {kind for name, kinds in _POSITION if name != "Assets" for kind in kinds}


def _own_way(cells: Mapping[str, int], account_type: str) -> dict[str, int]:
    sign = -1 if account_type in CREDIT_TYPES else 1
    return {key: sign * amount for key, amount in cells.items()}
