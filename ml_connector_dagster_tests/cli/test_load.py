"""``load`` ends with the exit code of what stopped its run, whatever stands between the step and the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ml_connector_dagster.cli.dagster_graphql import DagsterGraphql
from ml_connector_dagster.cli.load import _refuse_unanswered
from ml_connector_dagster.cli.main import main
from ml_connector_dagster.components.failures import failure_of
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import (
    AnswerAwaited,
    ConnectorError,
    CredentialRefused,
    HeldForPerson,
    QuotaExhausted,
    SettingWrong,
)
from ml_connector_dagster.flows.pull import pull
from ml_connector_dagster.sources.budget import Budget
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.locks import LockBusy
from ml_connector_dagster.transport.client import VendorHttp
from ml_connector_dagster.transport.rate_limit import Quota
from ml_connector_dagster_tests.cli.test_flow_commands import OneConnection
from ml_connector_dagster_tests.flows.later_company import answered_later

SENTENCES = ("It was so.", "Nothing was sent.", "Do this.")
BUG = {"__typename": "ExecutionStepFailureEvent", "failureMetadata": None, "error": {"message": "ValueError: bug"}}


class FailingDagster(DagsterGraphql):
    """A webserver whose one run failed with the events it is given, shaped as Dagster's GraphQL answers."""

    def __init__(self, events: list[Mapping[str, Any]]) -> None:
        super().__init__("http://127.0.0.1:1", VendorHttp("dagster"))
        self.events = events

    def launch(self, *_asked: Any, **_more: Any) -> str:
        return "run-1"

    def status(self, _run_id: str) -> str:
        return "FAILURE"

    def _ask(self, _query: str, _variables: Mapping[str, Any], **_how: Any) -> dict[str, Any]:
        return {"logsForRun": {"events": self.events}}


def step_failure(error: ConnectorError) -> dict[str, Any]:
    failure = failure_of(error)
    entries = [{"label": label, "text": str(value.value)} for label, value in failure.metadata.items()]
    return {
        "__typename": "ExecutionStepFailureEvent",
        "failureMetadata": {"description": failure.description, "metadataEntries": entries},
        "error": {"message": "dagster.Failure"},
    }


def load(patch: pytest.MonkeyPatch, *events: Mapping[str, Any], options: Sequence[str] = ()) -> Result:
    @contextmanager
    def webserver(_url: str) -> Iterator[FailingDagster]:
        yield FailingDagster(list(events))

    named = type("Named", (), {"name": "uk"})()
    patch.setattr(Connector, "of_process", lambda: OneConnection(named))
    patch.setattr("ml_connector_dagster.cli.load.dagster_at", webserver)
    return CliRunner().invoke(main, ["load", "uk", "2026-10", *options])


@pytest.mark.parametrize(
    ("kind", "code"),
    [(SettingWrong, 2), (CredentialRefused, 3), (LockBusy, 4), (QuotaExhausted, 5), (HeldForPerson, 8)],
)
def test_one_cause_gives_its_exit_code_and_its_sentences(
    kind: type[ConnectorError], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = load(monkeypatch, step_failure(kind(*SENTENCES)), step_failure(kind(*SENTENCES)))
    assert result.exit_code == code
    assert result.stderr.splitlines() == [
        "Run run-1 of uk_load for 2026-10 ended as failure: It was so. Nothing was sent.",
        "  The period is not in Anaplan as a whole.",
        "  Do this.",
    ]


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([step_failure(QuotaExhausted(*SENTENCES)), step_failure(QuotaExhausted("Other.", "Same.", "That."))], 5),
        ([step_failure(QuotaExhausted(*SENTENCES)), step_failure(HeldForPerson(*SENTENCES))], 6),
        ([step_failure(QuotaExhausted(*SENTENCES)), BUG], 6),
        ([{"__typename": "RunFailureEvent", "message": "killed", "error": None}], 6),
        ([], 6),
    ],
    ids=["one class twice", "two classes", "a bug besides", "no step", "nothing said"],
)
def test_several_causes_give_a_code_of_their_own_only_where_they_agree(
    events: list[Mapping[str, Any]], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = load(monkeypatch, *events)
    assert result.exit_code == code
    assert "Follow what the failed steps say" in result.stderr


def test_what_a_read_costs_is_said_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = Budget("2026-10", 900, Quota(9000, 600), "Zoho Books")
    monkeypatch.setattr("ml_connector_dagster.connections.budget.budget_of_period", lambda _opened, period: budget)
    result = load(monkeypatch, step_failure(QuotaExhausted(*SENTENCES)), options=["--read"])
    assert result.exit_code == 5
    said, why = result.stderr.split("Run run-1 of uk_read")
    assert said.strip() == budget.says
    assert "so it takes 2 days" in said
    assert "It was so." in why


def test_a_period_that_was_only_asked_for_is_not_loaded(sqlite_store: Store, tmp_path: Path) -> None:
    connection, desk = answered_later(sqlite_store, tmp_path)
    _refuse_unanswered(connection, "2026-10")
    with pytest.raises(AnswerAwaited):
        pull(connection, "customers", "2026-10")
    with pytest.raises(AnswerAwaited, match="customers"):
        _refuse_unanswered(connection, "2026-10")
    desk.answer(connection.reader())
    pull(connection, "customers", "2026-10")
    _refuse_unanswered(connection, "2026-10")
