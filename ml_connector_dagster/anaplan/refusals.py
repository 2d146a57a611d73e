"""What Anaplan's status codes mean for a load (reference: anaplan.md §3.2, §7.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_connector_dagster.errors import ConnectorError, RequestRejected, SettingWrong, TemporarilyRefused

if TYPE_CHECKING:
    from ml_connector_dagster.transport.client import Answer

_UNAVAILABLE = {
    409: "The Anaplan model is busy with something that excludes this request (409).",
    423: "The Anaplan model is locked by an administrator (423).",
    424: "The Anaplan model is offline for maintenance (424).",
}
_LOCKED_RETRY_SECONDS = 300.0
_BUSY_RETRY_SECONDS = 10.0


def classify(answer: Answer) -> ConnectorError | None:
    """Answer Anaplan's own meaning of a refusal, or None where the status means what it always means."""
    status, where = answer.status, answer.url_shown
    if status in _UNAVAILABLE:
        wait = _BUSY_RETRY_SECONDS if status == 409 else _LOCKED_RETRY_SECONDS
        return TemporarilyRefused(
            _UNAVAILABLE[status],
            "Nothing of this request was done.",
            "The load is tried again by itself; unlock the model if it stays locked.",
            status=status,
            retry_after_seconds=wait,
        )
    if status == 422:
        return SettingWrong(
            f"The Anaplan model is archived (422 to {where}).",
            "Nothing can be read from it or loaded into it.",
            "Unarchive the model, or name another one in the connection's defs.yaml.",
            status=status,
        )
    if status == 404:
        return RequestRejected(
            f"Anaplan answered 404 to {where}.",
            "Either it does not exist, or this login has no access to it: Anaplan answers both alike.",
            "Check the id's upper and lower case, and that the login's model role may see and run it.",
            status=status,
        )
    if status == 425:
        return RequestRejected(
            f"The Anaplan model is in deployed mode and refused {where} (425).",
            "Structural changes are not possible there; data imports are.",
            "Let the model builder make the change in the development model.",
            status=status,
        )
    return None
