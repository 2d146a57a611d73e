"""The demo's way out: a journal entry is approved, posted into the books, and read back from them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ml_connector_dagster.cli.dagster_graphql import ENDED, DagsterGraphql
from ml_connector_dagster.cli.output import say
from ml_connector_dagster.connections.opening import Connector, OpenConnection
from ml_connector_dagster.errors import LoadIncomplete
from ml_connector_dagster.ledger.journal_posting import JournalState
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES

if TYPE_CHECKING:
    from ml_connector_dagster.flows.tie_out import TieOut
    from ml_connector_dagster.ledger.journal_posting import JournalPosting

FILE = "accrual.csv"
"""Beside a demo company's settings: the journal that is posted, dated {date}."""
PATIENCE_SECONDS = 300.0
SECONDS_BETWEEN_LOOKS = 1.0
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A journal entry that stands in the books, and what the month's comparison says since."""

    connection: str
    posting: JournalPosting
    tie_out: TieOut

    def row(self) -> dict[str, object]:
        """Answer it as a line of a table."""
        names = ("key", "number", "posting_date", "debits", "state", "transaction_id")
        facts = {name: getattr(self.posting, name) for name in names}
        return {"company": self.connection, **facts, "says": self.tie_out.says}


def post_and_read_back(dagster: DagsterGraphql, connector: Connector, period: str, folder: Path) -> Iterator[ReadBack]:
    """Post the journal of every demo company that has one, and yield it once the month shows it.

    Args:
        dagster: Where reads and comparisons are queued.
        connector: Opened.
        period: A month that was read and loaded.
        folder: For the file that is approved.

    Raises:
        LoadIncomplete: It did not come into the books, or did not come back.
    """
    for name in connector.names():
        opened = connector.connection(name)
        if (opened.folder / FILE).exists():
            posting = _posted(connector, opened, _file(opened, period, folder))
            say(
                f"{name}: journal {posting.number} stands in the books as {posting.transaction_id}; reading {period} again"
            )
            yield ReadBack(name, posting, _read_back(dagster, opened, period))


def _file(opened: OpenConnection, period: str, folder: Path) -> Path:
    text = (opened.folder / FILE).read_text(encoding="utf-8")
    path = folder / FILE
    path.write_text(text.format(date=Period.parse(period).first_on), encoding="utf-8")
    return path


def _posted(connector: Connector, opened: OpenConnection, file: Path) -> JournalPosting:
    from ml_connector_dagster.flows.post import post_file, postings_of

    keys = {one.posting.key for one in post_file(connector, file, by="the demo")}

    def standing() -> Sequence[JournalPosting]:
        found = [one for one in postings_of(opened) if one.key in keys]
        return found if all(one.state is JournalState.POSTED for one in found) else ()

    return _until(f"the journal of {opened.name} stands in the books", standing)[0]


def _read_back(dagster: DagsterGraphql, opened: OpenConnection, period: str) -> TieOut:
    from ml_connector_dagster.flows.tie_out import newest_tie_outs

    since = opened.store.now()
    dagster.launch(f"{opened.name}_read", period, tags={"mlc/trigger": "demo"})
    _until(f"{opened.name} {period} is read again", lambda: _was_read(opened, period, since))
    module = next(one.name for one in opened.settings.modules if one.from_ == LEDGER_LINES and one.read_back)
    compared_since = opened.store.now()
    comparing = dagster.launch(f"{opened.name}_tie_out", period, tags={"mlc/trigger": "demo"})
    _until(f"{opened.name} {period} is compared again", lambda: dagster.status(comparing) in ENDED)
    found = newest_tie_outs(opened, [module], since=compared_since).get((module, period))
    if found is None:
        raise LoadIncomplete(
            f"{opened.name} {period} was not compared again: {dagster.why_failed(comparing)}",
            "The journal stands in the books; that the month names it is not proved.",
            "Run make ui and look at the failed run.",
        )
    return found


def _was_read(opened: OpenConnection, period: str, since: datetime) -> bool:
    from ml_connector_dagster.staging.snapshots import Staging

    found = Staging(opened.store, opened.blobs).current(opened.name, LEDGER_LINES, Period.parse(period))
    return found is not None and found.read_began_at > since


def _until(what: str, look: Callable[[], Found | None]) -> Found:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(SECONDS_BETWEEN_LOOKS)
    raise LoadIncomplete(
        f"It did not happen within {PATIENCE_SECONDS:.0f} seconds that {what}.",
        "The journal's way out and back is not proved.",
        "Run ml-connector journals show, and read serve.log in the demo's home.",
    )
