"""What a tie-out compares: figures by subject, and where they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ml_connector_dagster.ledger.money import ZERO


@dataclass(frozen=True, slots=True)
class Difference:
    """One ledger account, document or member where figures differ; the module's own sign, base currency."""

    subject: str
    """``account 200 Sales``, ``document INV-1``, ``member Account 200, Customer UK-1``."""
    books: Decimal | None
    """None where the subject is a member: the books do not know it."""
    staged: Decimal
    anaplan: Decimal | None
    """None where the subject is a source account: Anaplan knows members alone."""
    unexplained: Decimal
    """What no named residual class explains."""

    @property
    def says(self) -> str:
        """The figures in words."""
        if self.books is None:
            return f"{self.subject}: staged {self.staged:,.2f}, Anaplan {self.anaplan:,.2f}"
        return (
            f"{self.subject}: books {self.books:,.2f}, staged {self.staged:,.2f}, unexplained {self.unexplained:,.2f}"
        )

    def facts(self) -> dict[str, str | None]:
        """Answer the figures as texts, for the state database."""
        return {
            "subject": self.subject,
            **{name: None if amount is None else f"{amount:f}" for name, amount in self._amounts().items()},
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Difference:
        """Read what ``facts`` wrote."""
        amounts = {name: None if text is None else Decimal(text) for name, text in facts.items() if name != "subject"}
        return cls(facts["subject"], **amounts)  # type: ignore[arg-type]  # the same names that facts wrote

    def _amounts(self) -> dict[str, Decimal | None]:
        return {
            "books": self.books,
            "staged": self.staged,
            "anaplan": self.anaplan,
            "unexplained": self.unexplained,
        }


@dataclass(frozen=True, slots=True)
class SourceTotals:
    """Books against staged, before mapping; the module's own sign."""

    books: Decimal
    staged: Decimal
    residuals: Mapping[str, Decimal] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    note: str = ""


def compared(
    books: Mapping[str, Decimal],
    staged: Mapping[str, Decimal],
    residuals: Mapping[str, Mapping[str, Decimal]],
    *,
    subject: Callable[[str], str],
) -> SourceTotals:
    """Compare per source account or document; a difference that named classes explain is none.

    Args:
        books: Id to the books' figure, in the module's sign.
        staged: Id to what was staged, in the same sign.
        residuals: Class to id to amount, in the same sign; summed from named postings, never from the difference.
        subject: Id to how a person calls it.
    """
    keys = {*books, *staged, *(key for amounts in residuals.values() for key in amounts)}
    explained = {key: sum((amounts.get(key, ZERO) for amounts in residuals.values()), ZERO) for key in keys}
    return SourceTotals(
        books=sum(books.values(), ZERO),
        staged=sum(staged.values(), ZERO),
        residuals={name: sum(amounts.values(), ZERO) for name, amounts in residuals.items() if any(amounts.values())},
        differences=tuple(_differences(books, staged, explained, subject)),
    )


def _differences(
    books: Mapping[str, Decimal],
    staged: Mapping[str, Decimal],
    explained: Mapping[str, Decimal],
    subject: Callable[[str], str],
) -> Iterator[Difference]:
    for key in sorted(explained, key=subject):
        in_books, in_staging = books.get(key, ZERO), staged.get(key, ZERO)
        left = in_books - in_staging - explained[key]
        if left:
            yield Difference(subject(key), in_books, in_staging, None, left)
