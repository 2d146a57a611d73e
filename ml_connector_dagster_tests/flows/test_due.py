from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ml_connector_dagster.flows import due as due_module
from ml_connector_dagster.flows.due import QUIET, SliceState, due, forgotten_runs, loads_due
from ml_connector_dagster.flows.load_rows import MOST_ATTEMPTS
from ml_connector_dagster.flows.past_loads import LoadFact
from ml_connector_dagster.flows.register import held_slices, release
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster_tests.flows.past import loaded

SEP, OCT = "2026-09", "2026-10"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(minutes=30)


def load(state="verified", digest="A", **changed):
    facts = {
        "id": 1, "model_id": "",
        "target": "actuals", "target_kind": "module", "period": OCT, "digest": digest, "state": state, "attempt": 1,
        "retry_at": None, "error": "", "file_hash": "", "rows": 0, "total": Decimal(0), "snapshots": {}, "cells_blob": "",
        "file_blob": "", "planned_at": LONG_AGO, "uploaded_at": None, "intended_at": None, "started_at": None,
        "finished_at": None, "verified_at": None,
    }  # fmt: skip
    return LoadFact(**{**facts, **changed})


def decide(newest, digest="A", held=False, busy=False):
    return due(SliceState(digest, LONG_AGO, held, newest), NOW, model_is_busy=busy)


@pytest.mark.parametrize(
    ("newest", "expected"),
    [
        (None, "never loaded"),
        (load("verified"), None),
        (load("skipped"), None),
        (load("verified", "B"), "content, mapping or settings changed"),
        (load("refused"), None),
        (load("refused", "B"), "content, mapping or settings changed"),
        (load("planned", retry_at=NOW), "its retry time has come"),
        (load("planned", retry_at=NOW + timedelta(seconds=1)), None),
        (load("planned", "B", retry_at=NOW + timedelta(seconds=1)), None),
        (load("refused", retry_at=NOW + timedelta(seconds=1)), None),
        (load("started"), "unfinished"),
        (load("started", started_at=NOW - QUIET / 2), None),
        (load("finished", "B"), "content, mapping or settings changed"),
        (load("finished", attempt=MOST_ATTEMPTS, error="refused again"), None),
    ],
)
def test_what_is_due(newest, expected):
    assert decide(newest) == expected


def test_an_unfinished_load_is_left_to_whoever_holds_the_model():
    assert decide(load("started"), busy=True) is None
    assert decide(load("started", "B"), busy=True) is None


def test_what_a_person_holds_is_never_due():
    assert decide(None, held=True) is None


def test_a_run_that_died_before_it_planned_is_followed_by_another_after_an_hour():
    state = SliceState("A", NOW, False, None)
    assert [forgotten_runs(state, NOW + timedelta(minutes=minutes)) for minutes in (0, 59, 60, 121)] == [0, 0, 1, 2]


# ── over the state database ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def connection(october):
    return october


def found(connection):
    return [(one.target, one.period) for one in loads_due(connection)]


def load_all(connection, *periods):
    for target in ("accounts", "customers"):
        loaded(connection, translate(connection, target, periods[-1], ask_model=False))
    for period in periods:
        for target in ("actuals", "balances", "invoice_register"):
            loaded(connection, translate(connection, target, period, ask_model=False))


def test_lists_come_first_and_only_with_the_modules_of_their_own_period(connection):
    connection.pull(SEP, "invoices", "bills", "ledger_lines")
    assert found(connection) == [
        ("accounts", OCT), ("customers", OCT), ("actuals", OCT), ("balances", OCT), ("invoice_register", OCT),
    ]  # fmt: skip


def test_modules_follow_once_the_lists_are_loaded_oldest_first(connection):
    connection.pull(SEP, "invoices", "bills", "ledger_lines")
    for target in ("accounts", "customers"):
        loaded(connection, translate(connection, target, OCT, ask_model=False))
    assert found(connection)[:4] == [
        ("actuals", SEP), ("balances", SEP), ("invoice_register", SEP), ("actuals", OCT),
    ]  # fmt: skip


def test_modules_wait_while_a_list_is_under_way(connection):
    loaded(connection, translate(connection, "accounts", OCT, ask_model=False), "intended")
    loaded(connection, translate(connection, "customers", OCT, ask_model=False))
    assert found(connection) == []


def test_a_list_that_nobody_loads_any_more_does_not_hold_the_modules_up(connection):
    loaded(connection, translate(connection, "accounts", OCT, ask_model=False), "refused")
    loaded(connection, translate(connection, "customers", OCT, ask_model=False))
    assert ("actuals", OCT) in found(connection)


def test_an_unchanged_re_read_starts_nothing(connection):
    load_all(connection, OCT)
    assert found(connection) == []
    connection.pull(OCT)
    connection.pull(SEP, "ledger_accounts", "customers")
    assert found(connection) == []


def test_a_changed_period_is_due_alone(connection):
    connection.pull(SEP)
    load_all(connection, SEP, OCT)
    connection.books.edit("inv-2", lines={"acc-200": Decimal(41)})
    connection.pull(OCT)
    assert found(connection) == [("actuals", OCT), ("balances", OCT), ("invoice_register", OCT)]


