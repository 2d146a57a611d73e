"""What every report of Xero is made of: a header, rows whose cells carry ids, totals, and the envelope around them."""

from collections.abc import Sequence
from datetime import date

from starlette.responses import Response

from ml_connector_dagster.sandbox.books.records import Account
from ml_connector_dagster.sandbox.xero.access import Call
from ml_connector_dagster.sandbox.xero.answers import exception, records
from ml_connector_dagster.sandbox.xero.notation import Json, stamp


def header(*titles: str) -> Json:
    """The row that names the columns."""
    return {"RowType": "Header", "Cells": [{"Value": title} for title in titles]}


def cells(title: str, figures: Sequence[str]) -> list[Json]:
    """Cells that point at nothing: totals and computed lines."""
    return [{"Value": title}, *({"Value": figure} for figure in figures)]


def account_row(account: Account, figures: Sequence[str], *, code: bool = True) -> Json:
    """Every cell of an account's row carries its id; a name is never to be parsed."""
    name = f"{account.name} ({account.code})" if code and account.code else account.name
    attributes = [{"Value": account.account_id, "Id": "account"}]
    return {"RowType": "Row", "Cells": [{"Value": value, "Attributes": attributes} for value in (name, *figures)]}


def report(call: Call, kind: str, title: str, span: str, rows: Sequence[Json]) -> Response:
    """The envelope around a report's rows."""
    shown: Json = {
        "ReportID": kind,
        "ReportName": title,
        "ReportType": kind,
        "ReportTitles": [title, call.tenant.profile.name, span],
        "ReportDate": english(call.cloud.world.clock.today()),
        "UpdatedDateUTC": stamp(call.now_ms),
        "Fields": [],
        "Rows": list(rows),
    }
    return records(call.request, call.now_ms, "Reports", [shown])


def asked_day(call: Call, name: str, otherwise: date) -> date:
    """The day that a parameter names; 400 where it is no date."""
    given = call.request.query_params.get(name)
    if not given:
        return otherwise
    try:
        return date.fromisoformat(given[:10])
    except ValueError as wrong:
        raise exception(16, "QueryParseException", f"'{given}' is not a valid date") from wrong


def english(day: date) -> str:
    """24 April 2019."""
    return f"{day.day} {day:%B %Y}"
