"""/events/account/{account_id}/events/callbacks: register, verify, resend, list, delete."""

from typing import Any

import msgspec
from starlette.responses import Response

from ml_connector_dagster.sandbox.freshbooks.access import Call, require
from ml_connector_dagster.sandbox.freshbooks.answers import Refusal, result
from ml_connector_dagster.sandbox.freshbooks.callbacks import EVENTS, Callback
from ml_connector_dagster.sandbox.freshbooks.search import page

_OBJECTS = {
    "bill": "bills",
    "bill_vendor": "bill_vendors",
    "category": "expenses",
    "item": "billable_items",
    "recurring": "invoices",
    "service": "projects",
    "tax": "taxes",
    "time_entry": "time_entries",
}


def callbacks(call: Call) -> Response:
    if call.request.method == "POST":
        return _register(call)
    mine = [one for one in call.cloud.callbacks.registered.values() if one.account_id == call.company.account_id]
    shown, numbers = page(call.request, mine)
    return result({"callbacks": [one.shown() for one in shown], **numbers})


def callback(call: Call) -> Response:
    found = _found(call)
    if call.request.method == "DELETE":
        del call.cloud.callbacks.registered[found.callback_id]
        return result({})
    if call.request.method == "PUT":
        _verify(call, found)
    return result({"callback": found.shown()})


def _register(call: Call) -> Response:
    asked = _asked(call)
    event, uri = str(asked.get("event", "")), str(asked.get("uri", ""))
    if event not in EVENTS:
        raise Refusal(422, 422, "Unrecognized event.", "event", "callback", event)
    if not uri.startswith(("https://", "http://127.0.0.1")):
        raise Refusal(422, 422, "Invalid uri.", "uri", "callback", uri)
    noun = event.partition(".")[0]
    require(call.cloud, call.access, f"user:{_OBJECTS.get(noun, f'{noun}s')}:read")
    return result({"callback": call.cloud.callbacks.register(call.company.account_id, event, uri).shown()})


def _verify(call: Call, found: Callback) -> None:
    asked = _asked(call)
    if asked.get("resend"):
        call.cloud.callbacks.send_verifier(found)
    elif asked.get("verifier") == found.verifier:
        found.verified = True
    else:
        raise Refusal(422, 422, "The verifier does not match.", "verifier", "callback")


def _asked(call: Call) -> dict[str, Any]:
    try:
        asked: dict[str, Any] = msgspec.json.decode(call.body)["callback"]
    except (KeyError, TypeError, msgspec.DecodeError) as wrong:
        raise Refusal(422, 422, "Field required.", "callback", "callback") from wrong
    return asked


def _found(call: Call) -> Callback:
    number = call.request.path_params["record_id"]
    found = call.cloud.callbacks.registered.get(int(number) if number.isdigit() else 0)
    if found is None or found.account_id != call.company.account_id:
        raise Refusal(404, 1012, "Callback not found.", "callbackid", "callback", number)
    return found
