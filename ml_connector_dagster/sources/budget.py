"""How many calls a read makes and how many days that takes: pure, from what is known before the first of them.

The check of a connection, a run of a backfill and the command line say the same sentence, made here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ml_connector_dagster.sources.contract.entity import EntityKind
from ml_connector_dagster.sources.contract.source import Source

if TYPE_CHECKING:
    from ml_connector_dagster.transport.rate_limit import Quota

Counts = Mapping[str, int]
"""Entity to vendor records of one period."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the company without reading it."""

    staged: Mapping[str, Counts] = field(default_factory=dict)
    """Of periods that were read before: their documents' details are kept."""
    counted: Mapping[str, Counts] = field(default_factory=dict)
    """Of periods that only lists were asked of (``Source.count``)."""
    kept: Counts = field(default_factory=dict)
    """Entity to details that are kept, whatever period they are of."""

    @property
    def typical(self) -> dict[str, int]:
        """Entity to records of a month like those that are known, rounded up."""
        seen: dict[str, list[int]] = defaultdict(list)
        for counts in (*self.staged.values(), *self.counted.values()):
            for entity, count in counts.items():
                seen[entity].append(count)
        return {entity: -(-sum(counts) // len(counts)) for entity, counts in seen.items()}

    def ahead(self, entity: str) -> int:
        """Answer how many details are kept of periods that were not read to their end: a read that stopped half-way."""
        return max(0, self.kept.get(entity, 0) - sum(counts.get(entity, 0) for counts in self.staged.values()))


def calls_of(source: Source, unread: Mapping[str, Collection[str]], known: Known) -> int:
    """Answer about how many calls it takes: every list of every period, and each detail that is not kept once.

    Args:
        source: Whose formula counts them.
        unread: Period to the entities that will be read of it.
        known: Its documents; a period of which nothing is known is taken for one like the others, or for an empty one.
    """
    typical = known.typical
    lists, details = 0, dict.fromkeys(_documents_with_details(source), 0)
    for period, entities in unread.items():
        staged = known.staged.get(period, {})
        counts = {**typical, **known.counted.get(period, {}), **staged}
        lists += _lists(source, entities, counts)
        for entity in details.keys() & set(entities) - staged.keys():
            details[entity] += counts.get(entity, 0)
    return lists + sum(max(0, count - known.ahead(entity)) for entity, count in details.items())


def is_enough(source: Source, known: Known) -> bool:
    """Answer whether a month is known well enough to reckon others by: where no list costs a call a record, always."""
    return set(_documents_with_details(source)) <= known.typical.keys()


def _documents_with_details(source: Source) -> Iterator[str]:
    """Yield them; what is ordered and not billed is read from the details of documents, which are asked for once."""
    for entity in source.entities:
        if entity.name in source.details and entity.kind is EntityKind.DOCUMENT:
            yield entity.name


def _lists(source: Source, wanted: Collection[str], counts: Counts) -> int:
    """Answer what the wanted entities add to the formula, their details apart."""
    every = {entity.name: counts.get(entity.name, 0) for entity in source.entities}
    others = {entity: count for entity, count in every.items() if entity not in wanted}
    details = sum(count for entity, count in every.items() if entity in wanted and entity in source.details)
    return source.expected_calls(every) - source.expected_calls(others) - details


@dataclass(frozen=True, slots=True)
class Budget:
    """What a read costs, against what the vendor allows."""

    what: str
    """Subject of the sentence: This backfill, 24 months."""
    calls: int
    quota: Quota
    vendor: str
    resumes: str = "by itself"
    """How it goes on the next day."""
    is_least: bool = False
    """True where no month is known yet."""

    @property
    def burns(self) -> bool:
        """Whether it spends all that is left."""
        return self.calls > self.quota.left

    @property
    def days(self) -> int:
        """Days until it is through, today counted."""
        windows = -(-max(0, self.calls - self.quota.left) // max(1, self.quota.a_window))
        return 1 + windows * self.quota.window_days

    @property
    def says(self) -> str:
        """The sentence; one more where it burns the day's calls."""
        about = "at least" if self.is_least else "about"
        window = "a day" if self.quota.window_days == 1 else f"in {self.quota.window_days} days"
        left = f"{self.quota.left:,} are left of the {self.quota.a_window:,} that {self.vendor} allows us {window}"
        fact = f"{self.what}: {about} {self.calls:,} calls; {left}"
        if not self.burns:
            return f"{fact}."
        return (
            f"{fact}, so it takes {self.days} days. It stops cleanly where a day's calls are spent, and goes on {self.resumes} "
            "when the next ones come; what was read by then is not asked for again."
        )
