"""Two Windows machines that really run at once, against both databases: what the row lock on the company is for."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ml_connector_dagster.ledger.journal_posting import JournalState
from ml_connector_dagster.sources.quickbooks_desktop.queue import Queue
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster_tests.faults.desktop_office import Machine, Office, journal
from ml_connector_dagster_tests.sources.quickbooks_desktop.small_books import SmallBooks
from ml_connector_dagster_tests.sources.quickbooks_desktop.small_file import SmallFile, records_in

COMPANY = "6b1e9d52-7c3f-4a8e-b0d4-00000000beef"
KEYS = [f"J{number}" for number in range(6)]
SESSIONS = 8
VENDORS = [f"V{number:03d}" for number in range(450)]


@dataclass
class OneFile(SmallBooks):
    """A company file that both machines reach: QuickBooks works on one message at a time."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    file: SmallFile = field(default_factory=lambda: SmallFile(records=list(VENDORS)))

    def process(self, request: str) -> str:
        with self.lock:
            return super().process(request) if "JournalEntry" in request else self.file.process(request)


def test_two_machines_at_once_post_each_journal_once_and_read_every_record_once(store: Store) -> None:
    office, queue = Office(store, COMPANY, OneFile()), Queue(store, COMPANY)
    office.post(*(journal(key) for key in KEYS))
    queue.ask("lists", [("vendors", {}), ("classes", {})])
    start = threading.Barrier(2)

    def sessions(_: int) -> None:
        start.wait()
        for _ in range(SESSIONS):
            Machine(office, None).run()

    with ThreadPoolExecutor(2) as machines:
        list(machines.map(sessions, range(2)))
    office.settle()
    assert len(office.books.saved) == len(set(office.books.saved)) == len(KEYS)
    assert [one.state for one in office.writer().postings()] == [JournalState.POSTED] * len(KEYS)
    (read,) = queue.arrived()
    assert [one for *_, body in queue.answers(read) for one in records_in(body)] == VENDORS
