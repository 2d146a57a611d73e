"""QuickBooks' trial balance and its account by class summary: the books' side of a tie-out, never a source of lines.

The trial balance shows closing balances: to date for the balance sheet, since the fiscal year began for income and expense. A
period's movement is the difference of two closings; in a fiscal year's first month income and expense start at 0, and the
year before stands in retained earnings from its first day, a roll that no transaction posts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from ml_connector_dagster.errors import RecordRefused, RequestRejected
from ml_connector_dagster.ledger.ledger_account import AccountClass, LedgerAccount
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.posting import LedgerLine
from ml_connector_dagster.ledger.trial_balance import TrialBalances
from ml_connector_dagster.ledger.version_hash import version_hash
from ml_connector_dagster.sources.quickbooks_desktop.fields import Record
from ml_connector_dagster.sources.quickbooks_desktop.parse import tracking_of
from ml_connector_dagster.sources.quickbooks_desktop.parse_reference import RETAINED_EARNINGS
from ml_connector_dagster.sources.quickbooks_desktop.reports import BLANK, Names, Row, Table, unknown_shape

REPORT = "TrialBalance"
SUMMARY = "CustomSummary"
UNCLASSIFIED = "Unclassified"
_RESULTS = {AccountClass.INCOME.value, AccountClass.EXPENSE.value}
_WHOLE = ("total", "total ")
_OWN = " - Other"
"""What a summary adds to the name of a parent for that which was posted to itself."""


def trial_balances(
    closing: Record, opening: Record, chart: Iterable[LedgerAccount], accounts: Names, *, starts_year: bool
) -> TrialBalances:
    """Read both reports.

    Args:
        closing: Answer of the report as of the period's end.
        opening: As of the day before the period.
        chart: Every account.
        accounts: Their names in reports.
        starts_year: Whether the period is the first of a fiscal year.

    Raises:
        RequestRejected: A report has not the shape of a trial balance, or does not add up.
    """
    rows = list(chart)
    return TrialBalances(
        closing=read_trial_balance(closing, accounts),
        opening=read_trial_balance(opening, accounts),
        results=frozenset(row.ledger_account_id for row in rows if row.account_class in _RESULTS),
        retained_earnings=next((row.ledger_account_id for row in rows if row.system_role == RETAINED_EARNINGS), ""),
        starts_year=starts_year,
    )


def mark_of(balances: TrialBalances) -> str:
    """Answer what tells these figures from others: the books did not move where two looks have the same."""
    return version_hash(*sorted(balances.closing.items()), *sorted(balances.opening.items()))


def read_trial_balance(answer: Record, accounts: Names) -> dict[str, Decimal]:
    """Answer {ledger account id: debit less credit}; the report's own total proves that no row was missed.

    Raises:
        RequestRejected: It has no debit and credit columns, names an account that no list knows, or does not add up.
    """
    table = Table.of(REPORT, answer)
    debit, credit = table.column("Debit"), table.column("Credit")
    balances: dict[str, Decimal] = defaultdict(lambda: ZERO)
    sums = [ZERO, ZERO]
    try:
        for row in table.data():
            figures = row.figure(debit), row.figure(credit)
            sums = [sums[0] + figures[0], sums[1] + figures[1]]
            if any(figures):
                balances[_account(table, row, accounts)] += figures[0] - figures[1]
        totals = [[row.figure(debit), row.figure(credit)] for row in table.rows if row.kind == "TotalRow"]
    except RecordRefused as error:
        raise _unreadable(REPORT, error) from error
    if totals and totals[-1] != sums:
        raise _cut_off(sums)
    return dict(balances)


def read_class_summary(answer: Record, accounts: Names, classes: Names) -> dict[tuple[str, str], Decimal]:
    """Answer {(ledger account id, tracking): figure as the report prints it}, in the natural sign of the account.

    Raises:
        RequestRejected: A column's title is no class that the list knows, or a row no account.
    """
    table = Table.of(SUMMARY, answer)
    found: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    try:
        columns = {column: tracking for column in table.titles if (tracking := _class_of(table, column, classes))}
        for row in table.data():
            account = _account(table, row, accounts) if columns.keys() & row.cells.keys() else ""
            for column in columns.keys() & row.cells.keys():
                found[account, columns[column]] += row.figure(column)
    except RecordRefused as error:
        raise _unreadable(SUMMARY, error) from error
    return {key: figure for key, figure in found.items() if figure}


class ByClass:
    """What the lines of a period moved by account and class, added up as they pass; debit + and credit −."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._moved: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))

    def add(self, lines: Iterable[LedgerLine]) -> None:
        """Take more lines, those included that we posted ourselves: the summary has them too."""
        for line in lines:
            self._moved[line.ledger_account_id][line.tracking] += line.amount

    def sums(self) -> dict[str, Decimal]:
        """Answer what each account moved."""
        return {account: sum(by_class.values(), ZERO) for account, by_class in self._moved.items()}

    def differing(self, summary: Mapping[tuple[str, str], Decimal]) -> list[str]:
        """Answer the accounts that the summary puts to other classes than the lines do, sorted.

        An account whose totals differ is the trial balance's business: the tie-out names it. Whether a summary prints an
        account in its natural sign is not known, so figures may agree in either sign, the same for all of an account.

        Args:
            summary: Of ``read_class_summary``.
        """
        theirs: dict[str, dict[str, Decimal]] = defaultdict(dict)
        for (account, tracking), figure in summary.items():
            theirs[account][tracking] = figure
        return sorted(account for account, by_class in theirs.items() if not self._agrees(account, by_class))

    def _agrees(self, account: str, by_class: Mapping[str, Decimal]) -> bool:
        own = {tracking: figure for tracking, figure in self._moved[account].items() if figure}
        other_total = abs(sum(by_class.values(), ZERO)) != abs(sum(own.values(), ZERO))
        return other_total or own in (by_class, _negated(by_class))


def _negated(figures: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {name: -figure for name, figure in figures.items()}


def _class_of(table: Table, column: str, classes: Names) -> str:
    """Answer the tracking of a column; empty for one that holds no class: labels, totals of all and of parents.

    Raises:
        RecordRefused: The title is no class that the list knows.
    """
    if column == table.columns.get(BLANK):
        return ""
    titles = table.titles[column]
    title = titles[-1] if titles else ""
    if title.lower().startswith(_WHOLE) and not classes.find(title):
        return ""
    if title.lower() == UNCLASSIFIED.lower():
        return tracking_of("")
    return tracking_of(classes.find(title) or classes.need(title.removesuffix(_OWN)))


def _account(table: Table, row: Row, accounts: Names) -> str:
    written = (row.named if row.about == "account" else "") or table.label_of(row)
    return accounts.find(written) or accounts.need(written.removesuffix(_OWN))


def _cut_off(sums: list[Decimal]) -> RequestRejected:
    return RequestRejected(
        f"The rows of QuickBooks' trial balance add up to {sums[0]} and {sums[1]}, its own total says otherwise.",
        "A row was cut off or is not understood, so none of its figures was used.",
        "Read the period again; if it stays, report it.",
        endpoint=REPORT,
    )


def _unreadable(report: str, error: RecordRefused) -> RequestRejected:
    shape = unknown_shape(report)
    return RequestRejected(error.happened, shape.means, shape.do, endpoint=report)
