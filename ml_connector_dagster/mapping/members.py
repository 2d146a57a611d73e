"""Which member of an Anaplan list a source id becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ml_connector_dagster.mapping.targets import DimensionMapping


class Members:
    """Every dimension of one connection: crosswalks, prefixes, blanks and suspense."""

    @classmethod
    def load(cls, mapping: Mapping[str, DimensionMapping], folder: Path) -> Members:
        """Read the crosswalk files named by ``mapping:``, relative to the folder of defs.yaml.

        Raises:
            SettingWrong: A file is missing or wrong; the message names file and line.
        """
        raise NotImplementedError

    @property
    def digest(self) -> str:
        """SHA-256 over settings and crosswalk contents: an edited mapping makes its periods due."""
        raise NotImplementedError

    def member(self, dimension: str, source_id: str) -> str | None:
        """Answer the member; the blank member for an empty id, the suspense member or None for an unmapped one."""
        raise NotImplementedError

    def members(self, dimension: str, source_ids: Iterable[str]) -> list[str | None]:
        """Answer the member of each id, in order."""
        raise NotImplementedError

    def blank(self, dimension: str) -> str:
        """Answer the member of lines that carry none."""
        raise NotImplementedError

    def suspense(self, dimension: str) -> str | None:
        """Answer the suspense member; None where unmapped ids hold the load."""
        raise NotImplementedError
