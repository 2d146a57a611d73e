"""What the judges of exchanges have in common: gathered from all workers, said at the end, a run with wrong ones fails."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import pytest

from ml_connector_dagster.sandbox.exchanges import Exchange, observe
from ml_connector_dagster_tests.contract.specs import required

OURS = "ml-connector-dagster/"
"""How our own client's user agent begins."""
_SHOWN = 20


@dataclass
class Verdict:
    """What was judged: counts, and what is wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Verdict") -> None:
        self.counts += other.counts
        self.wrong += other.wrong


class ExchangeJudge(Protocol):
    """Takes exchanges from server threads, and judges what waits when it is asked for the verdict."""

    def take(self, exchange: Exchange, where: str = "") -> None:
        """Count an exchange, and keep it where it is to be judged."""

    def verdict(self) -> Verdict:
        """Judge what waits and answer everything found so far."""


class ExchangePlugin(ABC):
    """One a process: the controller gathers what its workers found."""

    name: ClassVar[str]
    """Of what a worker hands over."""
    absent: ClassVar[str]
    """Which documents are missing, where nothing could be judged."""

    def __init__(self, config: pytest.Config, judge: ExchangeJudge) -> None:
        self.judge = judge
        self.gathered = Verdict()
        self.is_worker = hasattr(config, "workeroutput")
        observe(judge.take)

    @abstractmethod
    def says(self, counts: Mapping[str, int]) -> str:
        """Answer how much was judged."""

    @abstractmethod
    def has_documents(self) -> bool:
        """Whether there is something to judge by."""

    def last_exchanges(self) -> Iterable[tuple[Exchange, str]]:
        """Answer what only stands at the end of the run, and where it was seen; the controller alone is asked."""
        return ()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.is_worker:
            found = self.judge.verdict()
            session.config.workeroutput[self.name] = [dict(found.counts), found.wrong]
            return
        for exchange, where in self.last_exchanges():
            self.judge.take(exchange, where)
        self.gathered.add(self.judge.verdict())
        if self.gathered.wrong or (self._could_not_judge() and required()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        counts, wrong = getattr(node, "workeroutput", {}).get(self.name, [{}, []])
        self.gathered.add(Verdict(Counter(counts), list(wrong)))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        counts, wrong = self.gathered.counts, self.gathered.wrong
        if self.is_worker or not counts["exchanges"]:
            return
        if self._could_not_judge():
            terminalreporter.line(f"SKIPPED LOUDLY: {self.absent} absent; set ML_CONNECTOR_SPECS.")
            return
        terminalreporter.line(f"{self.says(counts)}: {len(wrong)} wrong", red=bool(wrong))
        for one in wrong[:_SHOWN]:
            terminalreporter.line(f"  {one}", red=True)

    def _could_not_judge(self) -> bool:
        return bool(self.gathered.counts["exchanges"]) and not self.has_documents()
