"""The undocumented reports: profit and loss, and all account transactions at once; both may be switched off (404).

Profit and loss is made from the whole ledger, so it shows what no document and no feed shows.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from ml_connector_dagster.sandbox.zoho_books import transactions
from ml_connector_dagster.sandbox.zoho_books.answers import Json, invalid, number
from ml_connector_dagster.sandbox.zoho_books.chart import INCOME, PROFIT_AND_LOSS
from ml_connector_dagster.sandbox.zoho_books.company import Company

_EXPENSE = PROFIT_AND_LOSS - INCOME
_SECTIONS = (
    ("Operating Income", ("income",)),
    ("Cost of Goods Sold", ("cost_of_goods_sold", "manufacturing_expense")),
    (
        "Operating Expense",
        (
            "expense",
            "employee_benefit_expense",
            "depreciation_expense",
            "impairment_expense",
            "lease_expense",
        ),
    ),
    ("Non Operating Income", ("other_income", "finance_income")),
    ("Non Operating Expense", ("other_expense", "finance_expense", "tax_expense")),
)
_GROSS, _OPERATING = "Gross Profit", "Operating Profit"
MOST_PER_PAGE = 500


def window(query: Mapping[str, str]) -> tuple[date, date]:
    """from_date and to_date, both included; Refusal where one is missing or no day."""
    try:
        return date.fromisoformat(query.get("from_date", "")), date.fromisoformat(query.get("to_date", ""))
    except ValueError:
        raise invalid("from_date") from None


def profit_and_loss(company: Company, query: Mapping[str, str]) -> Json:
    """Sections in sections: gross profit, operating profit, net profit; income and cost are both positive."""
    moved = company.ledger.movement(*window(query))
    sections = {name: _section(company, moved, name, kinds) for name, kinds in _SECTIONS}
    gross = _profit(_GROSS, [sections["Operating Income"]], [sections["Cost of Goods Sold"]])
    operating = _profit(_OPERATING, [gross], [sections["Operating Expense"]])
    net = _profit("Net Profit/Loss", [operating, sections["Non Operating Income"]], [sections["Non Operating Expense"]])
    return {"profit_and_loss": [_shown(part) for part in (gross, operating, net)]}


def account_transactions(company: Company, query: Mapping[str, str]) -> Json:
    """The whole organisation's rows in one list, 500 a page at most."""
    first, last = window(query)
    found = [
        (account_id, posting)
        for account_id in company.accounts
        for posting in reversed(company.postings_of(account_id))
        if first <= posting[0].posted_on <= last and sum(leg.amount for leg in posting[1]) != 0
    ]
    page = max(1, int(query.get("page") or 1))
    per_page = min(MOST_PER_PAGE, max(1, int(query.get("per_page") or 200)))
    start = (page - 1) * per_page
    context = {"page": page, "per_page": per_page, "has_more_page": start + per_page < len(found)}
    shown = [
        _report_row(company, row)
        for account_id, posting in found[start : start + per_page]
        for row in transactions.posting_rows(company, account_id, posting, collapse=True)
    ]
    return {"account_transactions": [{"account_transactions": shown}], "page_context": context}


def _section(company: Company, moved: Mapping[str, int], name: str, kinds: tuple[str, ...]) -> Json:
    sign = -1 if kinds[0] in INCOME else 1
    rows = [
        {
            "name": account.name,
            "account_id": account.account_id,
            "account_code": account.code,
            "total": sign * moved[account.account_id],
            "account_transactions": [],
        }
        for account in company.accounts.values()
        if account.kind in kinds and moved.get(account.account_id)
    ]
    return {"name": name, "total": sum(int(str(row["total"])) for row in rows), "account_transactions": rows}


def _profit(name: str, gains: list[Json], costs: list[Json]) -> Json:
    total = sum(part["total"] for part in gains) - sum(part["total"] for part in costs)
    shown = [part for part in (*gains, *costs) if part["name"] not in {_GROSS, _OPERATING}]
    return {"name": name, "total": total, "account_transactions": shown}


def _shown(part: Json) -> Json:
    inner = [_shown(one) for one in part["account_transactions"]]
    return part | {"total": number(part["total"]), "account_transactions": inner, "previous_values": []}


def _report_row(company: Company, row: Json) -> Json:
    account = company.accounts[row["account_id"]]
    debit, credit = row["debit_amount"], row["credit_amount"]
    return {
        "date": row["transaction_date"],
        "account_id": account.account_id,
        "account_name": account.name,
        "transaction_id": row.get("transaction_id", ""),
        "transaction_type": row["transaction_type"],
        "transaction_details": row["payee"],
        "entity_number": row["entry_number"],
        "reference_number": row["reference_number"],
        "reference_transaction_id": "",
        "debit": debit,
        "credit": credit,
        "net_amount": f"{Decimal(str(debit or 0)) - Decimal(str(credit or 0)):.2f}",
        "contact_id": row["customer_id"],
        "offset_account_id": "",
        "offset_account_type": "",
        "project_ids": "",
        "currency_code": row["currency_code"],
        "reporting_tag": "",
        "branch": "",
        "account": {"account_group": account.kind, "account_type": account.kind},
    }
