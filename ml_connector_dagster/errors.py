"""Every error of the connector, named for the reader's next move.

ConnectorError
├── SettingWrong          a person must change something                        never retried
├── CredentialRefused     a person must consent or enter a secret again         never retried
├── RequestRejected       the same request fails again                          never retried
├── TemporarilyRefused    busy, limited, or the vendor is ill                   retried, bounded
├── QuotaExhausted        a day or month quota is spent; says when it opens     the schedule resumes
├── AnswerAwaited         asked for; the other machine answers when it is on    the answer starts a run
├── OutcomeUnknown        no answer after starting a task or posting a journal  look first, then decide
├── RecordRefused         one record cannot be read or mapped                   quarantined and counted
├── LoadIncomplete        rows rejected or ignored; task cancelled              replay after the fix
├── FiguresDiffer         books, staged and Anaplan do not agree                a person decides
└── HeldForPerson         nothing was loaded: a person must release it first    a person decides

Each message has three sentences: what happened, what it means, what to do. Values belong in it, secrets and whole payloads never.
"""

from __future__ import annotations

from datetime import datetime
from typing import Self


class ConnectorError(Exception):
    """What happened, what it means and what to do, with the identifiers that the audit trail needs."""

    def __init__(self, happened: str, means: str, do: str, **context: object) -> None:
        """Keep the three sentences apart, so that a page or a table can show them apart.

        Args:
            happened: The fact, with its values ("Anaplan answered 404 to GET …").
            means: The consequence for the figures ("nothing was loaded").
            do: The next move of the reader.
            context: connection, source, entity, record_id, task_id … never a secret.
        """
        super().__init__(happened, means, do)
        self.happened = happened
        self.means = means
        self.do = do
        self.context = context

    def __str__(self) -> str:
        return f"{self.happened} {self.means} {self.do}"

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling between processes with the context intact."""
        return (_rebuild, (type(self), self.happened, self.means, self.do, self.context))


def _rebuild(
    kind: type[ConnectorError], happened: str, means: str, do: str, context: dict[str, object]
) -> ConnectorError:
    return kind(happened, means, do, **context)


class SettingWrong(ConnectorError):
    """A setting, file, key or environment is wrong; nothing changes until a person mends it."""


class CredentialRefused(ConnectorError):
    """The vendor refuses the credential; a person must consent or enter it again."""


class RequestRejected(ConnectorError):
    """The vendor refused the request for good (4xx); context holds ``status``."""

    @property
    def status(self) -> int:
        """The HTTP status of the refusal; 0 where no answer was readable."""
        status = self.context.get("status", 0)
        return status if isinstance(status, int) else 0

    @classmethod
    def unknown_shape(cls, title: str, report: str) -> Self:
        """Answer the refusal of a report that this version cannot read.

        Args:
            title: The accounting system's.
            report: Which of its reports; kept as ``endpoint``.
        """
        return cls(
            f"{title} answered {report} in a shape that is not known.",
            "None of its figures may be used.",
            "Run ml-connector check; if it holds, update the connector.",
            endpoint=report,
        )


class TemporarilyRefused(ConnectorError):
    """408, 429, 5xx or a locked model: the same request may pass later."""

    @property
    def retry_after_seconds(self) -> float | None:
        """Seconds the vendor asked to wait; None where it did not say."""
        seconds = self.context.get("retry_after_seconds")
        return float(seconds) if isinstance(seconds, int | float) else None


class QuotaExhausted(ConnectorError):
    """A day or month quota is spent; ``opens_at`` says when calls are possible again."""

    @property
    def opens_at(self) -> datetime | None:
        """Aware UTC time at which the quota opens; None where the vendor did not say."""
        opens_at = self.context.get("opens_at")
        return opens_at if isinstance(opens_at, datetime) else None


class AnswerAwaited(ConnectorError):
    """What was asked for is not answered yet: no failure, nothing was read; the answer's arrival starts the next run."""


class OutcomeUnknown(ConnectorError):
    """The request may or may not have taken effect; look before doing it again."""


class RecordRefused(ConnectorError):
    """One record cannot be read or mapped; it is quarantined, counted, and fails the check."""

    @classmethod
    def untrusted(cls, title: str, happened: str) -> Self:
        """Answer the refusal of a record whose figures cannot be trusted.

        Args:
            title: The accounting system's.
            happened: What was seen, as a sentence.
        """
        return cls(
            happened,
            "Its figures cannot be trusted, so none of them is used.",
            f"Look at the record in {title}; if it is right there, update the connector. Then read the period again.",
        )


class LoadIncomplete(ConnectorError):
    """Anaplan finished the task but rejected or ignored rows, or cancelled it."""


class FiguresDiffer(ConnectorError):
    """The three totals of a period do not agree to the cent."""


class HeldForPerson(ConnectorError):
    """The load waits for a person: a locked period changed, a slice went empty, a code moved."""
