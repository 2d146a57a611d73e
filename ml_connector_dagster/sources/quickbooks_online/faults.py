"""QuickBooks' faults, read from any of their four shapes: JSON ``Fault``, JSON ``fault``, XML, and the OAuth form.

A gateway answers XML although JSON was asked for, and a fault may come with HTTP 200: every body is looked into.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import unescape

_CODE = re.compile(r"<Error\b[^>]*\bcode=[\"']([^\"']*)[\"']")
_TYPE = re.compile(r"<Fault\b[^>]*\btype=[\"']([^\"']*)[\"']")
_MESSAGE = re.compile(r"<Message>(.*?)</Message>", re.DOTALL)
_DETAIL = re.compile(r"<Detail>(.*?)</Detail>", re.DOTALL)
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, in QuickBooks' words."""

    code: str
    """Without leading zeroes: ``003001`` is 3001."""
    says: str
    kind: str = ""
    """ValidationFault, SystemFault, AUTHENTICATION …; empty where none is said."""


def fault_in(content: bytes) -> Fault | None:
    """Answer the first fault of an answer; None where it holds none."""
    text = content.decode("utf-8", "replace").strip()
    if text.startswith("<"):
        return _of_xml(text)
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return _of_json(body) if isinstance(body, dict) else None


def fault_of(body: dict[str, Any]) -> Fault | None:
    """Answer the first fault of a decoded body, of the envelope or of the query answer inside; None where there is none."""
    return _of_json(body)


def _of_xml(text: str) -> Fault | None:
    code = _CODE.search(text)
    if code is None:
        return None
    found = [match.group(1) for match in (_MESSAGE.search(text), _DETAIL.search(text)) if match]
    kind = _TYPE.search(text)
    return Fault(_plain(code.group(1)), _joined(*(unescape(one) for one in found)), kind.group(1) if kind else "")


def _of_json(body: dict[str, Any]) -> Fault | None:
    for holder in (body, body.get("QueryResponse"), *_cdc_answers(body)):
        fault = (holder.get("Fault") or holder.get("fault")) if isinstance(holder, dict) else None
        if isinstance(fault, dict):
            return _of_fault(fault)
    if isinstance(body.get("error"), str):
        return Fault(body["error"], str(body.get("error_description") or body["error"])[:_SHOWN])
    return None


def _of_fault(fault: dict[str, Any]) -> Fault:
    errors = fault.get("Error") or fault.get("error") or [{}]
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    lowered = {str(name).lower(): value for name, value in first.items()}
    says = _joined(str(lowered.get("message") or ""), str(lowered.get("detail") or ""))
    return Fault(_plain(str(lowered.get("code") or "")), says, str(fault.get("type") or ""))


def _cdc_answers(body: dict[str, Any]) -> list[Any]:
    found = []
    for one in body.get("CDCResponse") or []:
        if isinstance(one, dict):
            found += [one, *(one.get("QueryResponse") or [])]
    return found


def _plain(code: str) -> str:
    return code.lstrip("0") or code


def _joined(*parts: str) -> str:
    said = dict.fromkeys(" ".join(part.split()) for part in parts if part.strip())
    return ": ".join(said)[:_SHOWN] or "no reason given"
