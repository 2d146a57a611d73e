"""Anaplan's identifiers as small types that reject the wrong hex case (reference: path parameters are case sensitive)."""

from __future__ import annotations

import re
from typing import Self

from ml_connector_dagster.errors import SettingWrong

_HEX = re.compile(r"[0-9a-fA-F]{32}")
_OBJECT = re.compile(r"\d{12}")


class WorkspaceId(str):
    """32 hex digits in lower case."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check the text; nothing is repaired, since a wrong case usually means two ids were swapped."""
        return super().__new__(cls, _checked(text, "workspace id", "lower", text.lower()))


class ModelId(str):
    """32 hex digits in upper case."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check the text; nothing is repaired, since a wrong case usually means two ids were swapped."""
        return super().__new__(cls, _checked(text, "model id", "upper", text.upper()))


def lease_name(model_id: str) -> str:
    """Name a model's lease, and the pool in Dagster that queues for it."""
    return f"anaplan_model_{model_id}"


def object_kind(object_id: str) -> str:
    """Answer what a 12-digit id names by its prefix: list, module, import_action, anaplan_file, export_action, process.

    Raises:
        SettingWrong: The text is no 12-digit id, or its prefix is none of those.
    """
    kinds = {"101": "list", "102": "module", "112": "import_action", "113": "anaplan_file", "116": "export_action"}
    kinds |= {"117": "other_action", "118": "process", "206": "line_item"}
    if _OBJECT.fullmatch(object_id) and object_id[:3] in kinds:
        return kinds[object_id[:3]]
    raise SettingWrong(
        f"{object_id!r} is not an Anaplan object id.",
        "Nothing can be found by it.",
        "Use the exact name, or the 12-digit id that Anaplan shows (112… import, 118… process).",
    )


def _checked(text: str, what: str, case: str, wanted: str) -> str:
    if not _HEX.fullmatch(text):
        raise SettingWrong(
            f"{text!r} is not an Anaplan {what}.",
            "It must be 32 hex digits; nothing was asked.",
            "Copy it from the model's address in Anaplan.",
        )
    if text != wanted:
        raise SettingWrong(
            f"The {what} {text!r} is not in {case} case.",
            "Anaplan answers 404 to an id in the wrong case, so nothing was asked.",
            f"Write {wanted!r}, and check that workspace (lower case) and model (upper case) are not swapped.",
        )
    return text
