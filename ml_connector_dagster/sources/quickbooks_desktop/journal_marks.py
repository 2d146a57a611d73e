"""The marks that make a journal entry ours and findable again: all follow from its dedupe key, so a lost database changes none.

Two guards stand against posting twice. The ledger itself: every entry carries a reference number and an ExternalGUID of ours.
And QuickBooks' own memory: a write carries a message set id, under which QuickBooks keeps what became of it.
"""

from __future__ import annotations

import hashlib
import json
import uuid

REF_NUMBER_LENGTH = 11
"""QuickBooks' limit for a journal entry's number."""
MESSAGE_SET_LENGTH = 20
"""Well below the 23 that QuickBooks is said to keep."""
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NAMESPACE = uuid.UUID("5f0c3a1e-8d27-4b6a-9e41-c7d2b8a6f013")


def dedupe_key(company_id: str, key: str, chunk: int, purpose: str) -> str:
    """Answer what makes an operation the same one: company, journal, which of its entries, and what is done to it."""
    return hashlib.sha256(json.dumps([company_id, key, chunk, purpose]).encode()).hexdigest()


def operation_id(dedupe: str) -> str:
    """Answer the operation's id, which is its requestID: part of the frozen bytes, so it must follow from the key too."""
    return f"je-{dedupe[:40]}"


def ref_number(dedupe: str) -> str:
    """Answer the number that the entry bears in the books: P and ten letters that people do not confuse."""
    return f"P{_lettered(f'number {dedupe}', REF_NUMBER_LENGTH - 1)}"


def is_ref_number(text: str) -> bool:
    """Whether a number has the form of ours."""
    return len(text) == REF_NUMBER_LENGTH and text[0] == "P" and set(text[1:]) <= set(_LETTERS)


def external_guid(dedupe: str) -> str:
    """Answer the ExternalGUID, with braces, as qbXML wants it."""
    return f"{{{uuid.uuid5(_NAMESPACE, dedupe)}}}"


def message_set_id(dedupe: str, attempt: int) -> str:
    """Answer the id under which QuickBooks remembers a write.

    Args:
        dedupe: The operation's dedupe key.
        attempt: Moves only after QuickBooks said that nothing was saved: under the old id it would repeat that answer.
    """
    return f"M{_lettered(f'message set {attempt} {dedupe}', MESSAGE_SET_LENGTH - 1)}"


def _lettered(text: str, length: int) -> str:
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "big")
    return "".join(_LETTERS[(number >> 5 * place) & 31] for place in range(length))
