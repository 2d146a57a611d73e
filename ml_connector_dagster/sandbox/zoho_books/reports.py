"""The undocumented reports: profit and loss, balance sheet, and all account transactions at once; they may be switched off (404).

The two statements are made from the whole ledger, so they show what no document and no feed shows. They take from_date and to_date
only with filter_by=TransactionDate.CustomDate; without it they are of this month, and of today.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ml_connector_dagster.sandbox.zoho_books import transactions
from ml_connector_dagster.sandbox.zoho_books.answers import Json, invalid, number
from ml_connector_dagster.sandbox.zoho_books.chart import INCOME, PROFIT_AND_LOSS, Account
from ml_connector_dagster.sandbox.zoho_books.company import Company

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
YEAR_BEGINS = 4
"""The month in which the organisation's fiscal year begins."""
_CUSTOM = "TransactionDate.CustomDate"
_ASSETS = (
    (
        "Current Assets",
        (
            ("Cash", ("cash",)),
            ("Bank", ("bank", "payment_clearing")),
            ("Accounts Receivable", ("accounts_receivable",)),
            ("Other current assets", ("other_current_asset", "stock")),
        ),
    ),
    ("Fixed Assets", (("Fixed Assets", ("fixed_asset",)),)),
)
_FINANCED = (
    (
        "Liabilities",
        (
            ("Current Liabilities", ("accounts_payable", "credit_card", "other_current_liability")),
            ("Long Term Liabilities", ("loans_and_borrowing", "long_term_liability")),
        ),
    ),
    ("Equities", (("Equities", ("equity",)),)),
)


def window(query: Mapping[str, str]) -> tuple[date, date]:
    """from_date and to_date, both included; Refusal where one is missing or no day."""
    try:
        return date.fromisoformat(query.get("from_date", "")), date.fromisoformat(query.get("to_date", ""))
    except ValueError:
        raise invalid("from_date") from None


def profit_and_loss(company: Company, query: Mapping[str, str], today: date) -> Json:
    """Sections in sections: gross profit, operating profit, net profit; income and cost are both positive."""
    first, last = window(query) if query.get("filter_by") == _CUSTOM else (today.replace(day=1), today)
    moved = company.ledger.movement(first, last)
    sections = {name: _section(company, moved, name, kinds) for name, kinds in _SECTIONS}
    gross = _profit(_GROSS, [sections["Operating Income"]], [sections["Cost of Goods Sold"]])
    operating = _profit(_OPERATING, [gross], [sections["Operating Expense"]])
    net = _profit("Net Profit/Loss", [operating, sections["Non Operating Income"]], [sections["Non Operating Expense"]])
    context = _context(query, last) | {"from_date": first.isoformat()}
    return {"profit_and_loss": [_shown(part) for part in (gross, operating, net)], "page_context": context}


def balance_sheet(company: Company, query: Mapping[str, str], today: date) -> Json:
    """Assets, and what they are financed by; results of earlier years stand in retained earnings, no posting carries them."""
    day = window(query)[1] if query.get("filter_by") == _CUSTOM else today
    held = dict(company.ledger.movement(None, day))
    began = date(day.year - (day.month < YEAR_BEGINS), YEAR_BEGINS, 1)
    earlier = _result(company, company.ledger.movement(None, began - timedelta(days=1)))
    retained = company.roles["retained"]
    held[retained] = held.get(retained, 0) + earlier
    current = {"name": "Current Year Earnings", "total": earlier - _result(company, held), "account_transactions": []}
    financed = _parts(company, held, _FINANCED, -1)
    for part in (financed[-1], financed[-1]["account_transactions"][0]):
        part["total"] += current["total"]
    financed[-1]["account_transactions"][0]["account_transactions"].append(current)
    halves = (("Assets", _parts(company, held, _ASSETS, 1)), ("Liabilities & Equities", financed))
    shown = [
        _shown({"name": name, "total": sum(part["total"] for part in inner), "account_transactions": inner})
        for name, inner in halves
    ]
    return {"balance_sheet": shown, "page_context": _context(query, day) | {"as_of_date": day.isoformat()}}


def _result(company: Company, moved: Mapping[str, int]) -> int:
    """What income and expense come to, debit positive."""
    return sum(cents for account, cents in moved.items() if company.accounts[account].kind in PROFIT_AND_LOSS)


def _parts(company: Company, held: Mapping[str, int], groups: Sequence[Any], sign: int) -> list[Json]:
    """Headings with headings in them; accounts that stand at nought are left out."""
    found = []
    for name, inner in groups:
        inside = (
            [_line(company.accounts[key], sign * cents) for key, cents in _of_kinds(company, held, inner)]
            if isinstance(inner[0], str)
            else _parts(company, held, inner, sign)
        )
        found.append({"name": name, "total": sum(one["total"] for one in inside), "account_transactions": inside})
    return found


def _of_kinds(company: Company, held: Mapping[str, int], kinds: tuple[str, ...]) -> list[tuple[str, int]]:
    return [(key, held[key]) for key, one in company.accounts.items() if one.kind in kinds and held.get(key)]


def _line(account: Account, total: int) -> Json:
    return {
        "name": account.name,
        "account_id": account.account_id,
        "account_code": account.code,
        "total": total,
        "account_transactions": [],
    }


def _context(query: Mapping[str, str], last: date) -> Json:
    """What a statement echoes of its days."""
    return {
        "report_basis": "Accrual",
        "applied_filter": query.get("filter_by") or "TransactionDate.ThisMonth",
        "to_date": last.isoformat(),
    }


def account_transactions(company: Company, query: Mapping[str, str], _today: date) -> Json:
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
        _line(account, sign * moved[account.account_id])
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
