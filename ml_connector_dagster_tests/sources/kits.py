"""What a source's own test folder supplies, so that the conformance suite can put it through its paces.

``ml_connector_dagster_tests/sources/<system>/kit.py`` must hold ``KIT``; it is found by name, as the source itself is.
"""

import importlib
from collections.abc import Mapping, Sequence
from typing import Protocol

import ml_connector_dagster_tests.sources as folder
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.reader import CompanyReader
from ml_connector_dagster_tests.sources.fake_http import FakeHttp


class SourceKit(Protocol):
    """A vendor in a drawer."""

    base_currency: str

    def open(self, records: Mapping[str, Sequence[object]]) -> tuple[CompanyReader, FakeHttp]:
        """Open a company whose vendor holds these records, by entity name; any other entity holds none."""

    def open_refusing(self, refusal: str) -> tuple[CompanyReader, FakeHttp]:
        """Open a company whose vendor refuses everything: forbidden, minute_quota, day_quota, unauthorised, web_page."""

    def records(self, entity: str, period: Period, count: int) -> list[object]:
        """Answer so many vendor records of the entity that stand in the period and post."""

    def unreadable(self, entity: str, period: Period) -> object:
        """Answer one vendor record that must be refused alone."""


def kit_of(system: str) -> SourceKit:
    """Answer the kit of a source.

    Raises:
        ModuleNotFoundError: The source has no kit: it cannot be trusted untested.
    """
    return importlib.import_module(f"{folder.__name__}.{system}.kit").KIT
