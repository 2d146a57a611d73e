"""The rows Anaplan refused, as its failure dump lists them (reference: anaplan.md §6.6).

The dump is overwritten by the login's next run of the import: it is fetched before the lease is given back.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml_connector_dagster.errors import RequestRejected

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.actions import Route
    from ml_connector_dagster.anaplan.client import AnaplanModel
    from ml_connector_dagster.anaplan.verdict import ActionResult

_STATUS, _LINE, _ERROR = "_Status_", "_Line_", "_Error_"


@dataclass(frozen=True, slots=True)
class DumpRow:
    """One refused row."""

    line: int
    """Line of the file sent, header = 1; 0 where the dump does not say."""
    status: str
    """E error, W warning."""
    reason: str
    row: dict[str, str]
    """The row as Anaplan read it, by column name."""


def fetch_dump(model: AnaplanModel, route: Route, task_id: str, action: ActionResult) -> bytes | None:
    """Answer the dump of one import, or None where Anaplan no longer has it (404) or never had it (204)."""
    url = _address(model, route, task_id, action)
    try:
        chunks = model.collect(url, "chunks")
        parts = [model.bytes_of(f"{url}/{one['id']}", "application/octet-stream").content for one in chunks]
    except RequestRejected as refused:
        if refused.status == 404:
            return None
        raise
    return b"".join(parts) or None


def read_dump(content: bytes, route: Route) -> Iterator[DumpRow]:
    """Yield the refused rows; columns are found by name, never by position."""
    text = _text(content, route.layout.encoding)
    for row in csv.DictReader(io.StringIO(text, newline="")):
        values = {name: value or "" for name, value in row.items() if name is not None}
        reasons = [value for name, value in values.items() if name.startswith(_ERROR) and value]
        line = values.get(_LINE, "").strip()
        yield DumpRow(
            line=int(line) if line.isdigit() else 0,
            status=values.get(_STATUS) or "E",
            reason="; ".join(reasons) or "no reason given",
            row={name: value for name, value in values.items() if not _is_ours(name)},
        )


def _is_ours(name: str) -> bool:
    return name in (_STATUS, _LINE) or name.startswith(_ERROR)


def _address(model: AnaplanModel, route: Route, task_id: str, action: ActionResult) -> str:
    if route.kind == "imports":
        return route.address(model, f"/{task_id}/dump/chunks")
    return route.address(model, f"/{task_id}/dumps/{action.object_id}/chunks")


def _text(content: bytes, encoding: str) -> str:
    for candidate in ("utf-8-sig", encoding):
        try:
            return content.decode(candidate)
        except UnicodeDecodeError:
            continue
    return content.decode("utf-8", errors="replace")
