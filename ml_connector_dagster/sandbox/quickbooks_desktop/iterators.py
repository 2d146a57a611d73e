"""Iterators: pages of one query, alive for one session of one application. No snapshot: what is saved meanwhile comes again."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ml_connector_dagster.sandbox.quickbooks_desktop.records import Named, Txn
from ml_connector_dagster.sandbox.quickbooks_desktop.refusals import Refused

Record = Txn | Named


@dataclass
class Iteration:
    """What is left of one query, what was answered, and how many saves of the company file it has seen."""

    filters: str
    left: list[str]
    seen: int
    answered: set[str] = field(default_factory=set)


class Iterators:
    """The iterators of one session; they die with it. saved lists the ids of everything saved or deleted, in order."""

    MOST = 10

    def __init__(self, saved: Sequence[str]) -> None:
        self._saved = saved
        self._open: dict[str, Iteration] = {}

    def start(self, filters: str, ids: list[str]) -> str:
        """Begin; answers the iteratorID. A session may have only so many at a time."""
        if len(self._open) >= self.MOST:
            raise Refused(1000, "There are too many open iterators.")
        name = f"{{{uuid.uuid4()}}}"
        self._open[name] = Iteration(filters, ids, len(self._saved))
        return name

    def check(self, name: str, filters: str) -> None:
        """Refuse an iterator that is not of this session, or that was started with other filters."""
        found = self._open.get(name)
        if found is None:
            raise Refused(3000, f'The given object ID "{name}" in the field "iterator ID" is invalid.')
        if found.filters != filters:
            raise Refused(3110, f'The filters are not those that the iterator "{name}" was started with.')

    def page(self, name: str, size: int, find: Callable[[str], Record | None]) -> tuple[list[Record], int]:
        """The next records, and how many remain; an iteration without rest is closed.

        find answers a record that matches the filters now, or None. What was answered and saved again comes again.
        """
        iteration = self._open[name]
        changed = dict.fromkeys(self._saved[iteration.seen :])
        iteration.seen = len(self._saved)
        if changed:
            stays = {key for key in changed if find(key) is not None}
            again = [key for key in changed if key in iteration.answered and key in stays]
            iteration.left = [key for key in iteration.left if key not in changed or key in stays] + again
        now, iteration.left = iteration.left[:size], iteration.left[size:]
        iteration.answered |= set(now)
        if not iteration.left:
            self.stop(name)
        return [record for key in now if (record := find(key)) is not None], len(iteration.left)

    def stop(self, name: str) -> None:
        self._open.pop(name, None)
