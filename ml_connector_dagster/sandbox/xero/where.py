"""Xero's `where` and `order`: a small expression language over the fields of a record."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

Json = Mapping[str, Any]
Test = Callable[[Json], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"[^"]*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][A-Za-z0-9_.]*)"""
    r"""|(?P<symbol>==|!=|>=|<=|&&|\|\||[<>=(),]))"""
)
_STAMP = re.compile(r"^/Date\((-?\d+)(?:[+-]\d{4})?\)/$")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: bool(left == right),
    "=": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    ">=": lambda left, right: bool(left >= right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    "<": lambda left, right: bool(left < right),
}
_METHODS: dict[str, Callable[[str, str], bool]] = {
    "Contains": lambda field, text: text in field,
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
}


class QueryParseError(ValueError):
    """The expression cannot be read, names an unknown field, or compares what cannot be compared."""


def parse_where(expression: str, fields: frozenset[str]) -> Test:
    """Turn an expression into a test of one record, as the record stands on the wire."""
    parser = _Parser(expression, fields)
    test = parser.either()
    parser.end()
    return test


def parse_order(expression: str, fields: frozenset[str]) -> list[tuple[str, bool]]:
    """Turn "Date DESC, InvoiceID" into [(field, descending)]."""
    found = []
    for part in expression.split(","):
        words = part.split()
        if not words or words[0] not in fields or len(words) > 2:
            raise QueryParseError(f"No property or field '{part.strip()}' exists")
        found.append((_wire_name(words[0]), len(words) == 2 and words[1].upper().startswith("DESC")))
    return found


def named_fields(expression: str, fields: frozenset[str]) -> set[str]:
    """The fields that a readable expression names, as they are spelled on the wire."""
    paths = {token for token in _tokens(expression) if not token.startswith('"')}
    bare = {path.rpartition(".")[0] if path.rpartition(".")[2] in _METHODS else path for path in paths}
    return {_wire_name(path) for path in bare if path in fields}


def value_of(record: Json, path: str) -> Any:
    """The field at a dotted path, dates as epoch milliseconds; None where it is missing."""
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, str) and value.startswith("/Date("):
        match = _STAMP.match(value)
        return int(match.group(1)) if match else None
    return value


class _Parser:
    def __init__(self, expression: str, fields: frozenset[str]) -> None:
        self._fields = fields
        self._tokens = _tokens(expression)
        self._at = 0

    def either(self) -> Test:
        tests = [self._both()]
        while self._take_word("OR") or self._take("||"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda record: any(test(record) for test in tests)

    def end(self) -> None:
        if self._at != len(self._tokens):
            raise QueryParseError(f"Syntax error at '{self._tokens[self._at]}'")

    def _both(self) -> Test:
        tests = [self._one()]
        while self._take_word("AND") or self._take("&&"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda record: all(test(record) for test in tests)

    def _one(self) -> Test:
        if self._take("("):
            test = self.either()
            self._need(")")
            return test
        path = self._next()
        name, _, method = path.rpartition(".")
        if method in _METHODS and name:
            return self._method(self._field(name), _METHODS[method])
        return self._comparison(self._field(path))

    def _comparison(self, field: str) -> Test:
        symbol = self._next()
        if symbol not in _COMPARE:
            raise QueryParseError(f"Expression of type 'Boolean' expected at '{symbol}'")
        compare, wanted = _COMPARE[symbol], self._value()
        if field.endswith(("Date", "DateUTC")) and not isinstance(wanted, int | None):
            raise QueryParseError("Operator incompatible with operand types 'DateTime?' and 'String'")

        def test(record: Json) -> bool:
            found = value_of(record, field)
            if wanted is None:
                return (found is None) == (symbol in {"==", "="})
            if found is None:
                return symbol == "!="
            try:
                return compare(found.lower() if isinstance(found, str) and _is_id(field) else found, wanted)
            except TypeError as wrong:
                raise QueryParseError("Operator incompatible with operand types") from wrong

        return test

    def _method(self, field: str, method: Callable[[str, str], bool]) -> Test:
        self._need("(")
        text = self._value()
        self._need(")")
        if not isinstance(text, str):
            raise QueryParseError("No applicable method exists")
        return lambda record: isinstance(found := value_of(record, field), str) and method(found, text)

    def _value(self) -> Any:
        token = self._next()
        if token.startswith('"'):
            return token[1:-1]
        if re.fullmatch(r"-?\d+(\.\d+)?", token):
            return float(token) if "." in token else int(token)
        word = token.lower()
        if word in {"true", "false", "null"}:
            return {"true": True, "false": False, "null": None}[word]
        if word == "guid":
            return self._arguments()[0].strip('"').lower()
        if word == "datetime":
            return _moment(self._arguments())
        raise QueryParseError(f"No property or field '{token}' exists")

    def _arguments(self) -> list[str]:
        self._need("(")
        found = [self._next()]
        while self._take(","):
            found.append(self._next())
        self._need(")")
        return found

    def _field(self, path: str) -> str:
        if path not in self._fields:
            raise QueryParseError(f"No property or field '{path}' exists")
        return _wire_name(path)

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise QueryParseError("Expression expected")
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, symbol: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == symbol:
            self._at += 1
            return True
        return False

    def _take_word(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at].upper() == word:
            self._at += 1
            return True
        return False

    def _need(self, symbol: str) -> None:
        if not self._take(symbol):
            raise QueryParseError(f"'{symbol}' expected")


def _is_id(field: str) -> bool:
    return field.endswith("ID")


def _wire_name(path: str) -> str:
    """InvoiceId in an expression is InvoiceID on the wire; the vendor takes both."""
    return f"{path[:-2]}ID" if path.endswith("Id") else path


def _moment(arguments: list[str]) -> int:
    try:
        numbers = [int(argument) for argument in arguments]
        moment = datetime(*numbers, tzinfo=UTC)  # type: ignore[misc,arg-type]
    except (TypeError, ValueError) as wrong:
        raise QueryParseError("Invalid DateTime") from wrong
    return round(moment.timestamp() * 1000)


def _tokens(expression: str) -> list[str]:
    found, at = [], 0
    text = expression.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise QueryParseError(f"Syntax error at '{text[at:]}'")
        found.append(match.group().strip())
        at = match.end()
    return found
