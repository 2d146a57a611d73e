"""The audit trail finds every row that was changed, removed or inserted after the fact."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from ml_connector_dagster.audit import trail
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.tables.audit import audit_event
from ml_connector_dagster.store.tables.loads import load

LOAD = {
    "connection": "uk", "model_id": "M", "target": "actuals", "target_kind": "module", "period": "2026-10", "digest": "d",
    "snapshots": {}, "settings_hash": "s", "mapping_hash": "m", "file_hash": "f", "rows": 3, "state": "planned",
}  # fmt: skip


def written(store: Store, *names: str) -> None:
    for name in names:
        with store.begin() as connection:
            trail.record(connection, name, "happened", {"number": 1})


def loaded(store: Store) -> int:
    from decimal import Decimal

    with store.begin() as connection:
        load_id = connection.execute(
            insert(load).values(**LOAD, total=Decimal("12.50"), planned_at=store.now()).returning(load.c.id)
        ).scalar_one()
        trail.record_load(connection, load_id, "planned", file="f")
    return int(load_id)


def tamper(store: Store, statement: Any) -> list[str]:
    with store.begin() as connection:
        connection.execute(statement)
    return [one.says for one in trail.verify(store)]


def test_an_untouched_trail_holds(store: Store) -> None:
    written(store, "uk", "uk", "ie", "uk")
    loaded(store)
    assert trail.verify(store) == []
    assert [one.sequence for one in trail.events(store, "uk")] == [1, 2, 3, 4]
    assert (trail.count(store), trail.count(store, "ie")) == (5, 1)


def test_a_changed_event_is_found(sqlite_store: Store) -> None:
    written(sqlite_store, "uk", "uk", "uk")
    changed = update(audit_event).where(audit_event.c.sequence == 2)
    assert tamper(sqlite_store, changed.values(facts={"number": 2})) == ["event 2 (happened) was changed"]


@pytest.mark.parametrize("value", [{"event": "nothing"}, {"hash": "0"}, {"previous_hash": "1"}])
def test_any_changed_column_of_an_event_is_found(sqlite_store: Store, value: dict[str, str]) -> None:
    written(sqlite_store, "uk", "uk", "uk")
    assert tamper(sqlite_store, update(audit_event).where(audit_event.c.sequence == 2).values(**value))


def test_a_removed_event_is_found(sqlite_store: Store) -> None:
    written(sqlite_store, "uk", "uk", "uk")
    found = tamper(sqlite_store, delete(audit_event).where(audit_event.c.sequence == 2))
    assert found == ["event 2 is missing", "the event before it was changed, removed or inserted"]


def test_a_changed_load_is_found(sqlite_store: Store) -> None:
    load_id = loaded(sqlite_store)
    assert tamper(sqlite_store, update(load).values(rows=4)) == [f"load {load_id} was changed after its last event"]


def test_a_load_whose_last_events_were_cut_off_is_found(sqlite_store: Store) -> None:
    load_id = loaded(sqlite_store)
    assert tamper(sqlite_store, delete(audit_event)) == [f"load {load_id} has no event"]


def test_a_removed_load_is_found(sqlite_store: Store) -> None:
    load_id = loaded(sqlite_store)
    assert tamper(sqlite_store, delete(load)) == [f"load {load_id} was removed"]


def test_one_connections_chain_can_be_proved_alone(sqlite_store: Store) -> None:
    written(sqlite_store, "uk", "ie")
    tamper(sqlite_store, update(audit_event).where(audit_event.c.connection == "ie").values(event="x"))
    assert trail.verify(sqlite_store, "uk") == []
    assert len(trail.verify(sqlite_store, "ie")) == 1


def test_events_of_one_load_and_the_newest_few_can_be_asked_for(sqlite_store: Store) -> None:
    written(sqlite_store, "uk", "uk")
    load_id = loaded(sqlite_store)
    assert [one.event for one in trail.events(sqlite_store, "uk", load_id=load_id)] == ["planned"]
    assert [one.sequence for one in trail.events(sqlite_store, "uk", newest=2)] == [2, 3]


def test_an_event_is_undone_with_the_change_it_tells_of(sqlite_store: Store) -> None:
    with pytest.raises(ZeroDivisionError), sqlite_store.begin() as connection:
        trail.record(connection, "uk", "happened", {})
        raise ZeroDivisionError
    with sqlite_store.read() as connection:
        assert connection.execute(select(audit_event)).all() == []


def test_a_failed_run_is_an_event_of_its_connection_without_its_secrets(sqlite_store: Store) -> None:
    says = "401 to Authorization: Bearer abcdefghijk " + "x" * 900
    assert trail.record_failed_run(sqlite_store, "uk", run_id="r-1", says=says) == 1
    (event,) = trail.events(sqlite_store, "uk")
    assert (event.event, event.facts["run"]) == ("run_failed", "r-1")
    assert "abcdefghijk" not in event.facts["says"]
    assert len(event.facts["says"]) <= trail.MOST_SAID
    assert trail.verify(sqlite_store) == []


def test_a_failed_run_is_as_findable_as_a_load_and_its_secrets_are_masked(store: Store) -> None:
    trail.record_failed_run(store, "uk", run_id="r-1", says="refused: Authorization: Bearer abc.def.ghi")
    (event,) = trail.events(store, "uk")
    assert (event.event, event.facts["run"]) == ("run_failed", "r-1")
    assert "abc.def.ghi" not in event.facts["says"]
    assert trail.verify(store, "uk") == []
