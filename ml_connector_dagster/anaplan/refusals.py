"""What Anaplan's status codes mean for a load (reference: anaplan.md §3.2, §7.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_connector_dagster.errors import ConnectorError, RequestRejected, SettingWrong, TemporarilyRefused

if TYPE_CHECKING:
    from ml_connector_dagster.transport.answer import Answer

_UNAVAILABLE = {
    409: "busy with something that excludes this request",
    423: "locked by an administrator",
    424: "offline for maintenance",
}
_WAIT = {
    409: "It is tried again by itself; if it stays, see in Anaplan who is at work in the model.",
    423: "It is tried again by itself; let the workspace administrator unlock the model if it stays locked.",
    424: "It is tried again by itself; ask Anaplan's support if the maintenance does not end.",
}
_LOCKED_RETRY_SECONDS = 300.0
_BUSY_RETRY_SECONDS = 10.0


def classify(answer: Answer) -> ConnectorError | None:
    """Answer Anaplan's own meaning of a refusal, or None where the status means what it always means."""
    status, where = answer.status, answer.url_shown
    if status in _UNAVAILABLE:
        wait = _BUSY_RETRY_SECONDS if status == 409 else _LOCKED_RETRY_SECONDS
        return TemporarilyRefused(
            f"The Anaplan model is {_UNAVAILABLE[status]} ({status} to {where}).",
            "Nothing of this request was done; the model keeps its figures.",
            _WAIT[status],
            status=status,
            retry_after_seconds=wait,
        )
    if status == 422:
        return SettingWrong(
            f"The Anaplan model is archived (422 to {where}).",
            "Nothing can be read from it or loaded into it.",
            "Let the workspace administrator unarchive the model, or name another one in the connection's defs.yaml.",
            status=status,
        )
    if status == 404:
        return RequestRejected(
            f"Anaplan answered 404 to {where}.",
            "Either it does not exist, or this login has no access to it: Anaplan answers both alike.",
            "Check workspace and model in defs.yaml, and let the model builder give the login's role access to it.",
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
