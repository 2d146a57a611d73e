"""The list grammar: search[…] keys that narrow, all others ignored without a word; pages, includes, sorting."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from starlette.requests import Request

_SEARCH = re.compile(r"search\[(\w+)\](\[\])?")
_DEFAULT_PAGE, _LONGEST_PAGE = 15, 100
Field = Callable[[Any], str]
T = TypeVar("T")


@dataclass(frozen=True)
class Grammar:
    """What one list understands. A field answers a record's value as text."""

    equals: Mapping[str, Field]
    ranges: Mapping[str, Field]
    """key_min and key_max; for updated the day in US/Eastern alone counts."""
    amounts: Mapping[str, Callable[[Any], int]]
    contains: Mapping[str, Field]
    sorts: Mapping[str, Field]


def narrow(request: Request, grammar: Grammar, records: Sequence[T]) -> list[T]:
    """The records that pass every key the list knows."""
    found = list(records)
    for key, values in searched(request).items():
        test = _test(grammar, key, values)
        if test is not None:
            found = [record for record in found if test(record)]
    field, _, direction = request.query_params.get("sort", "").rpartition("_")
    if field in grammar.sorts and direction in {"asc", "desc"}:
        found.sort(key=grammar.sorts[field], reverse=direction == "desc")
    return found


def searched(request: Request) -> dict[str, list[str]]:
    """search[key] and search[key][] by key."""
    found: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if match := _SEARCH.fullmatch(name):
            found.setdefault(match[1], []).append(value)
    return found


def includes(request: Request, what: str) -> bool:
    return what in request.query_params.getlist("include[]")


def page(request: Request, records: Sequence[T]) -> tuple[list[T], dict[str, int]]:
    """One page and its numbers. Past the end it is empty; of nothing there are 0 pages."""
    size = min(_number(request, "per_page", _DEFAULT_PAGE), _LONGEST_PAGE)
    number = _number(request, "page", 1)
    total = len(records)
    shown = list(records[(number - 1) * size : number * size])
    return shown, {"page": number, "pages": -(-total // size), "per_page": size, "total": total}


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return max(int(text), 1) if text.isdigit() and int(text) else default


def _test(grammar: Grammar, key: str, values: list[str]) -> Callable[[Any], bool] | None:
    """What a key asks of a record; None for a key that this list does not know."""
    if key in grammar.equals:
        field, wanted = grammar.equals[key], frozenset(values)
        return lambda record: field(record) in wanted
    if key in grammar.contains:
        field, part = grammar.contains[key], values[0].lower()
        return lambda record: part in field(record).lower()
    stem, _, end = key.rpartition("_")
    if end not in {"min", "max"}:
        return None
    if stem in grammar.ranges:
        field, bound = grammar.ranges[stem], values[0][:10]
        return (lambda record: field(record) >= bound) if end == "min" else (lambda record: field(record) <= bound)
    if stem in grammar.amounts:
        amount, cents = grammar.amounts[stem], Decimal(values[0]) * 100
        return (lambda record: amount(record) >= cents) if end == "min" else (lambda record: amount(record) <= cents)
    return None
