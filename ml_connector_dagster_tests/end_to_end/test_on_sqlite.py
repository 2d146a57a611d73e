"""Two companies and one model on SQLite, as they come: races, a killed worker, two years of backfill, and no secret anywhere.

The tests of this file share one running stack and follow one another.
"""

from __future__ import annotations

import csv
import os
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from ml_connector_dagster.connections.entering import enter
from ml_connector_dagster.connections.vault import Owner
from ml_connector_dagster.flows.pull import pull
from ml_connector_dagster.flows.slices import CurrentSnapshots
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.store.tables.loads import load
from ml_connector_dagster_tests.connections.sandboxed import ANAPLAN_LOGIN, XERO_CLIENT
from ml_connector_dagster_tests.end_to_end import serial
from ml_connector_dagster_tests.end_to_end.stack import Stack, months_before, stack_running, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.xdist_group("end_to_end")]

LAST = str(Period.of(datetime.now(UTC).date()).previous())
MONTHS = months_before(LAST, int(os.environ.get("ML_CONNECTOR_MONTHS", "24")))
"""Fewer by the variable, for a developer's quick look; two years otherwise."""
THIRTEENTH = MONTHS[len(MONTHS) // 2]
WRONG_PASSWORD = "a-wrong-password-canary"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_running(tmp_path_factory.mktemp("sqlite"), shape=serial.actuals_alone) as running:
        yield running


@pytest.fixture(scope="module")
def entities(stack: Stack) -> list[str]:
    """The source assets, as a person selects them all in the graph."""
    return [entity.name for entity in stack.connector.connection("calder_ie").source.entities]


def test_loads_launched_at_once_by_daemon_command_line_and_graphql_follow_one_another(stack):
    serial.check_launches_of_every_way_at_once(stack)


def test_the_load_of_a_killed_run_is_settled_before_the_next_one(stack):
    serial.check_a_run_killed_while_its_task_goes_on(stack)


def test_two_years_are_backfilled_and_the_broken_month_says_why(stack, entities):
    serial.enable(stack, "calder_ie")
    before = Counter(run.tags["dagster/partition"] for run in stack.load_runs("calder_ie"))
    year, month = THIRTEENTH.split("-")
    stack.sandbox(
        "POST",
        "faults",
        json={
            "vendor": "xero",
            "path": rf"/Invoices\?.*(>|%3E)(=|%3D)DateTime(\(|%28){year}(,|%2C){month}(,|%2C)",
            "times": 0,
            "status": 400,
            "body": '{"Type": "ValidationException", "Message": "The thirteenth month is broken on purpose"}',
        },
    )
    backfill = stack.backfill("calder_ie", entities, MONTHS)
    ended = until("the backfill ends", lambda: _ended(stack, backfill))
    assert ended == "COMPLETED_FAILED"
    until("the loads have followed", stack.is_quiet)
    reads = {run.tags["dagster/partition"]: run for run in stack.runs() if run.tags.get("dagster/backfill") == backfill}
    assert set(reads) == set(MONTHS)
    assert {period for period, run in reads.items() if run.status != "SUCCESS"} == {THIRTEENTH}
    (budget,) = [
        line for line in stack.said(reads[LAST].run_id) if line.startswith(f"This backfill of {len(MONTHS)} months: ")
    ]
    assert "that Xero allows us a day" in budget
    why = stack.dagster.why_failed(reads[THIRTEENTH].run_id)
    assert "The thirteenth month is broken on purpose" in why
    assert all(cause.error for cause in stack.dagster.causes(reads[THIRTEENTH].run_id)), "the exit code's class"
    holding = {period for name, period in serial.actuals_verified(stack) if name == "calder_ie"}
    assert holding & set(MONTHS) == set(MONTHS) - {THIRTEENTH}
    runs = Counter(run.tags["dagster/partition"] for run in stack.load_runs("calder_ie")) - before
    assert runs == Counter(set(MONTHS) - {THIRTEENTH}), "exactly one load run a month"
    serial.assert_serial(stack, 0, at_least=len(MONTHS) - 1)


def test_the_mended_month_follows_and_unchanged_months_start_nothing(stack, entities):
    stack.sandbox("DELETE", "faults")
    serial.read(stack, ("calder_ie", THIRTEENTH))
    until("the month is loaded", lambda: ("calder_ie", THIRTEENTH) in serial.actuals_verified(stack))
    until("nothing moves", stack.is_quiet)
    runs, calls = len(stack.load_runs("calder_ie")), stack.anaplan_calls()
    _read_again(stack, MONTHS[:-2])
    backfill = stack.backfill("calder_ie", entities, MONTHS[-2:])
    assert until("the backfill ends", lambda: _ended(stack, backfill)) == "COMPLETED_SUCCESS"
    assert stack.is_quiet()
    assert len(stack.load_runs("calder_ie")) == runs
    assert stack.anaplan_calls() == calls


def test_an_edited_mapping_makes_exactly_its_months_due(stack):
    account, months = _rarest_account(stack)
    loaded = _newest_load(stack)
    _map(stack, account, "NEW-MEMBER")
    until("the sensor sees it", lambda: _newest_load(stack) > loaded)
    until("the loads have followed", stack.is_quiet)
    assert _months_loaded_since(stack, loaded) == months
    failed = [run for run in stack.load_runs("calder_ie") if run.status != "SUCCESS"]
    assert [stack.dagster.why_failed(run.run_id) for run in failed] == []


def test_no_secret_stands_in_any_file_log_or_output(stack):
    """Failing runs included: the broken month, the killed worker, and a load with a wrong password."""
    secrets = _secrets(stack)
    enter(stack.connector, "demo_anaplan", "anaplan", "basic", {**ANAPLAN_LOGIN, "password": WRONG_PASSWORD})
    stack.sandbox("POST", "anaplan/logins", json={"revoke_all": True})
    serial.enable(stack)
    stack.happens("late-document", tenant="ie", date=f"{LAST}-12", amount="12.00", account="429")
    serial.read(stack, ("calder_ie", LAST))
    code, printed = stack.answer_of(
        stack.command("load", "calder_ie", LAST, "--dagster", stack.local.dagster_url, "--json")
    )
    assert code != 0
    assert "password" in printed
    code, _ = stack.answer_of(stack.command("check", "calder_ie"))
    assert code != 0
    enter(stack.connector, "demo_anaplan", "anaplan", "basic", ANAPLAN_LOGIN)
    stack.sandbox("POST", "clock", json={"advance_seconds": 2400})  # Xero's token expires, so it is refreshed
    serial.read(stack, ("calder_ie", LAST))
    secrets |= _secrets(stack) | {WRONG_PASSWORD}
    assert len(secrets) >= 6
    assert _found_in(stack.local.home, secrets) == []
    assert [secret for secret in secrets for text in stack.printed if secret in text] == []


# ── what the tests ask ────────────────────────────────────────────────────────────────────────────────────────────────
def _ended(stack: Stack, backfill: str) -> str:
    status = stack.backfill_status(backfill)
    return status if status.startswith("COMPLETED") or status == "FAILED" else ""


def _read_again(stack: Stack, months: Sequence[str]) -> None:
    """Read every entity of the months as a run does, without a process for each: what is due is seen in the database."""
    connection = stack.connector.connection("calder_ie")
    for month in months:
        for entity in connection.source.entities:
            pull(connection, entity.name, month, run_id="again")


def _rarest_account(stack: Stack) -> tuple[str, set[str]]:
    """Answer the ledger account of profit and loss that stands in the fewest months, and those months."""
    connection = stack.connector.connection("calder_ie")
    snapshots = CurrentSnapshots.of(connection)
    chart = pq.read_table(connection.blobs.local_path(snapshots.newest("ledger_accounts").blob)).to_pylist()
    ours = {row["ledger_account_id"] for row in chart if row["account_class"] in {"income", "expense"}}
    months: dict[str, set[str]] = {}
    for period in snapshots.periods("ledger_lines"):
        lines = pq.read_table(connection.blobs.local_path(snapshots.at("ledger_lines", period).blob))
        for account in ours & set(lines["ledger_account_id"].to_pylist()):
            months.setdefault(account, set()).add(period)
    return min(months.items(), key=lambda one: (len(one[1]), one[0]))


def _map(stack: Stack, account: str, member: str) -> None:
    """Edit one line of the crosswalk, as a person does in a spreadsheet."""
    path = next(stack.connections.rglob("calder_ie/mapping/accounts.csv"))
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["member"] = member if row["source_id"] == account else row["member"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def _newest_load(stack: Stack) -> int:
    with stack.connector.store.read() as database:
        return int(database.execute(sa.select(sa.func.max(load.c.id))).scalar_one())


def _months_loaded_since(stack: Stack, load_id: int) -> set[str]:
    query = sa.select(load.c.period).where(
        load.c.id > load_id, load.c.target == "actuals", load.c.connection == "calder_ie"
    )
    with stack.connector.store.read() as database:
        return set(database.execute(query).scalars())


def _secrets(stack: Stack) -> set[str]:
    """Every secret that the vault holds now: client secret, password, session, access and refresh token."""
    found = {XERO_CLIENT["client_secret"], ANAPLAN_LOGIN["password"]}
    with stack.connector.store.read() as database:
        for owner in (Owner("demo_xero", "xero"), Owner("demo_anaplan", "anaplan")):
            found |= set(stack.connector.vault.all_of(database, owner).values())
    return {secret for secret in found if len(secret) > 8 and "@" not in secret}


def _found_in(home: Path, secrets: set[str]) -> list[str]:
    """Answer the files that hold a secret, compressed ones looked into."""
    wanted = [secret.encode() for secret in secrets]
    files = [path for path in home.rglob("*") if path.is_file() and path.name != "vault.key"]
    assert len(files) > 100
    contents = ((path, _content(path)) for path in files)
    return [str(path.relative_to(home)) for path, content in contents if any(secret in content for secret in wanted)]


def _content(path: Path) -> bytes:
    """Answer a file's bytes; of a log that SQLite folded into its database meanwhile, the database's."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = path.with_name(path.name.removesuffix("-wal").removesuffix("-shm")).read_bytes()
    return content + zlib.decompress(content, wbits=47) if content[:2] == b"\x1f\x8b" else content
