"""One Anaplan model over HTTP: addresses, envelopes, paging. Everything else of this folder is built on it.

Trap: Anaplan's ``meta.paging.next`` names rows that came already whenever no limit was given; it is never followed
(reference: anaplan.md §3.3). Trap: an empty collection omits its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.anaplan.identifiers import ModelId, WorkspaceId
from ml_connector_dagster.anaplan.patience import Patience
from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.transport.pagination import offset_pages

if TYPE_CHECKING:
    from ml_connector_dagster.store.locks import Locks
    from ml_connector_dagster.transport.answer import Answer
    from ml_connector_dagster.transport.client import VendorHttp

PAGE = 5000
"""Anaplan's own cap; a larger limit is truncated in silence."""
BUSY_READ_SECONDS = 600.0
"""A call to a busy or sleeping model hangs until it is free; a client's time-out there is no evidence of failure."""


class AnaplanModel:
    """One model of one workspace, with the login's client; facts that do not change in a run are asked for once."""

    def __init__(
        self,
        http: VendorHttp,
        *,
        api_url: str,
        workspace_id: str,
        model_id: str,
        locks: Locks,
        patience: Patience | None = None,
        chunk_bytes: int = 10_000_000,
    ) -> None:
        """Open nothing yet.

        Args:
            http: Client whose authorizer is ``anaplan.auth.AnaplanTokens`` (or ``AnaplanOAuth``), whose gate is the
                tenant's limit, and whose ``classify`` is ``anaplan.refusals.classify``.
            api_url: Base of the Integration API, no trailing slash.
            workspace_id: 32 hex digits, lower case.
            model_id: 32 hex digits, upper case.
            locks: Where the model's lease is taken.
            patience: Waits and deadlines.
            chunk_bytes: Uncompressed size of an upload's chunk; Anaplan takes 1 to 50 MB.
        """
        self.http = http
        self.api_url = api_url
        self.workspace_id = WorkspaceId(workspace_id)
        self.model_id = ModelId(model_id)
        self.locks = locks
        self.patience = patience or Patience()
        self.chunk_bytes = chunk_bytes
        self._facts: dict[tuple[str, ...], Any] = {}

    def address(self, path: str) -> str:
        """Answer the documented, workspace-prefixed address of something in this model."""
        return f"{self.api_url}/workspaces/{self.workspace_id}/models/{self.model_id}/{path}"

    def short_address(self, path: str) -> str:
        """Answer the form without workspace, which a few reads are documented with."""
        return f"{self.api_url}/models/{self.model_id}{'/' if path else ''}{path}"

    def get(self, url: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Read one JSON object; numbers arrive as Decimal."""
        answer = self.http.get(url, params=params, read_timeout_seconds=BUSY_READ_SECONDS)
        return _object(answer)

    def post(self, url: str, body: Any, *, repeatable: bool) -> dict[str, Any]:
        """Send one JSON body; ``repeatable`` False is never sent twice, and a lost answer is OutcomeUnknown."""
        return _object(self.http.send("POST", url, json=body, repeatable=repeatable))

    def bytes_of(self, url: str, accept: str) -> Answer:
        """Read raw bytes: chunks, dumps, CSV views."""
        return self.http.get(url, headers={"Accept": accept}, read_timeout_seconds=BUSY_READ_SECONDS)

    def collect(self, url: str, key: str, params: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """Read every row of a collection, page by page with an explicit limit."""
        pages = offset_pages(
            lambda offset, limit: self.get(url, {**(params or {}), "limit": str(limit), "offset": str(offset)}),
            rows=lambda body: len(body.get(key) or ()),
            total=total_rows,
            limit=PAGE,
        )
        return [row for body in pages for row in body.get(key) or ()]

    def fact(self, *name: str) -> list[dict[str, Any]] | None:
        """Answer what was asked before in this run under that name."""
        return self._facts.get(name)

    def remember(self, rows: list[dict[str, Any]], *name: str) -> list[dict[str, Any]]:
        """Keep rows for this run and answer them."""
        self._facts[name] = rows
        return rows

    def forget(self, kind: str) -> None:
        """Ask again for facts of this kind: an import of ours may have made members since."""
        self._facts = {name: rows for name, rows in self._facts.items() if name[0] != kind}

    def listed(self, path: str, key: str) -> list[dict[str, Any]]:
        """Answer a whole collection of the model, asked once a run."""
        known = self.fact(path)
        return known if known is not None else self.remember(self.collect(self.address(path), key), path)

    def activity(self) -> str:
        """Answer what the model does now, in its own words; empty where it is idle or would not say."""
        answer = self.http.get(self.short_address("status"), expected=(400, 403, 404, 405))
        if answer.status >= 400:
            return ""
        status = _object(answer).get("requestStatus") or {}
        step = str(status.get("currentStep") or "")
        return step if step.startswith(("Processing", "Updating")) else ""

    def state(self) -> str:
        """Answer the model's own word for its state: UNLOCKED, PRODUCTION, LOCKED, MAINTENANCE, ARCHIVED …, or unknown."""
        model = self.get(self.short_address(""), {"modelDetails": "true"}).get("model") or {}
        return str(model.get("activeState") or "unknown")


def total_rows(body: Mapping[str, Any]) -> int | None:
    """Answer how many rows a collection has in all its pages; None where the answer does not say."""
    paging = (body.get("meta") or {}).get("paging") or {}
    total = paging.get("totalSize")
    return int(total) if isinstance(total, int | Decimal) else None


def _object(answer: Answer) -> dict[str, Any]:
    if not answer.content:
        return {}
    body = answer.json()
    if isinstance(body, dict):
        return body
    raise RequestRejected(
        f"Anaplan answered {answer.url_shown} with JSON that is no object.",
        "The answer cannot be read.",
        "Try again; if it stays so, the API has changed and the connector needs an update.",
        status=answer.status,
    )
