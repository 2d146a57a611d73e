"""What Xero's books hold and no document of its API shows, each class summed from something the source names.

``fx_revaluation``: what currency rates alone moved, on every account that Xero revalues; see ``revaluation``.

``rounding``: a settled foreign document leaves cents, because each of its parts was rounded on its own; Xero clears them to
ROUNDING on the day of the last settlement. They are summed from the document and its settlements as Xero lists them.

``retained_earnings``: the result of the year before, from the report that closed it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.trial_balance import TrialBalances
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.xero import chart as roles
from ml_connector_dagster.sources.xero import parse
from ml_connector_dagster.sources.xero.chart import Chart
from ml_connector_dagster.sources.xero.context import Context
from ml_connector_dagster.sources.xero.dates import calendar_date
from ml_connector_dagster.sources.xero.entities import BILLS, CREDIT_NOTES, INVOICES
from ml_connector_dagster.sources.xero.revaluation import fx_revaluation
from ml_connector_dagster.sources.xero.settlements import entity_settled, in_base, posting_records
from ml_connector_dagster.sources.xero.valuations import settled_parts

if TYPE_CHECKING:
    from ml_connector_dagster.sources.xero.company import XeroCompany

Amounts = dict[str, Decimal]
SETTLEMENTS = ("payments", "allocations")


def residual_classes(
    company: XeroCompany, reports: TrialBalances, period: Period, staged: StagedReader
) -> Mapping[str, Mapping[str, Decimal]]:
    """Answer {class: {ledger_account_id: amount}}; debit + and credit −, only classes and accounts with an amount."""
    chart = Chart.of(staged.newest("ledger_accounts"), company.company().base_currency)
    classes = {
        "fx_revaluation": fx_revaluation(company, chart, reports, period),
        "rounding": settled_cents(company, chart, period, staged),
        "retained_earnings": reports.rolled,
    }
    kept = {name: {account: one for account, one in amounts.items() if one} for name, amounts in classes.items()}
    return {name: amounts for name, amounts in kept.items() if amounts}


def settled_cents(company: XeroCompany, chart: Chart, period: Period, staged: StagedReader) -> Amounts:
    """Answer what foreign documents that were settled in the period left behind, on ROUNDING and against it."""
    amounts: Amounts = defaultdict(lambda: ZERO)
    for document in _foreign_documents(company, chart, period, staged):
        left = _left(document, company.context)
        if left and Period.of(_settled_on(document)) == period:
            control = chart.account(roles.RECEIVABLE if document.type.startswith("ACCREC") else roles.PAYABLE)
            amounts[control] -= left
            amounts[chart.account(roles.ROUNDING)] += left
    return dict(amounts)


def _foreign_documents(company: XeroCompany, chart: Chart, period: Period, staged: StagedReader) -> Iterator[Any]:
    """Yield foreign documents that a payment or an allocation of the period touched, as Xero shows them now, if settled."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for name in SETTLEMENTS:
        for batch in staged.batches(name, period):
            for row, *_ in posting_records(batch):
                if row["currency"] != chart.base_currency:
                    wanted[entity_settled(row)].add(row["linked_id"])
    invoices = wanted[INVOICES.name] | wanted[BILLS.name]
    for entity, ids in ((INVOICES, invoices), (CREDIT_NOTES, wanted[CREDIT_NOTES.name])):
        for answered in company.by_ids(entity, sorted(ids)):
            yield from (one for one in answered.page.records if one.status == "PAID")


def _left(document: Any, context: Context) -> Decimal:
    """Answer what stays on receivables or payables when every part was rounded on its own; debit + and credit −."""
    try:
        lines = parse.document_rows(document, context)
    except RecordRefused:
        return ZERO
    rate = lines[0].rate
    beyond = document.total - sum((line.net_amount + line.tax_amount for line in lines), ZERO)
    posted = sum((in_base(line.net_amount, rate) + in_base(line.tax_amount, rate) for line in lines), ZERO)
    posted += in_base(beyond, rate)
    settled = sum((in_base(part, rate) for part, _ in settled_parts(document)), ZERO)
    sign = 1 if document.type in ("ACCREC", "ACCPAYCREDIT") else -1
    return sign * (posted - settled)


def _settled_on(document: Any) -> date:
    return max((calendar_date(written) for _, written in settled_parts(document) if written), default=date.min)
