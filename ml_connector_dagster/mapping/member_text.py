"""What Anaplan takes as the code and the name of a list member (anaplan.md §8.4, §8.6)."""

from __future__ import annotations

import re

LONGEST_CODE = 60
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def clean(text: str) -> str:
    """Answer the text on one line: control characters become one space, outer space goes."""
    return _CONTROL.sub(" ", text).strip()


def why_no_code(code: str) -> str:
    """Say in words why the text cannot be a member's code; empty where it can.

    A leading ``#`` clashes with the ids of numbered lists; Anaplan cuts nothing, it rejects the row.
    """
    if not code:
        return "it is empty"
    if len(code) > LONGEST_CODE:
        return f"it has {len(code)} characters, Anaplan takes {LONGEST_CODE}"
    if code.startswith("#"):
        return "it begins with #, as the ids of numbered lists do"
    return "it holds control characters or outer space" if clean(code) != code else ""


def member_name(code: str, name: str) -> str:
    """Answer ``<code> <name>``: names must be unique within a list, two customers may be called the same, codes never are."""
    return clean(f"{code} {name}")
