"""The little company on a machine that cannot be asked: questions lie on a desk until somebody answers them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ml_connector_dagster.errors import AnswerAwaited
from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.answers import Changes, Finding, Page
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.sources.contract.later import CHANGES, Arrived, Later, Waiting
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster_tests.flows.little_company import LITTLE, LittleConnection, LittleReader, little

ENTITIES = tuple(replace(one, derived_from=(), endpoint=one.name) for one in LITTLE.entities)
Slice = tuple[str, str]


@dataclass
class Question:
    """What was asked for, and what the machine said of it."""

    period: str
    since: datetime
    began_at: datetime | None = None
    answer: Any = None


@dataclass
class Desk:
    """Where questions wait for the machine."""

    store: Store
    questions: dict[Slice, Question] = field(default_factory=dict)
    asked: list[Slice] = field(default_factory=list)
    put_away: list[tuple[str, str, str]] = field(default_factory=list)

    def find(self, entity: str, period: str, shown: str) -> Any:
        """Answer what was said, or note the question, once, and raise."""
        key = (entity, period)
        if key not in self.questions:
            self.questions[key] = Question(shown, self.store.now())
            self.asked.append(key)
        if self.questions[key].answer is None:
            raise AnswerAwaited(f"{entity} was asked for.", "Nothing was read.", "Leave the machine on.")
        return self.questions[key].answer

    def begin(self) -> None:
        """Hand every open question to the machine, which has not answered yet."""
        for question in self.questions.values():
            question.began_at = question.began_at or self.store.now()

    def answer(self, reader: LaterReader, *entities: str) -> None:
        """Let the machine answer these entities, or everything that waits."""
        self.begin()
        for (entity, period), question in self.questions.items():
            if question.answer is None and entity in (entities or (entity,)):
                question.answer = reader.said(entity, period or question.period)

    def later(self) -> Later:
        """Answer the contract over this desk."""
        return Later(self._waiting, self._arrived, self._published, self._heartbeat, "Switch the machine on.")

    def _waiting(self, store: Store, company_id: str) -> Sequence[Waiting]:
        return [Waiting(entity, period, q.since) for (entity, period), q in self.questions.items() if q.answer is None]

    def _arrived(self, store: Store, company_id: str) -> Sequence[Arrived]:
        return [
            Arrived(entity, period, f"{entity}-{q.since:%f}", q.began_at or q.since, q.began_at or q.since)
            for (entity, period), q in self.questions.items()
            if q.answer is not None
        ]

    def _published(self, store: Store, company_id: str, entity: str, period: str, run_id: str) -> None:
        self.put_away.append((entity, period, run_id))
        self.questions.pop((entity, period), None)

    def _heartbeat(self, store: Store, company_id: str) -> Sequence[Finding]:
        return [Finding("machine", holds=True, says="The machine was seen just now.")]


class LaterReader(LittleReader):
    """Answers from the desk alone."""

    def __init__(self, books: Any, desk: Desk) -> None:
        super().__init__(books)
        self.desk = desk

    def read(self, entity: Entity, period: Period) -> Iterator[Page]:
        key = "" if entity.kind is EntityKind.REFERENCE else str(period)
        pages, _ = self.desk.find(entity.name, key, str(period))
        self.books.calls += 1
        yield from pages

    def read_ids(self, entity: Entity, record_ids: Sequence[str]) -> Iterator[Page]:
        raise AnswerAwaited("Records were asked for by id.", "Nothing was read.", "Leave the machine on.")
        yield

    def control(self, period: Period, *, measure_basis: str = "accrual") -> Any:
        _, control = self.desk.find("ledger_lines", str(period), str(period))
        return control

    def company(self) -> Company:
        return super().company()

    def changes(self, since: datetime, staged: Any) -> Changes:
        found: Changes = self.desk.find(CHANGES, "", "")
        return found

    def said(self, entity: str, period: str) -> Any:
        """Answer what the books say now."""
        if entity == CHANGES:
            return Changes(self.books.changed, self.desk.store.now())
        month, found = Period.parse(period), next(one for one in ENTITIES if one.name == entity)
        if found.kind is not EntityKind.LEDGER:
            return list(LittleReader.read(self, found, month)), None
        docs = [doc for doc in self.books.docs.values() if Period.of(doc.on) == month]
        rows: list[DocumentLine] = [row for doc in docs for row in doc.rows()]
        lines = list(self._lines(rows, month))
        return [Page(rows=lines, read=len(docs), raw=b"{}")], LittleReader.control(self, month)


def answered_later(store: Store, folder: Path, **changed: Any) -> tuple[LittleConnection, Desk]:
    """Open the little company as one that answers later, with its desk."""
    connection, desk = little(store, folder, **changed), Desk(store)
    connection.source = replace(LITTLE, entities=ENTITIES, grant=None, later=desk.later())
    connection.__dict__["_reader"] = LaterReader(connection.books, desk)
    return connection, desk
