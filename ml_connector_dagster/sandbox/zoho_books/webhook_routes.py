"""/settings/webhooks and /settings/workflows: set up, look up, take down, and send again."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec
from starlette.responses import Response

from ml_connector_dagster.sandbox.zoho_books.access import Call, Handler
from ml_connector_dagster.sandbox.zoho_books.answers import Json, invalid, missing, success
from ml_connector_dagster.sandbox.zoho_books.webhooks import ENTITIES, RULES


def handlers() -> list[tuple[str, str, Handler]]:
    """Method, path below /books/v3, and handler; longer paths first where one could be taken for an id."""
    return [
        ("GET", "/settings/webhooks/editpage", _editpage),
        ("GET", "/settings/webhooks/histories", _histories),
        ("POST", "/settings/webhooks/histories/bulkresend", _bulk_resend),
        ("POST", "/settings/webhooks/histories/{record_id}/resend", _resend),
        ("GET", "/settings/webhooks/histories/{record_id}", _history),
        ("GET", "/settings/webhooks", _list_webhooks),
        ("POST", "/settings/webhooks", _create),
        ("GET", "/settings/webhooks/{record_id}", _webhook),
        ("PUT", "/settings/webhooks/{record_id}", _change),
        ("DELETE", "/settings/webhooks/{record_id}", _remove),
        ("GET", "/settings/workflows", _list_workflows),
        ("POST", "/settings/workflows", _bind),
        ("DELETE", "/settings/workflows/{record_id}", _unbind),
    ]


def _editpage(_call: Call) -> Response:
    entities = [{"entity": name, "entity_formatted": name.title()} for name in ENTITIES.values()]
    return success({"entities": entities, "rule_types": sorted(RULES)})


def _list_webhooks(call: Call) -> Response:
    return success({"webhooks": [_shown(one) for one in call.cloud.webhooks.webhooks.values()]})


def _create(call: Call) -> Response:
    made = call.cloud.webhooks.save(decoded(call))
    return success({"webhook": _shown(made)}, message="The webhook has been created.", status=201)


def _webhook(call: Call) -> Response:
    return success({"webhook": _shown(_held(call))})


def _change(call: Call) -> Response:
    held = _held(call)
    return success({"webhook": _shown(call.cloud.webhooks.save(decoded(call), held["webhook_id"]))})


def _remove(call: Call) -> Response:
    webhooks = call.cloud.webhooks
    webhooks.remove(webhooks.webhooks, call.request.path_params["record_id"], "Webhook")
    return success({}, message="The webhook has been deleted.")


def _list_workflows(call: Call) -> Response:
    return success({"workflows": list(call.cloud.webhooks.workflows.values())})


def _bind(call: Call) -> Response:
    return success({"workflow": call.cloud.webhooks.bind(decoded(call))}, status=201)


def _unbind(call: Call) -> Response:
    webhooks = call.cloud.webhooks
    webhooks.remove(webhooks.workflows, call.request.path_params["record_id"], "Workflow")
    return success({}, message="The workflow rule has been deleted.")


def _histories(call: Call) -> Response:
    return success({"histories": call.cloud.webhooks.shown_histories()})


def _history(call: Call) -> Response:
    wanted = call.request.path_params["record_id"]
    found = next((one for one in call.cloud.webhooks.shown_histories() if one["history_id"] == wanted), None)
    if found is None:
        raise missing("History")
    return success({"history": found})


def _resend(call: Call) -> Response:
    return success({"response_code": call.cloud.webhooks.resend(call.request.path_params["record_id"])})


def _bulk_resend(call: Call) -> Response:
    wanted = decoded(call).get("history_ids", [])
    if len(wanted) > 10:
        raise invalid("history_ids")
    return success({"response_codes": [call.cloud.webhooks.resend(str(one)) for one in wanted]})


def _held(call: Call) -> Json:
    found = call.cloud.webhooks.webhooks.get(call.request.path_params["record_id"])
    if found is None:
        raise missing("Webhook")
    return found


def _shown(webhook: Mapping[str, Any]) -> Json:
    """A webhook without its secret."""
    return {key: value for key, value in webhook.items() if key != "secret"}


def decoded(call: Call) -> Json:
    """The body of a write: JSON, or the classic form field JSONString."""
    text = call.body.decode()
    if not text.lstrip().startswith("{"):
        text = parse_qs(text).get("JSONString", ["{}"])[0]
    try:
        return dict(msgspec.json.decode(text))
    except (msgspec.DecodeError, TypeError, ValueError):
        raise invalid("JSONString") from None
