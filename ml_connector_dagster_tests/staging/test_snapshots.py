"""Readings become snapshots: exact, whole, and one after the other."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select

from ml_connector_dagster.errors import HeldForPerson
from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.party import Party
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import LedgerLine
from ml_connector_dagster.sources.contract.answers import Page, RefusedRecord
from ml_connector_dagster.staging.frames import arrow_schema, rows_of, table_of
from ml_connector_dagster.staging.snapshot import StaleRead
from ml_connector_dagster.staging.snapshots import StagedCompany
from ml_connector_dagster.store.details import Details
from ml_connector_dagster.store.faultpoints import planted
from ml_connector_dagster.store.tables.staging import snapshot
from ml_connector_dagster_tests.staging.readings import BEGAN, LONG_AGO_MINUTES, OCTOBER, SEPTEMBER, Reader, line, page


def staged(reader: Reader, period: Period = OCTOBER) -> list[Any]:
    """The rows of the current snapshot."""
    row = reader.staging.current("acme", "invoices", period)
    assert row is not None
    return [one for table in reader.staging.tables(row) for one in rows_of(DocumentLine, table)]


def test_what_was_read_is_what_is_staged(reader_on_both: Reader) -> None:
    rows = [line("d1"), line("d1", "2"), line("d2", posts=False)]
    row = reader_on_both.published(OCTOBER, page(*rows[:2]), page(rows[2]))
    assert staged(reader_on_both) == rows
    assert (row.rows, row.records, row.quarantined, row.calls, row.run_id) == (3, 2, 0, 3, "run-1")
    assert row.total == Decimal("200.00")
    assert reader_on_both.staging.current("acme", "invoices", OCTOBER) == row


def test_nothing_was_ever_read_is_not_the_same_as_nothing_there(reader: Reader) -> None:
    assert reader.staging.current("acme", "invoices", OCTOBER) is None
    assert reader.published(OCTOBER).rows == 0
    assert staged(reader) == []


def test_refused_records_are_counted_and_kept_with_their_reason(reader_on_both: Reader) -> None:
    refused = RefusedRecord("d9", "Its type is not known.", b"{}")
    row = reader_on_both.published(OCTOBER, page(line("d1"), refused=[refused]))
    assert (row.records, row.quarantined) == (2, 1)
    assert [(one.record_id, one.reason) for one in reader_on_both.staging.quarantined(row)] == [
        ("d9", "Its type is not known.")
    ]


def test_a_value_that_no_column_holds_exactly_quarantines_its_record_whole(reader: Reader) -> None:
    wrong = [line("d2"), line("d2", "2", net_amount=Decimal("1E-12"))]
    row = reader.published(OCTOBER, page(line("d1"), *wrong, line("d3")))
    assert {one.document_id for one in staged(reader)} == {"d1", "d3"}
    assert (row.records, row.rows, row.quarantined) == (3, 2, 1)
    assert "d2" in reader.staging.quarantined(row)[0].reason


def test_a_record_that_moved_between_pages_counts_once_as_it_came_last(reader: Reader) -> None:
    late = line("d1", status="PAID", version_hash="d1-v2")
    row = reader.published(OCTOBER, page(line("d1"), line("d1", "2")), page(line("d2"), late))
    assert staged(reader) == [line("d2"), late]
    assert (row.rows, row.records) == (2, 2)
    assert row.digest == reader.published(OCTOBER, page(late), page(line("d2"))).digest


def test_a_record_at_a_page_s_end_and_the_next_one_s_begin_counts_once_too(reader: Reader) -> None:
    late = line("d1", status="PAID")
    reader.published(OCTOBER, page(line("d0"), line("d1")), page(late, line("d2")))
    assert staged(reader) == [line("d0"), late, line("d2")]


def test_raw_answers_are_kept_with_the_parser_s_version(reader: Reader) -> None:
    bodies = [b'{"Invoices": [1]}', b'{"Invoices": [2]}' * 200_000]
    row = reader.published(OCTOBER, *(page(line(f"d{number}"), raw=body) for number, body in enumerate(bodies)))
    assert list(reader.staging.raw_pages(row)) == bodies
    assert row.raw_blob is not None
    assert pq.read_schema(reader.staging.blobs.local_path(row.raw_blob)).metadata == {b"parser_version": b"7"}


def test_derived_rows_have_no_raw_answers(reader: Reader) -> None:
    row = reader.published(OCTOBER, page(line("d1")))
    assert row.raw_blob is None
    assert list(reader.staging.raw_pages(row)) == []


def test_rows_may_come_as_a_table(reader: Reader) -> None:
    rows = [line("d1"), line("d2")]
    table = Page(rows=table_of(DocumentLine, rows), read=2)
    assert reader.published(OCTOBER, table).digest == reader.published(OCTOBER, page(*rows)).digest


def test_unknown_fields_are_counted_over_all_pages(reader: Reader) -> None:
    pages = [Page(rows=[line(f"d{n}")], read=1, unknown_fields={"NewField": 2}) for n in range(3)]
    assert reader.published(OCTOBER, *pages).unknown_fields == {"NewField": 6}


def test_a_document_never_spans_two_row_groups(reader: Reader) -> None:
    pages = [page(*(line(f"d{number}", str(n)) for n in range(3000))) for number in range(7)]
    row = reader.published(OCTOBER, *pages)
    groups = [set(table.column("document_id").to_pylist()) for table in reader.staging.tables(row)]
    assert len(groups) > 1
    assert sum(len(group) for group in groups) == len(set().union(*groups)) == 7


def test_only_the_asked_columns_are_read(reader: Reader) -> None:
    row = reader.published(OCTOBER, page(line("d1")))
    (table,) = reader.staging.tables(row, ["version_hash", "document_id"])
    assert table.to_pylist() == [{"version_hash": "d1-v1", "document_id": "d1"}]


def test_ledger_lines_total_their_debits(reader: Reader) -> None:
    amounts = (Decimal("100.00"), Decimal("20.00"), Decimal("-120.00"))
    lines = [_posting(amount, number) for number, amount in enumerate(amounts)]
    with reader.staging.writer(
        "acme", "ledger_lines", OCTOBER, LedgerLine, read_began_at=BEGAN, parser_version="7"
    ) as writer:
        writer.add(Page(rows=lines, read=1))
        writer.add(Page(rows=lines, read=1))
        row = writer.finish(0, "")
    assert not isinstance(row, StaleRead)
    assert (row.total, row.rows) == (Decimal("240.00"), 6)


def test_an_unfinished_reading_leaves_nothing_behind(reader: Reader) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        reader.staging.writer(
            "acme", "invoices", OCTOBER, DocumentLine, read_began_at=BEGAN, parser_version="7"
        ) as writer,
    ):
        writer.add(page(line("d1")))
        raise ZeroDivisionError
    assert reader.staging.current("acme", "invoices", OCTOBER) is None
    assert list((reader.staging.store.home / "spool").iterdir()) == []


def test_a_crash_between_file_and_pointer_leaves_the_old_snapshot(reader_on_both: Reader) -> None:
    first = reader_on_both.published(OCTOBER, page(line("d1")))

    def crash(name: str) -> None:
        if name == "snapshot_blob_written":
            raise ZeroDivisionError

    with planted(crash), pytest.raises(ZeroDivisionError):
        reader_on_both.read(OCTOBER, [page(line("d2"))])
    assert reader_on_both.staging.current("acme", "invoices", OCTOBER) == first
    assert staged(reader_on_both) == [line("d1")]


def test_protocol_10_a_slow_read_that_began_earlier_does_not_replace_a_newer_one(reader_on_both: Reader) -> None:
    newer = reader_on_both.published(OCTOBER, page(line("d1", status="PAID")), minute=61)
    assert reader_on_both.read(OCTOBER, [page(line("d1"))], minute=60) == StaleRead(newer)
    assert reader_on_both.read(OCTOBER, [page(line("d1"))], minute=61) == StaleRead(newer)
    assert staged(reader_on_both)[0].status == "PAID"


def test_protocol_10_of_reads_that_publish_at_once_the_newest_stands(reader_on_both: Reader) -> None:
    outcomes: dict[int, Any] = {}
    start = threading.Barrier(6)

    def read(minute: int) -> None:
        start.wait()
        outcomes[minute] = reader_on_both.read(OCTOBER, [page(line("d1", number=str(minute)))], minute=minute)

    threads = [threading.Thread(target=read, args=(minute,)) for minute in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.number for one in staged(reader_on_both)] == ["5"]
    assert not isinstance(outcomes[5], StaleRead)
    with reader_on_both.staging.store.read() as database:
        assert database.execute(select(func.count()).select_from(snapshot).where(snapshot.c.current)).scalar_one() == 1


def test_protocol_11_an_id_gone_from_a_period_is_asked_for_until_it_is_found(reader_on_both: Reader) -> None:
    staging = reader_on_both.staging
    reader_on_both.published(OCTOBER, page(line("other")))
    reader_on_both.published(SEPTEMBER, page(line("d1"), line("d2")))
    row = reader_on_both.published(SEPTEMBER, page(line("d2")))
    assert row.left == ("d1",)
    assert staging.astray("acme", "invoices") == ("d1",)
    assert staging.periods_of("acme", "invoices", ["d1", "d2", "d3"]) == {"d2": SEPTEMBER}
    reader_on_both.published(OCTOBER, page(line("other"), line("d1")))
    assert staging.astray("acme", "invoices") == ()
    assert staging.periods_of("acme", "invoices", ["d1"]) == {"d1": OCTOBER}


def test_protocol_11_an_id_in_two_periods_belongs_to_the_newer_read_and_dirties_the_other(
    reader_on_both: Reader,
) -> None:
    reader_on_both.published(SEPTEMBER, page(line("d1")))
    row = reader_on_both.published(OCTOBER, page(line("d1")))
    assert row.came_from == {"d1": SEPTEMBER}
    assert reader_on_both.staging.dirty("acme") == {"invoices": frozenset({SEPTEMBER})}
    reader_on_both.published(SEPTEMBER)
    assert reader_on_both.staging.dirty("acme") == {}
    assert reader_on_both.staging.astray("acme", "invoices") == ()


def test_protocol_11_an_older_read_that_publishes_late_dirties_its_own_period(reader_on_both: Reader) -> None:
    reader_on_both.published(OCTOBER, page(line("d1")), minute=30)
    row = reader_on_both.published(SEPTEMBER, page(line("d1")), minute=20)
    assert row.came_from == {}
    assert reader_on_both.staging.dirty("acme") == {"invoices": frozenset({SEPTEMBER})}
    assert reader_on_both.staging.periods_of("acme", "invoices", ["d1"]) == {"d1": OCTOBER}


def test_protocol_11_a_record_that_the_vendor_deleted_is_forgotten(reader_on_both: Reader) -> None:
    staging = reader_on_both.staging
    reader_on_both.published(SEPTEMBER, page(line("d1"), line("d2")))
    reader_on_both.published(SEPTEMBER, page(line("d2")))
    staging.forget("acme", "invoices", ["d1", "d2"])
    assert staging.astray("acme", "invoices") == ()
    assert staging.periods_of("acme", "invoices", ["d1", "d2"]) == {"d2": SEPTEMBER}


def test_protocol_13_a_crash_after_the_pointer_loses_nothing_a_re_run_reports_its_digest(
    reader_on_both: Reader,
) -> None:
    def crash(name: str) -> None:
        if name == "snapshot_published":
            raise ZeroDivisionError

    with planted(crash), pytest.raises(ZeroDivisionError):
        reader_on_both.read(OCTOBER, [page(line("d1"))])
    standing = reader_on_both.staging.current("acme", "invoices", OCTOBER)
    assert standing is not None
    assert reader_on_both.published(OCTOBER, page(line("d1"))).digest == standing.digest


def test_protocol_13_a_load_keeps_reading_the_snapshots_it_was_planned_from(reader: Reader) -> None:
    first = reader.published(OCTOBER, page(line("d1")))
    company = StagedCompany(reader.staging, "acme")
    shown = pa_ids(company.batches("invoices", OCTOBER))
    reader.published(OCTOBER, page(line("d2")))
    assert pa_ids(company.batches("invoices", OCTOBER)) == shown == ["d1"]
    assert company.used == {"invoices@2026-10": first.digest}
    assert pa_ids(StagedCompany(reader.staging, "acme", [first]).batches("invoices", OCTOBER)) == ["d1"]
    assert pa_ids(StagedCompany(reader.staging, "acme").batches("invoices", OCTOBER)) == ["d2"]


def test_protocol_14_a_moved_document_costs_no_detail_call_and_a_new_stamp_costs_one(reader_on_both: Reader) -> None:
    details = Details(reader_on_both.staging.store, "zoho_books", "10234695")
    asked: list[str] = []

    def read(period: Period, stamps: dict[str, str]) -> None:
        kept = details.of("invoices", stamps)
        for record_id in stamps.keys() - kept.keys():
            asked.append(record_id)
            details.keep("invoices", record_id, stamps[record_id], f"{record_id} of {stamps[record_id]}".encode())
        reader_on_both.published(period, page(*(line(record_id) for record_id in stamps)))

    read(SEPTEMBER, {"d1": "08:00"})
    read(SEPTEMBER, {})
    read(OCTOBER, {"d1": "08:00"})
    assert asked == ["d1"]
    read(OCTOBER, {"d1": "09:15"})
    assert asked == ["d1", "d1"]
    assert details.of("invoices", {"d1": "09:15"}) == {"d1": b"d1 of 09:15"}


def pa_ids(tables: Iterator[Any]) -> list[str]:
    """The document ids of tables."""
    return [record_id for table in tables for record_id in table.column("document_id").to_pylist()]


def test_the_newest_snapshot_of_a_reference_entity_counts_whatever_its_period(reader: Reader) -> None:
    def read(period: Period, name: str, minute: int) -> None:
        began = BEGAN + timedelta(minutes=minute)
        with reader.staging.writer(
            "acme", "customers", period, Party, read_began_at=began, parser_version="7"
        ) as writer:
            writer.add(Page(rows=[Party("p1", name, "", True, "", None, "h")], read=1))
            writer.finish(1, "")

    read(OCTOBER, "New name", 5)
    read(SEPTEMBER, "Old name", 4)
    company = StagedCompany(reader.staging, "acme")
    assert company.newest("customers").column("name").to_pylist() == ["New name"]
    assert list(company.used) == ["customers"]


def test_documents_are_found_in_whatever_period_they_stand(reader: Reader) -> None:
    reader.published(SEPTEMBER, page(line("d1"), line("d1", "2"), line("d2")))
    reader.published(OCTOBER, page(line("d3")))
    found = StagedCompany(reader.staging, "acme").find("invoices", ["d1", "d3", "d9", "d1"])
    assert sorted(found.column("document_id").to_pylist()) == ["d1", "d1", "d3"]
    assert found.schema == arrow_schema(DocumentLine)


@pytest.mark.parametrize("look", [lambda c: c.batches("invoices", OCTOBER), lambda c: c.newest("customers")])
def test_what_was_never_read_is_said_with_what_to_do(reader: Reader, look: Any) -> None:
    with pytest.raises(HeldForPerson, match="Materialize acme/"):
        look(StagedCompany(reader.staging, "acme"))


def test_a_dirty_mark_younger_than_the_read_stays(reader_on_both: Reader) -> None:
    staging = reader_on_both.staging
    staging.mark_dirty("acme", "invoices", [OCTOBER, SEPTEMBER], "the feed said so")
    staging.mark_dirty("acme", "invoices", [OCTOBER], "the feed said so again")
    reader_on_both.published(OCTOBER, page(line("d1")), minute=LONG_AGO_MINUTES)
    assert staging.dirty("acme") == {"invoices": frozenset({SEPTEMBER, OCTOBER})}
    reader_on_both.published(OCTOBER, page(line("d1")))
    assert staging.dirty("acme") == {"invoices": frozenset({SEPTEMBER})}


def _posting(amount: Decimal, number: int) -> LedgerLine:
    return LedgerLine(
        "2026-10", line("d1").document_date, "a1", amount, amount, "GBP", Decimal(1), "", "", "{}", "invoice", "d1",
        str(number), "h",
    )  # fmt: skip


def test_the_collector_passes_rarely_while_a_reading_lasts_and_as_before_afterwards(reader: Reader) -> None:
    before = gc.get_threshold()
    with reader.staging.writer(
        "acme", "invoices", OCTOBER, DocumentLine, read_began_at=BEGAN, parser_version="7"
    ) as writer:
        assert gc.get_threshold()[0] > before[0]
        writer.finish(0, "")
    assert gc.get_threshold() == before
