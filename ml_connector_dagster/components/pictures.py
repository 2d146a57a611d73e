"""Pictures for people who would rather look than read: drawn as SVG, shown inline on an asset's page.

The UI strips markup from markdown but keeps images by data address, SVG among them (tried with Dagster 1.13).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

import dagster as dg

WIDTH = 760
SHOWN_AT_ONCE = 1000
"""Characters from which the UI hides markdown behind a click (its MetadataEntry; Dagster 1.13)."""
MOST_BARS = 12
MOST_MONTHS = 12
BOOKS_COLOR, NAMED_COLOR, STAGED_COLOR, ANAPLAN_COLOR, RED = "#4f43dd", "#c4bfff", "#94a3b8", "#0f9d8a", "#d1373b"
_INK, _FAINT = "#1e293b", "#cbd5e1"
_FONT = 'font-family="Inter, Helvetica, Arial, sans-serif" font-size="12"'


@dataclass(frozen=True, slots=True)
class MonthTotals:
    """The three totals of one month, for the picture."""

    period: str
    books: Decimal
    staged: Decimal
    anaplan: Decimal
    holds: bool
    named: Decimal = Decimal(0)
    """What the books show and no document does, such as a revaluation; drawn paler, as books and staged differ by it."""


def bars(title: str, figures: Mapping[str, Decimal]) -> dg.MarkdownMetadataValue:
    """Draw the largest figures as bars, negative ones red, the rest as one; as many as the page shows without a click."""
    for most in range(MOST_BARS, 0, -1):
        picture = _bars(title, _largest(figures, most))
        if len(picture.value or "") < SHOWN_AT_ONCE:
            break
    return picture


def _bars(title: str, figures: Mapping[str, Decimal]) -> dg.MarkdownMetadataValue:
    widest = max((abs(amount) for amount in figures.values()), default=Decimal(1))
    above, below, texts = "", "", ""
    for row, (name, amount) in enumerate(figures.items()):
        line = f"M200 {row * 18 + 9}h{abs(amount) / widest * 300:.0f}"
        above, below = (above, below + line) if amount < 0 else (above + line, below)
        texts += f'<text y="{row * 18 + 13}">{escape(name[:16])} {amount:,.0f}</text>'
    drawn = "".join(f'<path stroke="{color}" d="{d}"/>' for color, d in ((BOOKS_COLOR, above), (RED, below)) if d)
    size = f'width="510" height="{len(figures) * 18}" font-family="Arial" font-size="12" stroke-width="11"'
    return _image(title, f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{drawn}<g stroke="none">{texts}</g></svg>')


def totals_by_month(title: str, months: Iterable[MonthTotals]) -> dg.MarkdownMetadataValue:
    """Draw books, staged and Anaplan side by side for the newest months; a month that does not hold is marked red."""
    shown = sorted(months, key=lambda one: one.period)[-MOST_MONTHS:]
    tallest = max((abs(amount) for one in shown for amount in _amounts(one)), default=Decimal(0)) or Decimal(1)
    height, base = 150, 200
    drawn = [_text(0, 16, title, weight=600), *_legend()]
    for column, one in enumerate(shown):
        x = 10 + column * (WIDTH - 20) // MOST_MONTHS
        for bar, (amount, color) in enumerate(
            zip(_amounts(one), (BOOKS_COLOR, STAGED_COLOR, ANAPLAN_COLOR), strict=True)
        ):
            length = abs(amount) / tallest * height
            drawn.append(_rect(x + bar * 15, base - length, 13, length, color))
        without, with_named = sorted((abs(one.books), abs(one.books - one.named)))
        drawn.append(
            _rect(x, base - with_named / tallest * height, 13, (with_named - without) / tallest * height, NAMED_COLOR)
        )
        drawn.append(_text(x + 22, base + 16, one.period, anchor="middle", color=_INK if one.holds else RED))
        drawn.append(_text(x + 22, base + 32, "=" if one.holds else "≠", anchor="middle", color=_mark(one)))
    drawn.append(f'<line x1="0" x2="{WIDTH}" y1="{base}" y2="{base}" stroke="{_FAINT}"/>')
    return _picture(title, drawn, base + 40)


def _amounts(one: MonthTotals) -> tuple[Decimal, Decimal, Decimal]:
    return one.books, one.staged, one.anaplan


def _mark(one: MonthTotals) -> str:
    return ANAPLAN_COLOR if one.holds else RED


def _legend() -> list[str]:
    named = (
        (405, "books", BOOKS_COLOR),
        (475, "in no document", NAMED_COLOR),
        (605, "staged", STAGED_COLOR),
        (680, "Anaplan", ANAPLAN_COLOR),
    )
    return [part for x, name, color in named for part in (_rect(x, 6, 11, 11, color), _text(x + 16, 16, name))]


def _largest(figures: Mapping[str, Decimal], most: int) -> dict[str, Decimal]:
    ordered = sorted(
        ((name, amount) for name, amount in figures.items() if amount), key=lambda one: (-abs(one[1]), one[0])
    )
    kept = dict(ordered[:most])
    rest = ordered[most:]
    return {**kept, f"{len(rest)} others": sum((amount for _, amount in rest), Decimal(0))} if rest else kept


def _rect(x: Decimal | int, y: Decimal | int, width: Decimal | int, height: Decimal | int, color: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2" fill="{color}"/>'


def _text(x: Decimal | int, y: int, text: str, *, anchor: str = "start", color: str = _INK, weight: int = 400) -> str:
    return (
        f'<text x="{x:.0f}" y="{y}" text-anchor="{anchor}" fill="{color}" font-weight="{weight}" {_FONT}>'
        f"{escape(text)}</text>"
    )


def _picture(title: str, drawn: Sequence[str], height: int) -> dg.MarkdownMetadataValue:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(drawn)}</svg>'
    )
    return _image(title, svg)


def _image(title: str, svg: str) -> dg.MarkdownMetadataValue:
    address = base64.b64encode(svg.encode()).decode()
    alternative = title.replace("[", "(").replace("]", ")")
    return dg.MetadataValue.md(f"![{alternative}](data:image/svg+xml;base64,{address})")
