"""Iterators: pages of one query, alive for one session of one application. No snapshot: what is saved meanwhile comes again."""

import uuid
from dataclasses import dataclass, field

from ml_connector_dagster.sandbox.quickbooks_desktop.records import Named, Txn
from ml_connector_dagster.sandbox.quickbooks_desktop.refusals import Refused

Record = Txn | Named


@dataclass
class Iteration:
    """What is left of one query, and with which EditSequence the rest was answered."""

    filters: str
    left: list[str]
    answered: dict[str, int] = field(default_factory=dict)


class Iterators:
    """The iterators of one session; they die with it."""

    MOST = 10

    def __init__(self) -> None:
        self._open: dict[str, Iteration] = {}

    def start(self, filters: str, ids: list[str]) -> str:
        """Begin; answers the iteratorID. A session may have only so many at a time."""
        if len(self._open) >= self.MOST:
            raise Refused(1000, "There are too many open iterators.")
        name = f"{{{uuid.uuid4()}}}"
        self._open[name] = Iteration(filters, ids)
        return name

    def find(self, name: str, filters: str) -> Iteration:
        """The iteration to go on with: of this session, and asked for with the same filters as before."""
        found = self._open.get(name)
        if found is None:
            raise Refused(3000, f'The given object ID "{name}" in the field "iterator ID" is invalid.')
        if found.filters != filters:
            raise Refused(3110, f'The filters are not those that the iterator "{name}" was started with.')
        return found

    def page(self, name: str, size: int, current: dict[str, Record]) -> tuple[list[Record], int]:
        """The next records of those that match now, and how many remain; an iteration without rest is closed."""
        iteration = self._open[name]
        again = [key for key, edit in iteration.answered.items() if key in current and current[key].edit != edit]
        for key in again:
            del iteration.answered[key]
        iteration.left = [key for key in iteration.left if key in current] + again
        now, iteration.left = iteration.left[:size], iteration.left[size:]
        iteration.answered |= {key: current[key].edit for key in now}
        if not iteration.left:
            self.stop(name)
        return [current[key] for key in now], len(iteration.left)

    def stop(self, name: str) -> None:
        self._open.pop(name, None)
