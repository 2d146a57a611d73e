"""What the Web Connector's calls cost the database: looked up by index, however much stands in the tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, text

from ml_connector_dagster.sources.quickbooks_desktop.queue import Queue
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster_tests.sources.quickbooks_desktop.small_file import FILE_ID, Machine

MONTH = {"from": "2026-10-01", "to": "2026-10-31"}


def test_no_call_reads_a_table_from_end_to_end(sqlite_store: Store, machine: Machine) -> None:
    """A whole session, one that is lost and one that supersedes it: SQLite's own plan of every statement."""
    asked: set[tuple[str, Any]] = set()

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if "desktop_" in statement and not statement.startswith("INSERT"):
            asked.add((statement, parameters))

    Queue(sqlite_store, FILE_ID).ask("month", [("invoices", MONTH), ("ledger_lines", MONTH), ("classes", {})])
    event.listen(sqlite_store.engine, "before_cursor_execute", note)
    machine.log_in()
    late = machine.ask()
    machine.ask()
    machine.log_in()
    machine.bring(late)
    machine.run()
    event.remove(sqlite_store.engine, "before_cursor_execute", note)
    assert len(asked) > 20
    with sqlite_store.read() as database:
        plans = {
            statement: [row[3] for row in database.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            for statement, parameters in asked
        }
        assert database.execute(text("SELECT count(*) FROM desktop_page")).scalar_one() > 1
    (open_session,) = [plan for statement, plan in plans.items() if "closed_at IS NULL" in statement]
    assert "ix_desktop_session_open" in open_session[0], "not through every session that ever was"
    assert {statement: plan for statement, plan in plans.items() if any(step.startswith("SCAN") for step in plan)} == {}
