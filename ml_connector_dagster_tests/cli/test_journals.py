"""``ml-connector journals``: a CSV file is posted once, said so the second time, and every outcome is an audit event."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert

from ml_connector_dagster.audit import trail
from ml_connector_dagster.cli.main import main
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.flows.post import post_file, postings_of, record_outcomes
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.ledger.party import TrackingOption
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Page
from ml_connector_dagster.staging.snapshots import Staging
from ml_connector_dagster.store.environment import Environment
from ml_connector_dagster.store.tables.desktop import desktop_company
from ml_connector_dagster_tests.connections.sandboxed import variables
from ml_connector_dagster_tests.faults.desktop_office import ACCOUNTS, CLASSES, Office, hcp
from ml_connector_dagster_tests.sources.quickbooks_desktop.small_books import SmallBooks

COMPANY = "6b1e9d52-7c3f-4a8e-b0d4-1f5a2c9e7d38"
FILE = (
    "connection,journal,date,account,class,debit,credit,memo\n"
    "brackenridge,NOV-1,2026-11-30,6010,Sales:East,1250.00,,Plan\n"
    "brackenridge,NOV-1,2026-11-30,Account 2,,,1250.00,\n"
)


@pytest.fixture
def shell(tmp_path: Path, sqlite_template: Path) -> dict[str, str]:
    """A home whose Brackenridge has a chart, and a company file that was open once."""
    found = variables(tmp_path, "http://127.0.0.1:8700", sqlite_template, "brackenridge")
    with Connector(Environment.read(found)) as connector:
        stage(connector, "ledger_accounts", LedgerAccount, ACCOUNTS)
        stage(connector, "classes", TrackingOption, CLASSES)
        facts = zlib.compress(hcp(COMPANY).encode(), 1)
        with connector.store.begin() as database:
            row = {"company_id": COMPANY, "facts": facts, "opened_at": datetime(2026, 11, 20, tzinfo=UTC)}
            database.execute(insert(desktop_company).values(**row))
    return found


def stage(connector: Connector, entity: str, record: type, rows: dict) -> None:
    staging = Staging(connector.store, connector.blobs)
    began = connector.store.now()
    with staging.writer(
        "brackenridge", entity, Period(2026, 11), record, read_began_at=began, parser_version="1"
    ) as writer:
        writer.add(Page(rows=list(rows.values()), read=len(rows)))
        writer.finish(calls=1, run_id="test")


@pytest.fixture
def run(shell: dict[str, str]) -> Callable[..., Result]:
    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["journals", *arguments], env={**shell, "COLUMNS": "300"})

    return invoke


@pytest.fixture
def connector(shell: dict[str, str]) -> Iterator[Connector]:
    with Connector(Environment.read(shell)) as opened:
        yield opened


def written(folder: Path, text: str = FILE) -> str:
    path = folder / "journals.csv"
    path.write_text(text)
    return str(path)


def events(connector: Connector) -> list[str]:
    return [event.event for event in trail.events(connector.store, "brackenridge")]


def test_a_file_is_posted_once_and_says_so_the_second_time(
    run: Callable[..., Result], connector: Connector, tmp_path: Path
) -> None:
    first, second = run("post", written(tmp_path), "--json"), run("post", written(tmp_path), "--json")
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert "1 entries were taken" in first.stderr
    assert "nothing of them is posted again" in second.stderr
    (row,) = json.loads(second.stdout)
    assert (row["journal"], row["state"], row["debits"], row["lines"]) == ("NOV-1", "waiting", "1250.00", 2)
    books = Office(connector.store, COMPANY, SmallBooks())
    books.settle()
    (shown,) = json.loads(run("show", "brackenridge", "--json").stdout)
    assert (shown["state"], shown["transaction_id"]) == ("posted", next(iter(books.books.entries)))
    assert len(books.books.saved) == 1
    assert events(connector) == ["journal_taken", "journal_posted"]
    assert trail.verify(connector.store) == []


def test_changed_content_under_the_same_key_is_refused_in_words(run: Callable[..., Result], tmp_path: Path) -> None:
    run("post", written(tmp_path))
    refused = run("post", written(tmp_path, FILE.replace("1250.00", "1300.00")))
    assert refused.exit_code == 8
    assert "'NOV-1' was approved before with other content" in refused.stderr
    assert "Give the changed journal another key" in refused.stderr


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (FILE.replace("1250.00,\n", "1249.00,\n"), 6, "does not balance"),
        (FILE.replace("6010", "9999"), 6, "account '9999' is not among them"),
        (FILE.replace("2026-11-30", "2026-09-30"), 6, "closed up to 2026-09-30"),
        (FILE.replace("brackenridge", "acme"), 2, "There is no connection 'acme'"),
        (FILE.replace("debit", "soll"), 2, "has the unknown 'soll'"),
    ],
)
def test_a_file_that_cannot_be_posted_posts_nothing(
    run: Callable[..., Result], tmp_path: Path, text: str, code: int, says: str
) -> None:
    refused = run("post", written(tmp_path, text))
    assert (refused.exit_code, says in refused.stderr) == (code, True), refused.output
    assert json.loads(run("show", "--json").stdout) == []


def test_a_connection_that_does_not_say_posted_is_held(
    run: Callable[..., Result], shell: dict[str, str], tmp_path: Path
) -> None:
    settings = Path(shell["ML_CONNECTOR_CONNECTIONS"]) / "brackenridge" / "defs.yaml"
    for says in ("never", "draft"):
        text = settings.read_text()
        settings.write_text(text.replace("post: posted", f"post: {says}").replace("post: never", f"post: {says}"))
        held = run("post", written(tmp_path))
        assert (held.exit_code, f"post: {says}" in held.stderr) == (8, True)
        assert "knows no draft" in held.stderr


def test_an_unbalanced_or_unmapped_row_stops_a_file_of_several_journals(connector: Connector, tmp_path: Path) -> None:
    more = "brackenridge,NOV-2,2026-11-30,6010,,5.00,,\nbrackenridge,NOV-2,2026-11-30,6020,,,4.00,\n"
    with pytest.raises(RecordRefused, match="NOV-2"):
        post_file(connector, Path(written(tmp_path, FILE + more)), by="ann")
    assert postings_of(connector.connection("brackenridge")) == []


def test_void_correct_amend_retry_and_verify_are_commands_and_audit_events(
    run: Callable[..., Result], connector: Connector, tmp_path: Path
) -> None:
    office = Office(connector.store, COMPANY, SmallBooks())
    run("post", written(tmp_path))
    office.settle()
    for command in ("amend", "correct"):
        amount = {"amend": "1300.00", "correct": "1400.00"}[command]
        assert run(command, written(tmp_path, FILE.replace("1250.00", amount))).exit_code == 0
        office.settle()
    assert run("verify", "brackenridge").exit_code == 0
    office.settle()
    assert run("void", "brackenridge", "NOV-1 correction 1").exit_code == 0
    office.settle()
    assert run("retry", "brackenridge", "NOV-1").exit_code == 8
    record_outcomes(connector.connection("brackenridge"))
    assert record_outcomes(connector.connection("brackenridge")) == 0
    assert set(events(connector)) == {"journal_taken", "journal_posted", "journal_voided"}
    assert trail.verify(connector.store) == []


def test_a_conflict_is_an_audit_event(run: Callable[..., Result], connector: Connector, tmp_path: Path) -> None:
    office = Office(connector.store, COMPANY, SmallBooks())
    run("post", written(tmp_path))
    office.settle()
    office.user("delete", office.writer().postings()[0])
    run("verify", "brackenridge")
    office.settle()
    (shown,) = json.loads(run("show", "--json").stdout)
    assert (shown["state"], "a user deleted" in shown["says"]) == ("conflict", True)
    assert events(connector) == ["journal_taken", "journal_posted", "journal_conflict"]
