"""A pytest plugin: every exchange with a sandbox's Anaplan, in any test of a run, is judged by the official documents.

Answers are judged whoever asked, requests where our own client asked. Exchanges of one shape (the same but for digits and ids)
are judged once. What is wrong fails the run at its end, naming the test, also under xdist and from sandboxes in processes of
their own.
"""

import json
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ml_connector_dagster.sandbox.exchanges import Exchange
from ml_connector_dagster_tests.contract.anaplan_openapi import document_for, path_in_document
from ml_connector_dagster_tests.contract.exchange_plugin import OURS, ExchangePlugin, Verdict

FOLDER = "ML_CONNECTOR_SANDBOX_EXCHANGES"
"""Where sandboxes in processes of their own leave what they saw: `ml-connector sandbox` reads the variable."""
MOUNT = "/anaplan"
_ONE_SHAPE = [
    (re.compile(rb"[0-9A-F]{32}"), b"<ID>"),
    (re.compile(rb"[0-9a-f]{32}"), b"<id>"),
    (re.compile(rb"\d"), b"0"),
]
PLANTED = {
    "task/taskState: 'PAUSED'": "a state that no document knows, shown where a test plants it: a client must wait, not fail",
}
"""What tests make the sandbox do wrong on purpose, and why; anything else that is wrong fails the run."""


class Judge:
    """Takes exchanges from server threads and judges each shape once."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._waiting: list[tuple[Exchange, str]] = []
        self._lock = threading.Lock()
        self._verdict = Verdict()

    def take(self, exchange: Exchange, where: str = "") -> None:
        """Count an exchange, and keep it for the judgement where its shape is new; quick, since a client waits."""
        if not exchange.path.startswith(MOUNT):
            return
        shape = hash(_shape(exchange))
        with self._lock:
            self._verdict.counts["exchanges"] += 1
            self._verdict.counts["of our client"] += exchange.agent.startswith(OURS)
            if shape not in self._seen:
                self._seen.add(shape)
                self._waiting.append((exchange, where or os.environ.get("PYTEST_CURRENT_TEST", "")))

    def verdict(self) -> Verdict:
        """Judge what waits and answer everything found so far."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for exchange, where in waiting:
            self._verdict.counts["shapes"] += 1
            self._verdict.wrong += [f"{one}  [{where}]" for one in judge(exchange)]
        return self._verdict


def judge(exchange: Exchange) -> list[str]:
    """Answer what is wrong with one exchange; nothing where the documents are absent."""
    path = exchange.path.removeprefix(MOUNT)
    document = document_for(path)
    if document is None:
        return []
    plain = path_in_document(path)
    wrong = document.errors(exchange.method, plain, exchange.status, exchange.kind, exchange.answered)
    if exchange.agent.startswith(OURS):
        wrong += document.request_errors(exchange.method, plain, exchange.query, exchange.sent_kind, exchange.sent)
    return [one for one in wrong if not any(planted in one for planted in PLANTED)]


def _shape(exchange: Exchange) -> bytes:
    parts = (exchange.method, exchange.path, exchange.query, str(exchange.agent.startswith(OURS)), exchange.sent_kind,
             exchange.sent, f"<{exchange.status}>", exchange.kind, exchange.answered)  # fmt: skip
    text = "\n".join(parts).encode()
    for pattern, stands in _ONE_SHAPE:
        text = pattern.sub(stands, text)
    return text + f"<{exchange.status}>".encode()


class Plugin(ExchangePlugin):
    """Judges the sandboxes in processes of their own as well."""

    name = "anaplan_exchanges"
    absent = "the official Anaplan documents are"

    def __init__(self, config: pytest.Config) -> None:
        super().__init__(config, Judge())
        self.folder = None if self.is_worker else _folder_of_processes()

    def last_exchanges(self) -> Iterator[tuple[Exchange, str]]:
        if self.folder is None:
            return
        yield from _left_behind(self.folder)
        shutil.rmtree(self.folder)
        os.environ.pop(FOLDER, None)

    def says(self, counts: Mapping[str, int]) -> str:
        ours, shapes = counts["of our client"], counts["shapes"]
        return f"{counts['exchanges']} exchanges with Anaplan judged ({ours} of our client, {shapes} shapes)"

    def has_documents(self) -> bool:
        return document_for("/2/0/models") is not None


def _folder_of_processes() -> Path | None:
    """Answer where child processes leave what they saw; None where an outer run of tests has said so already."""
    if FOLDER in os.environ:
        return None
    folder = Path(tempfile.mkdtemp(prefix="exchanges"))
    os.environ[FOLDER] = str(folder)
    return folder


def _left_behind(folder: Path) -> Iterator[tuple[Exchange, str]]:
    """A sandbox that was killed may have left half a line at its end."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
            yield Exchange(**json.loads(line)), f"sandbox in process {path.stem}"


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Plugin(config), "anaplan_exchanges_of_this_run")
