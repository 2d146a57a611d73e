"""A pytest plugin: exchanges with a sandbox's Zoho Books, in any test of a run, are judged by Zoho's own OpenAPI set.

Answers are judged whoever asked, requests where our own client asked. Of each kind of call (path, parameters and their values but
for digits, status) the first few are judged. What is wrong fails the run at its end, naming the test, also under xdist.
"""

import os
import re
import threading
from collections import Counter
from typing import Any

import pytest

from ml_connector_dagster.sandbox.exchanges import Exchange, observe
from ml_connector_dagster_tests.contract.anaplan_exchanges import OURS, Verdict
from ml_connector_dagster_tests.contract.specs import required, specs_folder
from ml_connector_dagster_tests.contract.zoho_answers import answer_errors
from ml_connector_dagster_tests.contract.zoho_openapi import judge

A_KIND = 3
_PATH = re.compile(r"/zoho_books/[a-z]+/books/v3(/.*)")
_JSON = "application/json"
_SHOWN = 20


class ZohoJudge:
    """Takes exchanges from server threads and judges the first of each kind."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._waiting: list[tuple[Exchange, str]] = []
        self._lock = threading.Lock()
        self._verdict = Verdict()

    def take(self, exchange: Exchange) -> None:
        """Count an exchange, and keep it where few of its kind were seen; quick, since a client waits."""
        if not _PATH.match(exchange.path) or exchange.kind != _JSON:
            return
        asked = f"{exchange.method} {exchange.path}?{exchange.query}"
        kind = f"{re.sub(r'[0-9]+', '0', asked)} {exchange.status} {exchange.agent.startswith(OURS)}"
        with self._lock:
            self._verdict.counts["exchanges"] += 1
            self._seen[kind] += 1
            if self._seen[kind] <= A_KIND:
                self._waiting.append((exchange, os.environ.get("PYTEST_CURRENT_TEST", "")))

    def verdict(self) -> Verdict:
        """Judge what waits and answer everything found so far."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for exchange, where in waiting if specs_folder("zoho_books") else ():
            self._verdict.counts["judged"] += 1
            self._verdict.wrong += [f"{one}  [{where}]" for one in judged(exchange)]
        return self._verdict


def judged(exchange: Exchange) -> list[str]:
    """Answer what is wrong with one exchange."""
    found = _PATH.match(exchange.path)
    assert found is not None
    path = found[1]
    wrong = answer_errors(exchange.method, path, exchange.status, exchange.answered)
    if exchange.agent.startswith(OURS):
        wrong += judge(exchange.method, path, exchange.query)
    return wrong


class Plugin:
    """One a process: the controller gathers what its workers found."""

    def __init__(self, config: pytest.Config) -> None:
        self.judge = ZohoJudge()
        self.gathered = Verdict()
        self.is_worker = hasattr(config, "workeroutput")
        observe(self.judge.take)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        found = self.judge.verdict()
        if self.is_worker:
            session.config.workeroutput["zoho_exchanges"] = [dict(found.counts), found.wrong]
            return
        self.gathered.add(found)
        if self.gathered.wrong or (self._could_not_judge() and required()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        counts, wrong = getattr(node, "workeroutput", {}).get("zoho_exchanges", [{}, []])
        self.gathered.add(Verdict(Counter(counts), list(wrong)))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        counts, wrong = self.gathered.counts, self.gathered.wrong
        if self.is_worker or not counts["exchanges"]:
            return
        if self._could_not_judge():
            terminalreporter.line("SKIPPED LOUDLY: Zoho's official OpenAPI set is absent; set ML_CONNECTOR_SPECS.")
            return
        said = f"{counts['exchanges']} exchanges with Zoho Books, {counts['judged']} judged: {len(wrong)} wrong"
        terminalreporter.line(said, red=bool(wrong))
        for one in wrong[:_SHOWN]:
            terminalreporter.line(f"  {one}", red=True)

    def _could_not_judge(self) -> bool:
        return bool(self.gathered.counts["exchanges"]) and specs_folder("zoho_books") is None


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Plugin(config), "zoho_exchanges_of_this_run")
