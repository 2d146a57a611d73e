"""A pytest plugin: exchanges with a sandbox's Zoho Books, in any test of a run, are judged by Zoho's own OpenAPI set.

Answers are judged whoever asked, requests where our own client asked. Of each kind of call (path, parameters and their values but
for digits, status) the first few are judged. What is wrong fails the run at its end, naming the test, also under xdist.
"""

import os
import re
import threading
from collections import Counter
from collections.abc import Mapping

import pytest

from ml_connector_dagster.sandbox.exchanges import Exchange
from ml_connector_dagster_tests.contract.exchange_plugin import OURS, ExchangePlugin, Verdict
from ml_connector_dagster_tests.contract.specs import specs_folder
from ml_connector_dagster_tests.contract.zoho_answers import answer_errors
from ml_connector_dagster_tests.contract.zoho_openapi import judge

A_KIND = 3
_PATH = re.compile(r"/zoho_books/[a-z]+/books/v3(/.*)")
_JSON = "application/json"


class ZohoJudge:
    """Takes exchanges from server threads and judges the first of each kind."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._waiting: list[tuple[Exchange, str]] = []
        self._lock = threading.Lock()
        self._verdict = Verdict()

    def take(self, exchange: Exchange, where: str = "") -> None:
        """Count an exchange, and keep it where few of its kind were seen; quick, since a client waits."""
        if not _PATH.match(exchange.path) or exchange.kind != _JSON:
            return
        asked = f"{exchange.method} {exchange.path}?{exchange.query}"
        kind = f"{re.sub(r'[0-9]+', '0', asked)} {exchange.status} {exchange.agent.startswith(OURS)}"
        with self._lock:
            self._verdict.counts["exchanges"] += 1
            self._seen[kind] += 1
            if self._seen[kind] <= A_KIND:
                self._waiting.append((exchange, where or os.environ.get("PYTEST_CURRENT_TEST", "")))

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


class Plugin(ExchangePlugin):
    """Judges in each process of a run; a sandbox in a process of its own is not heard."""

    name = "zoho_exchanges"
    absent = "Zoho's official OpenAPI set is"

    def __init__(self, config: pytest.Config) -> None:
        super().__init__(config, ZohoJudge())

    def says(self, counts: Mapping[str, int]) -> str:
        return f"{counts['exchanges']} exchanges with Zoho Books, {counts['judged']} judged"

    def has_documents(self) -> bool:
        return specs_folder("zoho_books") is not None


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Plugin(config), "zoho_exchanges_of_this_run")