def test_an_edited_mapping_marks_exactly_its_periods_due(connection):
    """September knows sales alone; October advertising too."""
    connection.pull(SEP)
    load_all(connection, SEP, OCT)
    members = {account: code for account, (code, _, _) in connection.books.chart.items()}
    connection.map_accounts({**members, "acc-400": "4000"})
    assert found(connection)[0] == ("accounts", SEP)  # the list's own member moved too
    loaded(connection, translate(connection, "accounts", SEP, ask_model=False))
    assert found(connection) == [("actuals", OCT), ("balances", OCT)]


def test_a_crosswalk_line_that_no_period_uses_makes_nothing_due_but_the_list(connection):
    load_all(connection, OCT)
    members = {account: code for account, (code, _, _) in connection.books.chart.items()}
    connection.map_accounts({**members, "acc-429": "4290"})
    assert found(connection) == [("accounts", OCT)]
    loaded(connection, translate(connection, "accounts", OCT, ask_model=False))
    assert found(connection) == []


def test_a_mapped_tracking_option_counts_where_it_is_used(connection):
    from ml_connector_dagster.mapping.crosswalk import CrosswalkRow, write_crosswalk

    chosen = {**connection.settings.mapping, "tracking.Region": {"file": "regions.csv"}}
    whole = {**connection.settings.model_dump(by_alias=True), "mapping": chosen}
    connection.settings = type(connection.settings).model_validate(whole)
    write_crosswalk(connection.folder / "regions.csv", [CrosswalkRow("opt-north", "", "North", "N")])
    load_all(connection, OCT)
    assert found(connection) == []
    write_crosswalk(connection.folder / "regions.csv", [CrosswalkRow("opt-north", "", "North", "N2")])
    assert found(connection) == [("actuals", OCT)]


def test_what_a_process_keeps_of_snapshots_is_bounded(connection, monkeypatch):
    monkeypatch.setattr("ml_connector_dagster.flows.mapping_use.MOST_KNOWN", 1)
    monkeypatch.setattr("ml_connector_dagster.flows.mapping_use._KNOWN", {("elsewhere", "id"): frozenset()})
    load_all(connection, OCT)
    assert found(connection) == []


def test_a_held_slice_is_not_due_until_it_is_released_or_mended(connection):
    load_all(connection, OCT)
    connection.books.docs.pop("inv-1"), connection.books.docs.pop("inv-2")
    connection.pull(OCT)
    for target in ("actuals", "balances", "invoice_register"):
        translate(connection, target, OCT, ask_model=False)
    assert {held.target for held in held_slices(connection)} == {"actuals", "balances", "invoice_register"}
    assert found(connection) == []
    release(connection, "actuals", OCT, by="ann")
    assert found(connection) == [("actuals", OCT)]


def test_a_held_list_is_not_due(connection):
    load_all(connection, OCT)
    connection.books.chart["acc-429"] = ("4291", "General", "expense")
    connection.pull(OCT, "ledger_accounts")
    translate(connection, "accounts", OCT, ask_model=False)
    assert ("accounts", OCT) not in found(connection)


def test_the_books_return_to_what_was_verified_after_a_load_that_was_not(connection):
    """Protocol 9: A verified, B started and crashed, the books are A again: A is due, under a run key of its own."""
    load_all(connection, OCT)
    first = translate(connection, "actuals", OCT, ask_model=False)
    connection.books.invoice("inv-3", "2026-10-09", a429="5.00")
    connection.pull(OCT)
    long_ago = connection.store.now() - timedelta(minutes=10)
    newer = translate(connection, "actuals", OCT, ask_model=False)
    loaded(connection, newer, "intended", planned_at=long_ago, intended_at=long_ago)
    del connection.books.docs["inv-3"]
    connection.pull(OCT)
    (again,) = [one for one in loads_due(connection) if one.target == "actuals"]
    assert again.digest == first.digest
    assert again.attempt == 2
    assert again.run_key.endswith(":2")


def test_protocol_17_every_new_try_of_one_content_has_a_run_key_of_its_own(connection):
    plan = translate(connection, "accounts", OCT, ask_model=False)
    keys = []
    for _ in range(3):
        keys += [one.run_key for one in loads_due(connection) if one.target == "accounts"]
        loaded(connection, plan, "planned", retry_at=connection.store.now() - timedelta(seconds=1))
    assert len(set(keys)) == 3


def test_a_model_that_somebody_holds_is_noticed_without_asking_anaplan(connection):
    assert not due_module.model_is_busy(connection)
    with connection.locks.hold(connection.pool):
        assert due_module.model_is_busy(connection)


def test_nothing_is_due_before_anything_was_read(sqlite_store, tmp_path):
    from ml_connector_dagster_tests.flows.little_company import little

    assert loads_due(little(sqlite_store, tmp_path)) == []


def test_a_module_waits_for_the_entities_beside_its_own(sqlite_store, tmp_path):
    from ml_connector_dagster_tests.flows.little_company import little

    opened = little(sqlite_store, tmp_path)
    opened.pull(OCT, "invoices", "bills", "ledger_lines")
    assert found(opened) == [("invoice_register", OCT)]  # the others need accounts and tracking
