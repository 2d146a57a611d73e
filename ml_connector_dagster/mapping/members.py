"""Which member of an Anaplan list a source id becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.mapping.crosswalk import CrosswalkRow, read_crosswalk
from ml_connector_dagster.mapping.member_text import clean, why_no_code
from ml_connector_dagster.mapping.targets import DimensionMapping


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension of a connection: what ``mapping:`` says of it, and its crosswalk where it has one."""

    name: str
    """ledger_account, customer, vendor, tracking.<Category>, currency."""
    mapping: DimensionMapping = field(default_factory=DimensionMapping)
    crosswalk: tuple[CrosswalkRow, ...] | None = None

    def by_id(self) -> dict[str, str]:
        """Answer id to member of the crosswalk; rows whose member is not chosen yet are absent."""
        return {row.source_id: row.member for row in self.crosswalk or () if row.member}


class Members:
    """Every dimension of one connection: crosswalks, prefixes, blanks and suspense."""

    def __init__(self, dimensions: Iterable[Dimension]) -> None:
        """Take the dimensions that ``mapping:`` names; any other one is mapped by its id alone."""
        self._dimensions = {dimension.name: dimension for dimension in dimensions}
        self._by_id = {name: dimension.by_id() for name, dimension in self._dimensions.items()}

    @classmethod
    def load(cls, mapping: Mapping[str, DimensionMapping], folder: Path) -> Members:
        """Read the crosswalk files named by ``mapping:``, relative to the folder of defs.yaml.

        Raises:
            SettingWrong: A file is missing or wrong; the message names file and line.
        """
        return cls(
            Dimension(name, chosen, read_crosswalk(folder / chosen.file) if chosen.file else None)
            for name, chosen in mapping.items()
        )

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """Every dimension that ``mapping:`` names."""
        return tuple(self._dimensions.values())

    def dimension(self, name: str) -> Dimension:
        """Answer the dimension; one that ``mapping:`` does not name has no prefix and no crosswalk."""
        return self._dimensions.get(name) or Dimension(name)

    def member(self, dimension: str, source_id: str) -> str | None:
        """Answer the member; the blank member for an empty id, the suspense member or None for an unmapped one.

        Raises:
            SettingWrong: Prefix and id make a code that Anaplan would reject.
        """
        chosen = self.dimension(dimension)
        if not source_id:
            return chosen.mapping.blank
        if chosen.crosswalk is not None:
            return self._by_id[dimension].get(source_id, chosen.mapping.suspense)
        return _code_of(dimension, clean(f"{chosen.mapping.prefix}{source_id}"))

    def members(self, dimension: str, source_ids: Iterable[str]) -> list[str | None]:
        """Answer the member of each id, in order."""
        return [self.member(dimension, source_id) for source_id in source_ids]

    def blank(self, dimension: str) -> str:
        """Answer the member of lines that carry none."""
        return self.dimension(dimension).mapping.blank

    def suspense(self, dimension: str) -> str | None:
        """Answer the suspense member; None where unmapped ids hold the load."""
        return self.dimension(dimension).mapping.suspense


def _code_of(dimension: str, code: str) -> str:
    why = why_no_code(code)
    if why:
        raise SettingWrong(
            f"{code!r} cannot be a member's code: {why}.",
            f"Lines with this {dimension} cannot be loaded.",
            f"Give `mapping: {dimension}:` a crosswalk file, or another prefix.",
            dimension=dimension,
        )
    return code
