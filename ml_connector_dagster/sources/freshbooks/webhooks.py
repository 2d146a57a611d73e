"""FreshBooks' webhooks as pure functions: is it from FreshBooks, and what does it say. Nothing here listens.

A delivery names ids alone, may come twice or late, and carries neither time nor number: it is a hint to look, never a fact.
The signature covers the form's fields as Python would write them as JSON, not the body's bytes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from ml_connector_dagster.errors import RequestRejected

HEADER = "X-FreshBooks-Hmac-SHA256"
VERIFY = "callback.verify"


@dataclass(frozen=True, slots=True)
class Notice:
    """What a delivery says."""

    name: str
    """invoice.create, bill.update …; ``callback.verify`` for the handshake."""
    object_id: str
    account_id: str
    verifier: str = field(default="", repr=False)
    """Of the handshake alone: a secret, the key of every later signature of this callback."""

    @property
    def is_handshake(self) -> bool:
        """True for the POST that asks to confirm the callback."""
        return self.name == VERIFY


def signed_text(body: bytes) -> str:
    """Answer what is signed: the form's fields in the order received, as JSON with non-ASCII escaped."""
    return json.dumps(dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True)))


def signature(body: bytes, verifier: str) -> str:
    """Answer the signature that FreshBooks puts on a body."""
    digest = hmac.new(verifier.encode(), signed_text(body).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def is_from_freshbooks(body: bytes, verifier: str, shown: str) -> bool:
    """Answer whether the signature shown is this body's; compared in constant time."""
    try:
        return hmac.compare_digest(signature(body, verifier).encode(), shown.encode())
    except UnicodeDecodeError:
        return False


def parse_notice(body: bytes, account_id: str) -> Notice:
    """Read a delivery whose signature holds.

    Raises:
        RequestRejected: It is no delivery, or one for another company.
    """
    try:
        fields = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True))
    except UnicodeDecodeError:
        fields = {}
    notice = Notice(
        fields.get("name", ""), fields.get("object_id", ""), fields.get("account_id", ""), fields.get("verifier", "")
    )
    if not notice.name or not notice.object_id or notice.account_id != account_id:
        raise RequestRejected(
            "A webhook came that is no delivery for this company.",
            "It was not used; what changed is found by the schedule anyway.",
            "Nothing, unless it repeats: then look who calls the address.",
            status=400,
        )
    return notice
