"""The crosswalk file: source id to member, kept by people, checked with line numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

COLUMNS = ("source_id", "source_code", "source_name", "member")


@dataclass(frozen=True, slots=True)
class CrosswalkRow:
    """One line of the file; an empty member is a choice not yet made."""

    source_id: str
    source_code: str
    source_name: str
    member: str


@dataclass(frozen=True, slots=True)
class MovedCode:
    """An account whose code is another than when a person mapped it: held, since the member may be wrong now."""

    source_id: str
    code_in_file: str
    code_now: str
    member: str


def read_crosswalk(path: Path) -> tuple[CrosswalkRow, ...]:
    """Read and check the file; raises SettingWrong with line numbers."""
    raise NotImplementedError


def write_crosswalk(path: Path, rows: Iterable[CrosswalkRow]) -> None:
    """Write the file, sorted by code and id, beside and renamed."""
    raise NotImplementedError


def export_crosswalk(reference: pa.Table, rows: Iterable[CrosswalkRow]) -> tuple[CrosswalkRow, ...]:
    """Answer every record of the reference entity with the member it has, or none: what `mapping export` writes."""
    raise NotImplementedError


def suggest_members(
    rows: Iterable[CrosswalkRow], members: Mapping[str, str]
) -> tuple[tuple[CrosswalkRow, ...], pd.DataFrame]:
    """Fill empty members from {member code: member name}, by code then by name; answers rows and a table of the reasons."""
    raise NotImplementedError


def moved_codes(reference: pa.Table, rows: Iterable[CrosswalkRow]) -> tuple[MovedCode, ...]:
    """Answer mapped records whose code moved since; a load is held for them."""
    raise NotImplementedError
