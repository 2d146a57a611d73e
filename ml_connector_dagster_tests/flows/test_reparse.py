"""What a re-translation refuses, and what it leaves for the next read; that it is right is shown over the sandbox's Xero."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from ml_connector_dagster.cli.main import main
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.flows.reparse import reparse
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Page
from ml_connector_dagster.sources.contract.entity import Entity
from ml_connector_dagster.staging.snapshots import Staging
from ml_connector_dagster.store.tables.staging import snapshot
from ml_connector_dagster_tests.cli.test_flow_commands import OneConnection
from ml_connector_dagster_tests.flows.little_company import LITTLE, LittleConnection, LittleReader

OCT = "2026-10"


class LittleKept:
    """Answers what the books hold now, as a better parser would; what is derived needs a call."""

    def __init__(self, connection: LittleConnection) -> None:
        self._connection = connection

    def read(self, entity: Entity, period: Period, answers: Iterable[bytes]) -> Iterator[Page]:
        assert list(answers) == [b"{}"]
        calls = self._connection.books.calls
        yield from LittleReader(self._connection.books).read(entity, period)
        self._connection.books.calls = calls

    def derive(self, *asked: Any) -> Iterator[Page]:
        raise SettingWrong("An invoice was not kept.", "", "")


@pytest.fixture
def kept(october: LittleConnection) -> LittleConnection:
    october.source = replace(LITTLE, parser_version="2", open_kept=lambda company: LittleKept(october))
    return october


def test_what_changed_is_published_and_what_needs_a_call_waits_for_the_next_read(
    kept: LittleConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = kept.books.calls
    kept.books.edit("inv-2", number="INV-2")
    monkeypatch.setattr(Connector, "of_process", lambda: OneConnection(kept))
    ran = CliRunner().invoke(main, ["reparse", "uk", OCT, "--entity", "invoices", "--entity", "ledger_lines"])
    assert "1 of 2 changed" in ran.stderr
    assert "An invoice was not kept." in ran.stdout
    staging = Staging(kept.store, kept.blobs)
    row = staging.current("uk", "invoices", Period.parse(OCT))
    assert row is not None
    assert (row.parser_version, list(staging.raw_pages(row))) == ("2", [b"{}"])
    assert staging.dirty("uk") == {"ledger_lines": {Period.parse(OCT)}}
    assert kept.books.calls == calls


def test_a_later_read_wins_over_a_re_translation(kept: LittleConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    staging, period = Staging(kept.store, kept.blobs), Period.parse(OCT)
    earlier = staging.current("uk", "bills", period)
    kept.pull(OCT, "bills")
    later = staging.current("uk", "bills", period)
    with monkeypatch.context() as slow:
        slow.setattr(Staging, "current", lambda *_: earlier)
        reparse(kept, OCT, ("bills",))
    assert staging.current("uk", "bills", period) == later != earlier


@pytest.mark.parametrize(
    ("prepare", "entities", "says"),
    [
        (lambda one: setattr(one, "source", LITTLE), (), "cannot read kept answers"),
        (lambda one: _spoil(one, "company", current=False), (), "has kept no company record"),
        (lambda one: None, ("journals",), "has no entity"),
        (lambda one: _spoil(one, "bills", raw_blob=None), ("bills",), "No answers of bills"),
        (lambda one: _spoil(one, "bills", current=False), ("bills",), "was never read"),
    ],
)
def test_what_was_not_kept_is_refused_with_what_to_do(
    kept: LittleConnection, prepare: Any, entities: tuple[str, ...], says: str
) -> None:
    prepare(kept)
    with pytest.raises(SettingWrong, match=says):
        reparse(kept, OCT, entities)


def _spoil(connection: LittleConnection, entity: str, **values: Any) -> None:
    with connection.store.begin() as database:
        database.execute(sa.update(snapshot).where(snapshot.c.entity == entity).values(**values))
