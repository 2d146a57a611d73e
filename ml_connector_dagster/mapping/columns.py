"""What a file column may carry, and what the chosen columns mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Field:
    """One name that ``columns:`` may use; what ``ml-connector fields`` prints."""

    name: str
    grain: str
    """cell, document, line, list."""
    says: str


def available_fields(tracking: pa.Table | None) -> tuple[Field, ...]:
    """Answer every field, tracking categories of the company included (``tracking.Region``)."""
    raise NotImplementedError


def check_columns(target: ModuleTarget | ListTarget, categories: Iterable[str]) -> None:
    """Refuse unknown fields, a missing amount, and a file narrower than ``clear`` declares.

    Raises:
        SettingWrong: With target, column and what to do.
    """
    raise NotImplementedError
