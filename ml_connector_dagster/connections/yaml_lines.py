"""Reads a YAML file and remembers on which line each value stands, so that an error can point at it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ml_connector_dagster.errors import SettingWrong

SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML's own, twelve times as fast where its C library came with it."""
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
        said = f"{self.path}, line {line}: {_continued(happened)}"
        return SettingWrong(said, means, do, file=str(self.path), line=line)


def read_yaml(path: Path) -> YamlFile:
    """Read the file with the safe loader.

    Raises:
        SettingWrong: There is no such file, it is no UTF-8 text or no YAML, or a key stands in it twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingWrong(
            f"{path} cannot be read ({error.strerror}).",
            "The connection has no settings.",
            "Write it, or run ml-connector init --sample to get a commented one.",
            file=str(path),
            line=1,
        ) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _no_yaml(path, line, "it is not UTF-8 text", "Save the file as UTF-8.") from error
    reading = _Reading(path)
    try:
        node = yaml.compose(text, Loader=SAFE_LOADER)
        values = None if node is None else reading.value(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        do = "Mend the line; indentation counts, and a text with ': ' or a leading '=' or '%' belongs in quotes."
        raise _no_yaml(path, mark.line + 1 if mark is not None else 1, str(error.problem), do) from error
    except (yaml.YAMLError, ValueError) as error:  # a control character; a date that is none, such as 2024-13-01
        do = "Put the value in quotes, or take the character away."
        raise _no_yaml(path, reading.newest_line, " ".join(str(error).split()), do) from error
    return YamlFile(path, values, reading.lines)


def _continued(sentence: str) -> str:
    """File and line stand before it, so it begins small; a name keeps its letters."""
    first, _, rest = sentence.partition(" ")
    return f"{first.lower()} {rest}" if first.isalpha() and first.istitle() else sentence


def _no_yaml(path: Path, line: int, why: str, do: str) -> SettingWrong:
    return SettingWrong(
        f"{path}, line {line}: this is no YAML ({why}).",
        "The connection cannot be read.",
        do,
        file=str(path),
        line=line,
    )


class _Reading:
    """Turns nodes into values, noting lines and refusing a repeated key, of which YAML would drop the first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[Location, int] = {}
        self.newest_line = 1
        """Where the value stands that was looked at last."""
        self._scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, location: Location) -> Any:
        self.newest_line = node.start_mark.line + 1
        self.lines.setdefault(location, self.newest_line)
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
