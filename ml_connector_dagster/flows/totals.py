"""What a tie-out compares: figures by subject, and where they differ."""

from __future__ import annotations

from collections import defaultdict
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
class Figure:
    """The figures of one ledger account or document side by side, equal or not; the module's own sign, base currency."""

    subject: str
    books: Decimal
    named: Decimal
    """What is in the books and in no document, as the residual classes name it."""
    staged: Decimal
    anaplan: Decimal | None = None
    """None where the model was not asked, or does not show this subject by itself."""

    @property
    def unexplained(self) -> Decimal:
        """What no class explains, of books against staged and of staged against Anaplan; never negative."""
        strayed = ZERO if self.anaplan is None else abs(self.staged - self.anaplan)
        return abs(self.books - self.named - self.staged) + strayed


@dataclass(frozen=True, slots=True)
class SourceTotals:
    """Books against staged, before mapping; the module's own sign."""

    books: Decimal
    staged: Decimal
    residuals: Mapping[str, Decimal] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    note: str = ""
    figures: Mapping[str, Figure] = field(default_factory=dict)
    """Every account or document by its source id, without those that show 0 everywhere."""


def side_by_side(
    figures: Mapping[str, Figure], member_of: Callable[[str], str | None], shown: Mapping[str, Decimal]
) -> tuple[Figure, ...]:
    """Put the model's figure beside the books', one line per member: accounts that share a member are summed.

    Args:
        figures: By source id.
        member_of: Source id to the member that its figures are loaded to; None for one without.
        shown: Member to what the model answered; what no source id leads to comes last, without a figure in the books.
    """
    together: dict[str, list[Figure]] = defaultdict(list)
    for source_id, figure in figures.items():
        together[(member_of(source_id) or source_id).casefold()].append(figure)
    answered = {member.casefold(): (member, amount) for member, amount in shown.items()}
    lines = [_summed(found, answered.get(key, ("", ZERO))[1]) for key, found in together.items()]
    others = [Figure(name, ZERO, ZERO, ZERO, amount) for key, (name, amount) in answered.items() if key not in together]
    return (*sorted(lines, key=lambda one: one.subject), *(one for one in others if one.anaplan))


def _summed(figures: list[Figure], anaplan: Decimal) -> Figure:
    books, named, staged = (
        sum(amounts, ZERO) for amounts in zip(*((one.books, one.named, one.staged) for one in figures), strict=True)
    )
    return Figure(", ".join(sorted(one.subject for one in figures)), books, named, staged, anaplan)


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
        figures={
            key: Figure(subject(key), books.get(key, ZERO), named, staged.get(key, ZERO))
            for key, named in explained.items()
            if named or books.get(key) or staged.get(key)
        },
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
