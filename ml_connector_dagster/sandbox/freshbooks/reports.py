"""Trial balance, general ledger, profit and loss and chart: computed from the ledger of one currency, never from documents."""

import secrets
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from ml_connector_dagster.sandbox.books.cents import text
from ml_connector_dagster.sandbox.freshbooks.access import Call
from ml_connector_dagster.sandbox.freshbooks.answers import Refusal, result
from ml_connector_dagster.sandbox.freshbooks.company import Company
from ml_connector_dagster.sandbox.freshbooks.list_wire import children, place_of
from ml_connector_dagster.sandbox.freshbooks.records import Account
from ml_connector_dagster.sandbox.freshbooks.stamps import Money, money

Json = dict[str, Any]
_LINKS = {"invoices": "invoiceid", "expenses": "expenseid", "payments": "paymentid", "other_income": "incomeid"}
_ENTITY = {
    "invoices": "invoice",
    "expenses": "expense",
    "payments": "payment",
    "bills": "bill",
    "other_income": "income",
}


def trial_balance(call: Call) -> Response:
    """What moved in the span, by account and sub account. An account's figures hold those of its sub accounts."""
    first, last, currency = _asked(call)
    moved = _movement(call.company, currency, first, last)
    by_uuid = "business_uuid" in call.request.path_params
    data = [_balance(call.company, one, moved, currency, by_uuid=by_uuid) for one in _tops(call.company, moved)]
    whole = {
        "debit": sum(max(cents, 0) for cents in moved.values()),
        "credit": sum(-min(cents, 0) for cents in moved.values()),
    }
    body = _head(call, first, last, currency) | {
        "total_debit": money(whole["debit"], currency),
        "total_credit": money(whole["credit"], currency),
        "data": data,
    }
    return result({"trial_balance": body})


def general_ledger(call: Call) -> Response:
    """Every posting of the span under its account and sub account, by uuid."""
    first, last, currency = _asked(call)
    company = call.company
    postings: dict[str, list[Json]] = defaultdict(list)
    for entry in sorted(company.standing(currency, first, last), key=lambda one: one.posted_on):
        for line in entry.lines:
            postings[line.account_id].append(_transaction(company, entry, line, currency))
    wanted = call.request.query_params.get("accountid", "")
    tops = [one for one in _tops(company, postings) if wanted in {"", one.uuid}]
    body = _head(call, first, last, currency) | {"summary_only": False}
    data = [_ledger_account(company, one, postings, currency) for one in tops]
    body["summary"] = {
        side: money(sum(_cents(one[side.removeprefix("total_")]) for one in data), currency)
        for side in ("total_debit", "total_credit")
    }
    return result({"general_ledger": body | {"data": data}})


def profit_and_loss(call: Call) -> Response:
    """A tree of names by column: one column for the span, or one a month with resolution=m. Accrual only."""
    first, last, currency = _asked(call)
    asked = call.request.query_params
    if asked.get("cash_based", "false").lower() == "true":
        raise Refusal(422, 2001, "The sandbox keeps accrual books only.", "cash_based", "report", "true")
    spans = _months(first, last) if asked.get("resolution") == "m" else [(first, last)]
    columns = [_movement(call.company, currency, *span) for span in spans]
    income = _nodes(call.company, columns, currency, "income")
    expenses = _nodes(call.company, columns, currency, "expense")
    goods = [_sum(call.company, moved, "expense", "cost_of_goods_sold") for moved in columns]
    earned = [-_sum(call.company, moved, "income") for moved in columns]
    spent = [_sum(call.company, moved, "expense") for moved in columns]
    body = _head(call, first, last, currency) | {
        "cash_based": False,
        "resolution": asked.get("resolution"),
        "labels": [f"{start:%b %Y}" for start, _ in spans],
        "dates": [{"start_date": start.isoformat(), "end_date": end.isoformat()} for start, end in spans],
        "income": income,
        "expenses": expenses,
        "total_income": _node("Total Income", "credit", earned, currency),
        "total_expenses": _node("Total Expenses", "debit", spent, currency),
        "gross_margin": _node("Gross Profit", "credit", _less(earned, goods), currency),
        "net_profit": _node("Net Profit", "credit", _less(earned, spent), currency),
    }
    return result({"profitloss": body})


def chart_of_accounts(call: Call) -> Response:
    first, last, currency = _asked(call)
    moved = _movement(call.company, currency, first, last)
    state = call.request.query_params.get("state", "")
    shown = [
        _chart_row(one, moved) | {"sub_accounts": [_chart_row(below, moved) for below in children(call.company, one)]}
        for one in call.company.chart.values()
        if not one.parent and state in {"", one.state}
    ]
    return result({"chart_of_accounts": _head(call, first, last, currency) | {"journal_entry_accounts": shown}})


def _asked(call: Call) -> tuple[date, date, str]:
    """Flat parameters; the year so far and the company's own currency where they are missing."""
    asked, today = call.request.query_params, call.cloud.world.clock.today()
    try:
        first = date.fromisoformat(asked.get("start_date") or today.replace(month=1, day=1).isoformat())
        last = date.fromisoformat(asked.get("end_date") or today.isoformat())
    except ValueError as wrong:
        raise Refusal(422, 2001, "Invalid date.", "start_date", "report") from wrong
    return first, last, asked.get("currency_code") or call.company.currency


def _head(call: Call, first: date, last: date, currency: str) -> Json:
    return {
        "company_name": call.company.name,
        "start_date": first.isoformat(),
        "end_date": last.isoformat(),
        "currency_code": currency,
        "download_token": secrets.token_hex(20),
    }


