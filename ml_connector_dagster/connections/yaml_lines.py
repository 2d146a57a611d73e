"""Reads a YAML file and remembers on which line each value stands, so that an error can point at it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ml_connector_dagster.errors import SettingWrong

Location = tuple[str | int, ...]
"""Keys and list positions from the top of the file down to a value."""


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The values of a file, and the line of every key and list item."""

    path: Path
    values: Any
    lines: dict[Location, int]

    def line(self, location: Location) -> int:
        """Answer the line of the value, or of the nearest value around it that the file holds; counts from 1."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)

    def wrong(self, location: Location, happened: str, means: str, do: str) -> SettingWrong:
        """Build the error for the value at that location: file and line come first."""
        line = self.line(location)
        return SettingWrong(f"{self.path}, line {line}: {happened}", means, do, file=str(self.path), line=line)


def read_yaml(path: Path) -> YamlFile:
    """Read the file with the safe loader.

    Raises:
        SettingWrong: There is no such file, it is no YAML, or a key stands in it twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingWrong(
            f"{path} cannot be read ({error.strerror}).",
            "The connection has no settings.",
            "Write it, or run ml-connector init --sample to get a commented one.",
            file=str(path),
        ) from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark is not None else 1
        raise SettingWrong(
            f"{path}, line {line}: this is no YAML ({error.problem}).",
            "The connection cannot be read.",
            "Mend the line; indentation counts, and a text with ': ' or a leading '=' or '%' belongs in quotes.",
            file=str(path),
            line=line,
        ) from error
    reading = _Reading(path)
    return YamlFile(path, None if node is None else reading.value(node, ()), reading.lines)


class _Reading:
    """Turns nodes into values, noting lines and refusing a repeated key, of which YAML would drop the first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[Location, int] = {}
        self._scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, location: Location) -> Any:
        self.lines.setdefault(location, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, location)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*location, index)) for index, item in enumerate(node.value)]
        return self._scalars.construct_object(node, deep=True)

    def _mapping(self, node: yaml.MappingNode, location: Location) -> dict[Hashable, Any]:
        answer: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            key = self._scalars.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if key in answer:
                raise SettingWrong(
                    f"{self.path}, line {line}: {key!r} stands here twice.",
                    "The first would silently be dropped.",
                    "Keep one of the two.",
                    file=str(self.path),
                    line=line,
                )
            self.lines[*location, key] = line
            answer[key] = self.value(value_node, (*location, key))
        return answer
