"""Keeps secrets out of messages, logs and pages: a type that shows nothing, and a filter for text of others."""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import Any, cast
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import structlog

MASK = "***"
TELLTALE = (
    "access_?token|refresh_?token|id_?token|token_?value|token|client_?secret|secret|password|passwd|passphrase|"
    "assertion|authorization|api_?key|private_?key|code_?verifier|device_?code|signature|encoded_?signed_?data|signed_?data"
)
_NAME = re.compile(rf"(?:{TELLTALE}|code|state|key|sig)", re.IGNORECASE)
_FIELD = re.compile(
    rf"""(["']?\b(?:\w+[_-])?(?:{TELLTALE})["']?\s*[:=]\s*)("[^"]*"?|'[^']*'?|[^\s"',;&}}\]]+)""", re.IGNORECASE
)
_SCHEME = re.compile(r"\b(Bearer|Basic|AnaplanAuthToken|CACertificate|Zoho-oauthtoken)\s+[^\s\"',;]+", re.IGNORECASE)
_WEB_TOKEN = re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}")
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL)
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>]+", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def redact(text: str) -> str:
    """Answer the text with credentials masked: authorization schemes, token and password fields, web tokens, keys, addresses.

    A filter for what others wrote (a vendor's error body). It knows shapes, not values: never rely on it for text that
    is known to hold a secret.
    """
    text = _PEM.sub(MASK, text)
    text = _ADDRESS.sub(lambda found: redact_url(found.group()), text)
    text = _SCHEME.sub(lambda found: f"{found.group(1)} {MASK}", text)
    text = _WEB_TOKEN.sub(MASK, text)
    return _FIELD.sub(lambda found: found.group(1) + _masked(found.group(2)), text)


def redact_url(url: str) -> str:
    """Answer the address without user, password and the values of query fields that name a secret."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    host = f"{MASK}@{host}" if at and user else host
    fields = [
        (name, MASK if _NAME.search(name) else value) for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    query = urlencode(fields, safe="*,:/", quote_via=quote)
    return urlunsplit((parts.scheme, host, parts.path, query, MASK if parts.fragment else ""))


def shown(content: bytes, length: int = 200) -> str:
    """Answer the beginning of a vendor's answer for a message: one line, no control characters, secrets masked."""
    text = redact(content[: length * 20].decode("utf-8", "replace"))
    text = " ".join(_UNPRINTABLE.sub(" ", text).split())
    return text if len(text) <= length else f"{text[:length]}…"


def redact_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask the values of a log event; a structlog processor, to stand right before the renderer."""
    for name, value in event.items():
        if re.fullmatch(TELLTALE, name, re.IGNORECASE) and value:
            event[name] = MASK
        elif isinstance(value, str):
            event[name] = redact(value)
    return event


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """Answer a logger that masks secrets whatever the program configures, and is silent below the configured level."""
    wrapped = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[
            structlog.stdlib.filter_by_level,
            redact_event,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return cast("structlog.stdlib.BoundLogger", wrapped)


def _masked(value: str) -> str:
    quoting = value[0] if value[:1] in {'"', "'"} else ""
    return f"{quoting}{MASK}{quoting}"