def _movement(company: Company, currency: str, first: date, last: date) -> dict[str, int]:
    ledger = company.books.get(currency)
    found = ledger.movement(first, last) if ledger else {}
    return {account: cents for account, cents in found.items() if cents}


def _tops(company: Company, touched: Any) -> list[Account]:
    wanted = {place_of(company, account)[0].uuid for account in touched}
    return [one for one in company.chart.values() if one.uuid in wanted]


def _sides(cents: int, currency: str) -> dict[str, Money]:
    return {"debit": money(max(cents, 0), currency), "credit": money(max(-cents, 0), currency)}


def _posted_to(company: Company, top: Account) -> list[Account]:
    """The account itself and those below it: each is a sub account on the wire, if there are any below."""
    return [top, *children(company, top)]


def _balance(company: Company, top: Account, moved: dict[str, int], currency: str, *, by_uuid: bool) -> Json:
    subs = [one for one in _posted_to(company, top) if one.uuid in moved]
    shown = [
        {
            "sub_accountid": one.uuid if by_uuid else place_of(company, one.uuid)[2],
            "account_sub_name": one.name,
            "sub_account_name": one.name,
            "account_sub_number": one.number,
            "sub_account_number": one.number,
            **_sides(moved[one.uuid], currency),
        }
        for one in subs
        if place_of(company, one.uuid)[2]
    ]
    return {
        "accountid": top.uuid if by_uuid else top.legacy_id,
        "account_name": top.name,
        "account_number": top.number,
        "account_type": top.type,
        **_sides(sum(moved[one.uuid] for one in subs), currency),
        "sub_accounts": shown,
    }


def _transaction(company: Company, entry: Any, line: Any, currency: str) -> Json:
    """Null on the side that was not posted to; ids only of the kinds that have one."""
    document = company.documents.get(int(entry.source_id)) if entry.source_id.isdigit() else None
    kind = document.kind if document else ""
    client = company.clients.get(document.party_id) if document else None
    found: Json = {
        "entity_type": _ENTITY.get(kind, "journal_entry"),
        "reference": document.number if document else None,
        "description": line.description or None,
        "date": entry.posted_on.isoformat(),
        "client_name": client.organization if client else None,
        "debit": money(line.amount, currency) if line.amount > 0 else None,
        "credit": money(-line.amount, currency) if line.amount < 0 else None,
    }
    found |= dict.fromkeys(_LINKS.values())
    if document and kind in _LINKS:
        found[_LINKS[kind]] = document.doc_id
    return found


def _ledger_account(company: Company, top: Account, postings: dict[str, list[Json]], currency: str) -> Json:
    subs: list[Json] = []
    for one in _posted_to(company, top):
        if one.uuid in postings:
            transactions = postings[one.uuid]
            named = {"sub_accountid": one.uuid, "sub_account_name": one.name, "sub_account_number": one.number}
            subs.append(named | _gross(transactions, currency) | {"transactions": transactions})
    whole = _gross([entry for sub in subs for entry in sub["transactions"]], currency)
    net = _cents(whole["debit"]) - _cents(whole["credit"])
    return {
        "accountid": top.uuid,
        "account_name": top.name,
        "account_number": top.number,
        **whole,
        "net_movement_debit": money(max(net, 0), currency),
        "net_movement_credit": money(max(-net, 0), currency),
        "sub_accounts": subs,
    }


def _gross(transactions: Sequence[Json], currency: str) -> dict[str, Money]:
    return {
        side: money(sum(_cents(one[side]) for one in transactions if one[side]), currency)
        for side in ("debit", "credit")
    }


def _cents(amount: Money) -> int:
    return int(amount["amount"].replace(".", ""))


def _months(first: date, last: date) -> list[tuple[date, date]]:
    spans = []
    while first <= last:
        following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        spans.append((first, min(last, following - timedelta(days=1))))
        first = following
    return spans


def _nodes(company: Company, columns: Sequence[dict[str, int]], currency: str, kind: str) -> list[Json]:
    side, sign = ("credit", -1) if kind == "income" else ("debit", 1)
    found = []
    for top in company.chart.values():
        if top.type != kind or top.parent:
            continue
        below = [one for one in _posted_to(company, top) if any(one.uuid in moved for moved in columns)]
        if below:
            nodes = [
                _node(one.name, side, [sign * moved.get(one.uuid, 0) for moved in columns], currency) for one in below
            ]
            whole = [sign * sum(moved.get(one.uuid, 0) for one in below) for moved in columns]
            found.append(_node(top.name, side, whole, currency, nodes if len(below) > 1 or below[0] is not top else []))
    return found


def _node(name: str, side: str, columns: Sequence[int], currency: str, below: Sequence[Json] = ()) -> Json:
    return {
        "description": name,
        "entry_type": side,
        "data": [money(cents, currency) for cents in columns],
        "total": money(sum(columns), currency),
        "children": list(below),
    }


def _sum(company: Company, moved: dict[str, int], kind: str, sub_type: str = "") -> int:
    return sum(
        cents
        for account, cents in moved.items()
        if company.chart[account].type == kind and sub_type in {"", company.chart[account].sub_type}
    )


def _less(these: Sequence[int], those: Sequence[int]) -> list[int]:
    return [one - other for one, other in zip(these, those, strict=True)]


def _chart_row(one: Account, moved: dict[str, int]) -> Json:
    return {
        "account_name": one.name,
        "account_number": one.number,
        "account_type": one.type,
        "account_sub_type": one.sub_type,
        "balance": text(moved.get(one.uuid, 0)),
        "account_uuid": one.uuid,
        "parent_account_uuid": one.parent or None,
        "system_account_name": one.system_name or None,
        "state": one.state,
    }
