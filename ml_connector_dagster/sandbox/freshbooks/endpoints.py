"""The accounting family: lists, single records, and the one write that our tests need, a change of vis_state."""

import re
from datetime import date
from typing import Any

import msgspec
from starlette.responses import Response

from ml_connector_dagster.sandbox.freshbooks import feed, list_wire
from ml_connector_dagster.sandbox.freshbooks.access import Call, Handler
from ml_connector_dagster.sandbox.freshbooks.answers import Refusal, answer, result
from ml_connector_dagster.sandbox.freshbooks.records import DELETED, Document
from ml_connector_dagster.sandbox.freshbooks.resources import ITEMS, Resource
from ml_connector_dagster.sandbox.freshbooks.search import includes, narrow, page, searched

_LAST = date(9999, 12, 31)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def listed(resource: Resource) -> Handler:
    def handler(call: Call) -> Response:
        swept = "vis_state" in searched(call.request)
        found = narrow(call.request, resource.grammar, resource.standing(call.company, swept=swept))
        records, numbers = page(call.request, found)
        lines = includes(call.request, "lines")
        shown = [resource.shown(call.company, record, lines) for record in records]
        return result({resource.list_key: shown, **numbers})

    return handler


def single(resource: Resource) -> Handler:
    """A deleted record is answered too: a 200 is no proof that it counts."""

    def handler(call: Call) -> Response:
        record = _found(resource, call)
        if call.request.method == "PUT":
            _set_vis_state(call, record, _asked_vis_state(resource, call))
        if call.request.method == "DELETE":
            _set_vis_state(call, record, DELETED)
            return result({})
        lines = includes(call.request, "lines")
        return result({resource.single_key: resource.shown(call.company, record, lines)})

    return handler


def taxes(call: Call) -> Response:
    return _all(call, "taxes", [list_wire.tax(call.company)])


def items(call: Call) -> Response:
    return _all(call, "items", [list_wire.item(call.company, place, name) for place, name in enumerate(ITEMS)])


def journal_entry_accounts(call: Call) -> Response:
    """The legacy chart, with balances of the span in one currency."""
    asked = searched(call.request)
    currency = asked.get("currency_code", [call.company.currency])[0]
    ledger = call.company.books.get(currency)
    first, last = _span(asked)
    balances = ledger.movement(first, last) if ledger else {}
    tops = [one for one in call.company.chart.values() if not one.parent]
    records = [list_wire.legacy_account(call.company, one, currency, balances) for one in tops]
    return _all(call, "journal_entry_accounts", records)


def journal_entry_details(call: Call) -> Response:
    """The feed: every currency's legs mixed, for only account and dates are understood."""
    asked = searched(call.request)
    found = feed.rows(call.company, *_span(asked))
    if "sub_accountid" in asked:
        wanted = set(asked["sub_accountid"])
        found = [row for row in found if str(list_wire.place_of(call.company, row[1].account_id)[2]) in wanted]
    rows, numbers = page(call.request, found)
    return result({"journal_entry_details": [feed.shown(call.company, row) for row in rows], **numbers})


def ledger_accounts(call: Call) -> Response:
    return answer({"data": [list_wire.ledger_account(call.company, one) for one in call.company.chart.values()]})


def ledger_account(call: Call) -> Response:
    found = call.company.chart.get(call.request.path_params["record_id"])
    if found is None:
        raise Refusal(404, 1012, "Account not found.", "uuid", "account", call.request.path_params["record_id"])
    return answer({"data": list_wire.ledger_account(call.company, found)})


def account_types(_call: Call) -> Response:
    return answer({"data": ["asset", "equity", "expense", "income", "liability"]})


def account_sub_types(call: Call) -> Response:
    kinds = {one.sub_type: one for one in reversed(call.company.chart.values())}
    shown = [
        {"id": place, "type": one.type, "name": name, "base_number": one.number}
        for place, (name, one) in enumerate(kinds.items(), 1)
    ]
    return answer({"data": shown})


def projects(call: Call) -> Response:
    """The project family: flat, bare filters, numbers in meta."""
    asked = call.request.query_params
    found = [
        one
        for one in call.company.projects.values()
        if asked.get("client_id", str(one.client_id)) == str(one.client_id)
        and asked.get("complete", str(one.complete).lower()) == str(one.complete).lower()
        and asked.get("active", str(not one.complete).lower()) == str(not one.complete).lower()
    ]
    shown, numbers = page(call.request, found)
    records = [list_wire.project(call.company, one) for one in shown]
    return answer({"projects": records, "meta": {"sort": [], **numbers}}, media_type="application/vnd.api+json")


def project(call: Call) -> Response:
    found = call.company.projects.get(_number(call))
    if found is None:
        raise Refusal(404, 1012, "Requested resource could not be found.")
    return answer({"project": list_wire.project(call.company, found)}, media_type="application/vnd.api+json")


def _all(call: Call, key: str, records: list[dict[str, Any]]) -> Response:
    shown, numbers = page(call.request, records)
    return result({key: shown, **numbers})


def _span(asked: dict[str, list[str]]) -> tuple[date, date]:
    """start_date and end_date; what is no date is ignored, as any key that is not understood."""
    first, last = (asked.get(name, [""])[0] for name in ("start_date", "end_date"))
    return (
        date.fromisoformat(first) if _DAY.fullmatch(first) else date.min,
        date.fromisoformat(last) if _DAY.fullmatch(last) else _LAST,
    )


def _number(call: Call) -> int:
    text = call.request.path_params["record_id"]
    return int(text) if text.isdigit() else 0


def _found(resource: Resource, call: Call) -> Any:
    wanted = _number(call)
    record = next((one for one in resource.records(call.company) if resource.identity(one) == wanted), None)
    if record is None:
        word = resource.word
        raise Refusal(404, 1012, f"{word} not found.", "id", word.lower(), call.request.path_params["record_id"])
    return record


def _asked_vis_state(resource: Resource, call: Call) -> int:
    """A PUT that carries vis_state drops every other field; nothing else can be written here."""
    try:
        body = msgspec.json.decode(call.body)
        return int(next(iter(body.values()))["vis_state"])
    except (KeyError, ValueError, TypeError, AttributeError, StopIteration, msgspec.DecodeError) as wrong:
        raise Refusal(422, 2001, "This field is required.", "vis_state", resource.word.lower()) from wrong


def _set_vis_state(call: Call, record: Any, vis_state: int) -> None:
    now_ms = call.cloud.world.clock.now_ms()
    if isinstance(record, Document):
        call.company.show(record, vis_state, now_ms)
    else:
        record.vis_state, record.updated_ms = vis_state, now_ms
