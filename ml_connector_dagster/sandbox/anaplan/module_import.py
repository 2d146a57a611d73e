"""Runs a module import: rows to cells, clear region first, duplicates added up, aggregates ignored."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.sandbox.anaplan.definitions import Column, ImportDefinition
from ml_connector_dagster.sandbox.anaplan.members import Dimension, Member
from ml_connector_dagster.sandbox.anaplan.modules import Key, LineItem, Module, Value
from ml_connector_dagster.sandbox.anaplan.outcomes import Dump, Outcome, RowCounts, RowFailure
from ml_connector_dagster.sandbox.anaplan.source_rows import SourceRows

if TYPE_CHECKING:
    from ml_connector_dagster.sandbox.anaplan.model import Model

_BOOLEANS = {"yes": True, "true": True, "no": False, "false": False}
_Find = Callable[[str], Member | str]


@dataclass
class _Axis:
    """One dimension of the module as the file fills it: a column's place and finder, or one fixed member.

    closed: members met that take no writes (aggregates, locked versions).
    """

    dimension: Dimension
    place: int | None
    find: _Find
    known: dict[str, Member | str] = field(default_factory=dict)
    closed: set[Member] = field(default_factory=set)

    def read(self, text: str) -> Member | str:
        """The member a text means, or what is wrong with it."""
        found = self.known[text] = self.find(text)
        if isinstance(found, Member) and (not found.is_leaf or getattr(found, "locked", False)):
            self.closed.add(found)
        return found


class MappingBroken(ValueError):  # noqa: N818 - named for what happened
    """The mapping does not fit the file or the run: the whole import fails."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ModuleImport:
    """One run over one module. prompted: entityType -> entityName, from the task's mappingParameters."""

    def __init__(
        self, model: "Model", definition: ImportDefinition, source: SourceRows, prompted: dict[str, str]
    ) -> None:
        self._model = model
        self._definition = definition
        self._source = source
        self._prompted = prompted
        self._module: Module = model.module_named(definition.target)
        self._counts = RowCounts()
        self._failures: list[RowFailure] = []
        self._new: dict[LineItem, dict[Key, Value]] = {}
        self._used: list[set[Member]] = []
        dimensions = self._module.dimensions
        windowed = any(
            getattr(entry, "edit_from", "") or getattr(entry, "edit_to", "") for entry in model.versions.members
        )
        self._version_at = dimensions.index(model.versions) if windowed and model.versions in dimensions else None
        self._time_at = dimensions.index(model.calendar) if model.calendar in dimensions else None

    def run(self) -> Outcome:
        try:
            axes = [self._axis(dimension) for dimension in self._module.dimensions]
        except MappingBroken as broken:
            return Outcome.failed(self._definition.id, self._definition.name, broken.code, str(broken))
        items = [
            (place, self._module.line_item(column.line_item))
            for header, column in self._definition.columns.items()
            if column.line_item and (place := self._source.position(header)) is not None
        ]
        self._used = [set() for _ in axes]
        self._new = {item: {} for _, item in items}
        for line, row in enumerate(self._source.rows, 2):
            self._take(line, row, axes, items)
        self._clear()
        for item, cells in self._new.items():
            for key, value in cells.items():
                item.write(key, value)
        return self._outcome()

    def _axis(self, dimension: Dimension) -> _Axis:
        for header, column in self._definition.columns.items():
            if column.dimension == dimension.name:
                place = self._source.position(header)
                if place is None:
                    raise MappingBroken("missingFields", f"The source has no column {header}.")
                return _Axis(dimension, place, self._finder(dimension, header, column))
        member = self._fixed(dimension)
        return _Axis(dimension, None, lambda _text: member)

    def _fixed(self, dimension: Dimension) -> Member:
        entity_type = self._definition.prompts.get(dimension.name)
        name = self._prompted.get(entity_type or "") or self._definition.fixed.get(dimension.name, "")
        member = dimension.find(name)
        if member is None:
            raise MappingBroken("failedToLocateEntity", f"{dimension.name} is not mapped.")
        return member

    def _finder(self, dimension: Dimension, header: str, column: Column) -> _Find:
        if dimension is self._model.calendar:
            return lambda text: self._model.calendar.read(text, column.time_format) or f"Invalid date: {text}"
        return lambda text: dimension.find(text, column.match) or f"Invalid name: {header}"

    def _take(self, line: int, row: list[str], axes: list[_Axis], items: list[tuple[int, LineItem]]) -> None:
        self._counts.total += 1
        key: list[Member] = []
        errors: list[str] = []
        writable = True
        for axis in axes:
            text = row[axis.place].strip() if axis.place is not None and axis.place < len(row) else ""
            found = axis.known.get(text)
            if found is None:
                found = axis.read(text)
            if isinstance(found, str):
                errors.append(found)
            else:
                key.append(found)
                writable = writable and found not in axis.closed
        if errors:
            self._refuse(line, row, errors, "E")
        elif not (writable and self._open(key)):
            self._counts.ignored += 1  # aggregates and locked versions: ignored, and not in the dump
        else:
            self._write(line, row, tuple(key), items)

    def _open(self, key: list[Member]) -> bool:
        """Whether the version takes writes in the month: editFrom and editTo."""
        if self._version_at is None or self._time_at is None:
            return True
        month = self._model.calendar.first_day.get(key[self._time_at])
        version: Any = key[self._version_at]
        return bool(version.takes(month))

    def _write(self, line: int, row: list[str], key: Key, items: list[tuple[int, LineItem]]) -> None:
        errors: list[str] = []
        written = 0
        for place, item in items:
            text = row[place].strip() if place < len(row) else ""
            if item.calculated or (item.is_number and not text):
                continue
            try:
                value = self._value(item, text)
            except ValueError as wrong:
                errors.append(str(wrong))
                continue
            written += 1
            cells = self._new[item]
            if isinstance(value, Decimal) and key in cells:
                value += Decimal(str(cells[key]))  # several rows for one numeric cell add up within one import
            cells[key] = value
        if written:
            for used, member in zip(self._used, key, strict=True):
                used.add(member)
        if errors:
            self._refuse(line, row, errors, "W" if written else "E")
        elif written:
            self._counts.updated += 1
        else:
            self._counts.ignored += 1

    def _value(self, item: LineItem, text: str) -> Value:
        """A list's item is found by code or name, and shown by its name."""
        kind, _, of_list = item.number_format.partition(":")
        if kind != "LIST" or not text:
            return _value(item, text, self._definition.file.decimal_separator)
        member = self._model.list_named(of_list).find(text)
        if member is None:
            raise ValueError(f"Invalid item: {text}")
        return member.name

    def _refuse(self, line: int, row: list[str], errors: list[str], status: str) -> None:
        if status == "E":
            self._counts.failed += 1
        else:
            self._counts.warned += 1
        self._failures.append(RowFailure(line, row, errors, status))

    def _clear(self) -> None:
        """Empty the mapped region: the cross product of the members present, not of the rows present.

        A file without a usable row clears nothing.
        """
        if not self._definition.clear or not any(self._used):
            return
        limits = [
            None if self._definition.clear.get(dimension.name) == "all" else used
            for dimension, used in zip(self._module.dimensions, self._used, strict=True)
        ]
        for item in self._new:
            doomed = [
                key
                for key in item.cells
                if all(limit is None or member in limit for limit, member in zip(limits, key, strict=True))
            ]
            for key in doomed:
                del item.cells[key]

    def _outcome(self) -> Outcome:
        detail = self._counts.detail("lineItemRowsProcessed", "moduleName", self._module.name)
        dump = None
        if self._failures:
            file = self._definition.file
            dump = Dump(self._source.headers, self._failures, self._definition.dump_status, file.encoding)
        return Outcome(self._definition.id, self._definition.name, details=[detail], dump=dump)


def _value(item: LineItem, text: str, decimal_separator: str) -> Value:
    """The cell's value of a text; a wrong one is an error in the vendor's words."""
    if item.is_number:
        return _number(text, decimal_separator)
    if item.number_format == "BOOLEAN":
        if text.casefold() not in _BOOLEANS:
            raise ValueError(f"Invalid boolean: {text}")
        return _BOOLEANS[text.casefold()]
    if item.number_format == "DATE" and text:
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError as wrong:
            raise ValueError(f"Invalid date: {text}") from wrong
    return text


def _number(text: str, decimal_separator: str) -> Decimal:
    """Plain decimal notation; thousands separators and exponents are refused."""
    try:
        if set(text) <= _DIGITS | {decimal_separator}:
            return Decimal(text.replace(decimal_separator, "."))
    except InvalidOperation:
        pass
    raise ValueError(f"Invalid number: {text}")


_DIGITS = frozenset("0123456789-")
