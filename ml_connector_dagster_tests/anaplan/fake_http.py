"""A client that answers what a test wrote down, and remembers what was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from ml_connector_dagster.anaplan.client import AnaplanModel
from ml_connector_dagster.anaplan.patience import Patience
from ml_connector_dagster.transport.answer import Answer

WORKSPACE, MODEL = "a" * 32, "B" * 32


class FakeHttp:
    """``answers`` maps the end of an address (after the model's id) to a body, an error, or a function of the request."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str, Any]] = []

    def get(
        self, url: str, *, params: Any = None, headers: Any = None, read_timeout_seconds: Any = None, expected: Any = ()
    ) -> Answer:
        return self._answer("GET", url, params)

    def send(
        self, method: str, url: str, *, json: Any = None, content: Any = None, headers: Any = None, **_: Any
    ) -> Answer:
        return self._answer(method, url, SimpleNamespace(json=json, content=content, headers=headers))

    def _answer(self, method: str, url: str, sent: Any) -> Answer:
        path = url.partition(MODEL)[2].lstrip("/") if MODEL in url else url
        self.asked.append((method, path, sent))
        found = self.answers[path]
        if isinstance(found, Callable):
            found = found(sent)
        if isinstance(found, Exception):
            raise found
        if isinstance(found, bytes):
            return Answer(200, {}, found, url)
        if isinstance(found, int):
            return Answer(found, {}, b"", url)
        return Answer(
            200,
            {},
            json.dumps(found, default=lambda one: float(one) if isinstance(one, Decimal) else one).encode(),
            url,
        )


class Ticks:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.at = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.at += seconds
        self.slept.append(seconds)

    def clock(self) -> float:
        return self.at


def model_with(answers: dict[str, Any], **changed: Any) -> AnaplanModel:
    """A model over canned answers whose waits take no time."""
    ticks = Ticks()
    patience = Patience(sleep=ticks.sleep, clock=ticks.clock, **changed)
    model = AnaplanModel(
        FakeHttp(answers), api_url="https://api", workspace_id=WORKSPACE, model_id=MODEL, locks=None, patience=patience
    )
    model.ticks = ticks
    return model
