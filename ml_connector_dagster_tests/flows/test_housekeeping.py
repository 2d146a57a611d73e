"""What is old goes, what anything refers to stays; and what stays could be restored."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from ml_connector_dagster.cli.main import main
from ml_connector_dagster.connections.entering import enter
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.connections.preparing import prepare
from ml_connector_dagster.flows.housekeeping import Tidied, tidy
from ml_connector_dagster.flows.restore_drill import drill
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.mailbox import Mailbox
from ml_connector_dagster.store.references import ADDRESSES, referred_blobs
from ml_connector_dagster.store.tables.audit import audit_event
from ml_connector_dagster.store.tables.database import mailbox
from ml_connector_dagster.store.tables.loads import load
from ml_connector_dagster.store.tables.schema import schema
from ml_connector_dagster.store.tables.staging import snapshot
from ml_connector_dagster_tests.connections.sandboxed import XERO_CLIENT
from ml_connector_dagster_tests.flows.little_company import LittleConnection, little
from ml_connector_dagster_tests.flows.past import loaded

OCT = "2026-10"
LONG_AGO = datetime.now(UTC) - timedelta(days=60)


@pytest.fixture
def company(store: Store) -> LittleConnection:
    """October was read, loaded, and read twice more with other figures: the middle reading is nobody's."""
    opened = little(store, store.home)
    opened.pull(OCT)
    loaded(
        opened, translate(opened, "actuals", OCT, ask_model=False), dump_blob=opened.blobs.put_bytes("dump", b"a dump")
    )
    for amount in (41, 42):
        opened.books.edit("inv-2", lines={"acc-200": Decimal(amount)})
        opened.pull(OCT, "invoices", "ledger_lines")
    return opened


def _age(company: LittleConnection) -> None:
    with company.store.begin() as database:
        database.execute(sa.update(snapshot).values(published_at=LONG_AGO))
        database.execute(sa.update(mailbox).values(done_at=LONG_AGO).where(mailbox.c.state == "done"))
    for path in (company.store.home / "blobs").rglob("*.*"):
        os.utime(path, (LONG_AGO.timestamp(),) * 2)


def test_every_column_that_holds_an_address_is_a_mark() -> None:
    named = {column for table in schema().tables.values() for column in table.c if column.name.endswith("blob")}
    assert named == set(ADDRESSES)


def test_only_what_is_old_and_nobody_s_is_taken(company: LittleConnection) -> None:
    """A load under way has written its files and not its row yet: they are young, and stay."""
    store, blobs = company.store, company.blobs
    letters = Mailbox(store)
    for key in ("done", "waits"):
        letters.put("webhook", key, {})
    letters.mark_done([letters.pending("webhook")[0].id], "run")
    orphan = blobs.put_bytes("file", b"of a load that crashed long ago")
    (store.home / "spool" / "dead").mkdir(parents=True)
    (store.home / "spool" / "xero.spool").touch()
    os.utime(store.home / "spool" / "dead", (1, 1))
    os.utime(store.home / "spool" / "xero.spool", (1, 1))
    assert sum(one.removed for one in tidy(store, blobs)) == 1  # the folder alone is old so far
    (store.home / "spool" / "dead").mkdir()
    os.utime(store.home / "spool" / "dead", (1, 1))
    _age(company)
    under_way = blobs.put_bytes("file", b"of a load whose row is about to be committed")
    before = referred_blobs(store)

    expected = {"snapshots that others replaced": 9, "letters that are done": 1, "working folders of runs that died": 1}
    planned = tidy(store, blobs, dry_run=True)
    assert expected.items() <= {one.what: one.removed for one in planned}.items()
    assert tidy(store, blobs, dry_run=True) == planned
    removed = {one.what: one.removed for one in tidy(store, blobs)}
    assert expected.items() <= removed.items()

    kept = referred_blobs(store)
    assert kept < before
    assert all(blobs.is_whole(address) for address in kept)
    assert removed["blobs that nothing refers to"] == len(before - kept) + 1
    assert [blobs.exists(address) for address in (orphan, under_way)] == [False, True]
    assert [letter.key for letter in letters.pending("webhook")] == ["waits"]
    assert sorted(path.name for path in (store.home / "spool").iterdir()) == ["xero.spool"]
    with store.read() as database:
        pinned = database.execute(sa.select(load.c.snapshots)).scalar_one()
        digests = set(database.execute(sa.select(snapshot.c.digest)).scalars())
    assert set(pinned.values()) <= digests
    assert {one.removed for one in tidy(store, blobs)} == {0}


def test_what_was_current_until_a_moment_ago_may_still_be_read(company: LittleConnection) -> None:
    _age(company)
    company.books.edit("inv-2", lines={"acc-200": Decimal(43)})
    with company.store.read() as database:
        current = set(database.execute(sa.select(snapshot.c.blob).where(snapshot.c.current)).scalars())
    company.pull(OCT, "invoices")
    tidy(company.store, company.blobs)
    assert all(company.blobs.is_whole(address) for address in current)
    with pytest.raises(ValueError, match="under way"):
        tidy(company.store, company.blobs, keep_days=0)


# ── the restore drill ─────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def connector(company: LittleConnection) -> Iterator[Connector]:
    prepare(company.store.environment)
    with Connector(company.store.environment) as opened:
        enter(opened, "demo_xero", "xero", "oauth", XERO_CLIENT)
        yield opened


def _everything(connector: Connector) -> object:
    with connector.store.read() as database:
        rows = {name: database.execute(sa.select(table)).all() for name, table in schema().tables.items()}
    return rows, sorted(path for path in connector.store.home.rglob("*") if not path.name.startswith("state.db-"))


def test_a_drill_restores_everything_elsewhere_and_changes_nothing(connector: Connector) -> None:
    before = _everything(connector)
    parts = {one.part: one for one in drill(connector)}
    assert _everything(connector) == before
    assert all(one.holds for one in parts.values()), parts
    assert {"database", "schema", "vault", "audit trail", "snapshot blobs", "raw blobs", "file blobs"} <= parts.keys()
    assert parts["vault"].says == "1 secrets of 1 credentials open"
    assert parts["dump blobs"].says == "1 there, each with its hash"


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_drill_names_each_part_that_could_not_be_restored(
    connector: Connector, company: LittleConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with company.store.begin() as database:
        database.execute(sa.update(audit_event).where(audit_event.c.sequence == 1).values(event="nothing"))
    address = min(one for one in referred_blobs(company.store) if one.startswith("file/"))
    Path(company.blobs.local_path(address)).write_bytes(b"")
    company.store.environment.vault_key_file.unlink()
    monkeypatch.setattr(Connector, "of_process", lambda: Connector(company.store.environment))
    ended = CliRunner().invoke(main, ["restore", "drill", "--json"])
    assert ended.exit_code == 2
    failed = {one["part"]: one["says"] for one in json.loads(ended.stdout) if not one["holds"]}
    assert set(failed) == {"vault", "audit trail", "file blobs"}
    assert address in failed["file blobs"]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_the_command_counts_first_and_then_does_it(company: LittleConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    _age(company)
    monkeypatch.setattr(Connector, "of_process", lambda: Connector(company.store.environment))
    planned, done = (
        json.loads(CliRunner().invoke(main, ["housekeeping", *words, "--json"]).stdout) for words in (["--dry-run"], [])
    )
    assert planned[0] == done[0] == {"what": "snapshots that others replaced", "removed": 9, "size_bytes": 0}
    assert isinstance(tidy(company.store, company.blobs)[0], Tidied)
