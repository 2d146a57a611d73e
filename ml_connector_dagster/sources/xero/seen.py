"""Which records of a list came already, in eight bytes a record: a month may have a million."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

Numbers = np.ndarray[Any, np.dtype[np.int64]]


class SeenIds:
    """A set of record ids that keeps a number of each, in sorted runs, each at least twice as long as the next.

    Two ids share a number once in a hundred million lists; then a record is missing and the list's own count says so.
    """

    def __init__(self) -> None:
        """Begin with no id."""
        self._runs: list[Numbers] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def again(self, ids: Collection[str]) -> frozenset[str]:
        """Take the ids of a page, and answer those that came before; nearly always none."""
        numbers = np.unique(_numbers(ids))
        known = self._known(numbers)
        self._runs.append(numbers[~known])
        while len(self._runs) > 1 and len(self._runs[-2]) < 2 * len(self._runs[-1]):
            last = self._runs.pop()
            self._runs[-1] = np.sort(np.concatenate([self._runs[-1], last]), kind="stable")
        repeated = frozenset(numbers[known].tolist())
        return frozenset(one for one in ids if hash(one) in repeated) if repeated else frozenset()

    def _known(self, numbers: Numbers) -> np.ndarray[Any, np.dtype[np.bool_]]:
        known = np.zeros(len(numbers), dtype=np.bool_)
        for run in self._runs:
            if len(run):
                places = np.minimum(np.searchsorted(run, numbers), len(run) - 1)
                known |= run[places] == numbers
        return known


def _numbers(ids: Collection[str]) -> Numbers:
    return np.fromiter(map(hash, ids), dtype=np.int64, count=len(ids))
