"""Parts of a report: header, columns, data rows, sections; and what a report's request may say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ml_connector_dagster.sandbox.books.cents import text
from ml_connector_dagster.sandbox.quickbooks_online.access import Call
from ml_connector_dagster.sandbox.quickbooks_online.cash import cash_ledger
from ml_connector_dagster.sandbox.quickbooks_online.chart import HOME, children
from ml_connector_dagster.sandbox.quickbooks_online.ledger import Ledger, Leg, Posting
from ml_connector_dagster.sandbox.quickbooks_online.notation import server_time

Json = dict[str, Any]
TOO_MUCH = "Unable to display more data. Please reduce the date range."


@dataclass(frozen=True)
class Asked:
    """What a report is asked for: a span, both days included, and filters by id."""

    first: date
    last: date
    summarize: str
    basis: str
    ledger: Ledger
    accounts: frozenset[str]
    filters: dict[str, frozenset[str]]

    def fits(self, leg: Leg) -> bool:
        values = {
            "customer": (leg.customer_id, leg.name_id),
            "vendor": (leg.name_id,),
            "class": (leg.class_id,),
            "department": (leg.department_id,),
        }
        return all(ids.intersection(values[name]) for name, ids in self.filters.items())


def asked(call: Call) -> Asked:
    """Read and judge the request; the basis is the company's where it is not said."""
    query = call.request.query_params
    basis = query.get("accounting_method", "Accrual")
    if basis not in {"Accrual", "Cash"}:
        raise call.refuse("4001", "Invalid query", f"accounting_method={basis} is not supported.")
    try:
        year = call.cloud.world.clock.today().replace(month=1, day=1)
        first = date.fromisoformat(query["start_date"]) if "start_date" in query else year
        last = date.fromisoformat(query["end_date"]) if "end_date" in query else call.cloud.world.clock.today()
    except ValueError:
        raise call.refuse("4001", "Invalid query", "A date is not written YYYY-MM-DD.") from None
    if first >= last:
        raise call.refuse("4001", "Invalid query", "start_date must be less than end_date.")
    named = {name: _ids(query.get(name, "")) for name in ("customer", "vendor", "class", "department")}
    accounts = frozenset(
        account_id for chosen in _ids(query.get("account", "")) for account_id in (chosen, *_below(chosen))
    )
    filters = {name: ids for name, ids in named.items() if ids}
    ledger = cash_ledger(call.company) if basis == "Cash" else call.company.ledger
    return Asked(first, last, query.get("summarize_column_by", "Total"), basis, ledger, accounts, filters)


def whole(call: Call, name: str, wanted: Asked, columns: Sequence[Json], rows: list[Json]) -> Json:
    """The report with its header."""
    empty = "false" if rows else "true"
    return {
        "Header": {
            "Time": server_time(call.now),
            "ReportName": name,
            "ReportBasis": wanted.basis,
            "StartPeriod": wanted.first.isoformat(),
            "EndPeriod": wanted.last.isoformat(),
            "SummarizeColumnsBy": wanted.summarize,
            "Currency": HOME,
            "Option": [{"Name": "AccountingStandard", "Value": "GAAP"}, {"Name": "NoReportData", "Value": empty}],
        },
        "Columns": {"Column": list(columns)},
        "Rows": {"Row": rows} if rows else {},
    }


def column(title: str, kind: str, key: str = "", column_id: str = "") -> Json:
    meta = [{"Name": "ColKey", "Value": key}] if key else []
    meta += [{"Name": "ID", "Value": column_id}] if column_id else []
    return {"ColTitle": title, "ColType": kind} | ({"MetaData": meta} if meta else {})


def cells(label: str, values: Iterable[str], label_id: str = "") -> list[Json]:
    first = {"value": label} | ({"id": label_id} if label_id else {})
    return [first, *({"value": value} for value in values)]


def section(group: str, header: list[Json] | None, rows: list[Json], summary: list[Json]) -> Json:
    shown: Json = {}
    if header is not None:
        shown["Header"] = {"ColData": header}
    if rows:
        shown["Rows"] = {"Row": rows}
    shown |= {"Summary": {"ColData": summary}, "type": "Section"}
    return shown | ({"group": group} if group else {})


def money(cents: int) -> str:
    """Decimals vary from report to report: this one drops a last zero, as QuickBooks may."""
    shown = text(cents)
    return shown[:-1] if shown.endswith("0") and not shown.endswith(".00") else shown


def legs_of(postings: Iterable[Posting], wanted: Asked) -> list[Leg]:
    return [leg for posting in postings for leg in posting.legs if wanted.fits(leg)]


def _ids(text_: str) -> frozenset[str]:
    return frozenset(entry.strip() for entry in text_.split(",") if entry.strip())


def _below(account_id: str) -> list[str]:
    return [found for child in children(account_id) for found in (child.account_id, *_below(child.account_id))]
