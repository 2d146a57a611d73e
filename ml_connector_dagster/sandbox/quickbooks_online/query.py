"""QuickBooks' query language as far as it goes: read into a statement, or a fault with code 4000 or 4001."""

import re
from dataclasses import dataclass

MAX_RESULTS = 1_000
_DEFAULT_RESULTS = 100
_TOKEN = re.compile(r"\s*(?:('(?:\\.|[^'\\])*')|(<=|>=|[=<>(),*])|([A-Za-z_][\w.]*)|(-?\d+(?:\.\d+)?))")
_END = re.compile(r"\s*;?\s*$")
_OPERATORS = frozenset({"=", "<", ">", "<=", ">="})


class QueryWrong(Exception):  # noqa: N818 - named for what the reader must mend
    """A statement that QuickBooks refuses: 4000 for its grammar, 4001 for what it names or asks."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class Condition:
    attribute: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """One select. Names are in the writer's case; start counts from 1."""

    entity: str
    counts: bool
    conditions: tuple[Condition, ...]
    order: tuple[tuple[str, bool], ...]
    """Attribute, and whether descending."""
    start: int
    results: int


def parse(text: str) -> Statement:
    """Read a statement; raises QueryWrong."""
    return _Parser(_tokens(text)).statement()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str

    @property
    def word(self) -> str:
        return self.text.upper() if self.kind == "word" else ""


def _tokens(text: str) -> list[_Token]:
    found, place = [], 0
    while not _END.match(text, place):
        match = _TOKEN.match(text, place)
        if match is None:
            raise QueryWrong("4000", f'Encountered " {text[place : place + 20]}" at column {place + 1}.')
        literal, sign, word, number = match.groups()
        if literal is not None:
            found.append(_Token("value", re.sub(r"\\(.)", r"\1", literal[1:-1])))
        elif sign is not None:
            found.append(_Token("sign", sign))
        else:
            found.append(_Token("word", word) if word is not None else _Token("number", number))
        place = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._place = 0

    def statement(self) -> Statement:
        self._word("SELECT")
        counts = self._selection()
        self._word("FROM")
        entity = self._take("word").text
        conditions = self._conditions()
        order = self._order()
        start = self._number_after("STARTPOSITION", 1)
        results = self._number_after("MAXRESULTS", _DEFAULT_RESULTS)
        if self._place < len(self._tokens):
            raise self._unexpected()
        if start < 1:
            raise QueryWrong("4001", "Start position must be at least 1.")
        if not 0 < results <= MAX_RESULTS:
            raise QueryWrong("4001", f"Max results must be between 1 and {MAX_RESULTS}.")
        return Statement(entity, counts, conditions, order, start, results)

    def _selection(self) -> bool:
        """A star, a star with further names, or count(*); projections are not supported."""
        if self._peek().word == "COUNT":
            self._place += 1
            for sign in "(*)":
                self._sign(sign)
            return True
        self._sign("*")
        while self._peek().text == ",":
            self._place += 1
            self._take("word")
        return False

    def _conditions(self) -> tuple[Condition, ...]:
        if self._peek().word != "WHERE":
            return ()
        self._place += 1
        found = [self._condition()]
        while self._peek().word == "AND":
            self._place += 1
            found.append(self._condition())
        return tuple(found)

    def _condition(self) -> Condition:
        attribute = self._take("word").text
        token = self._next()
        if token.text in _OPERATORS:
            return Condition(attribute, token.text, (self._value(),))
        if token.word == "LIKE":
            return Condition(attribute, "LIKE", (self._value(),))
        if token.word == "IN":
            self._sign("(")
            values = [self._value()]
            while self._peek().text == ",":
                self._place += 1
                values.append(self._value())
            self._sign(")")
            return Condition(attribute, "IN", tuple(values))
        self._place -= 1
        raise self._unexpected()

    def _value(self) -> str:
        """In single quotes; true, false and CURRENT_DATE bare."""
        token = self._next()
        if token.kind == "value" or token.word in {"TRUE", "FALSE", "CURRENT_DATE"}:
            return token.text
        self._place -= 1
        raise self._unexpected()

    def _order(self) -> tuple[tuple[str, bool], ...]:
        if self._peek().word == "ORDERBY":
            self._place += 1
        elif self._peek().word == "ORDER":
            self._place += 1
            self._word("BY")
        else:
            return ()
        found = [self._ordered()]
        while self._peek().text == ",":
            self._place += 1
            found.append(self._ordered())
        return tuple(found)

    def _ordered(self) -> tuple[str, bool]:
        attribute = self._take("word").text
        if self._peek().word in {"ASC", "DESC"}:
            return attribute, self._next().word == "DESC"
        return attribute, False

    def _number_after(self, word: str, default: int) -> int:
        if self._peek().word != word:
            return default
        self._place += 1
        token = self._take("number")
        if not re.fullmatch(r"-?\d+", token.text):
            raise QueryWrong("4001", f"{token.text} is no whole number.")
        return int(token.text)

    def _peek(self) -> _Token:
        return self._tokens[self._place] if self._place < len(self._tokens) else _Token("end", "")

    def _next(self) -> _Token:
        token = self._peek()
        self._place += 1
        return token

    def _take(self, kind: str) -> _Token:
        if self._peek().kind != kind:
            raise self._unexpected()
        return self._next()

    def _word(self, word: str) -> None:
        if self._peek().word != word:
            raise self._unexpected()
        self._place += 1

    def _sign(self, sign: str) -> None:
        if self._peek().text != sign:
            raise self._unexpected()
        self._place += 1

    def _unexpected(self) -> QueryWrong:
        token = self._peek()
        return QueryWrong("4000", f'Encountered "{token.text or "<EOF>"}" at token {self._place + 1}.')
