"""Unrolls what refers to itself in an OpenAPI document: Prism lets anything pass below a schema of a ring.

Xero's Invoice names Payment, which names Invoice again. Each member of such a ring is copied level by level (``Invoice``,
``Invoice.1``, ``Invoice.2``); below the last level any object will do.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Json = Any
_SCHEMAS = "#/components/schemas/"


def unrolled(schemas: Mapping[str, Json], depth: int) -> dict[str, Json]:
    """Answer the same schemas without rings, each member of a ring in depth + 1 copies."""
    rings = rings_of(schemas)
    made = {}
    for name, schema in schemas.items():
        made[name] = _renamed(schema, _one_level_down(rings[name], 0, depth))
        for level in range(1, depth + 1 if rings[name] else 0):
            made[f"{name}.{level}"] = _renamed(schema, _one_level_down(rings[name], level, depth))
    return made


def rings_of(schemas: Mapping[str, Json]) -> dict[str, frozenset[str]]:
    """Answer, for each schema, those that it reaches and that reach it; none where it stands in no ring."""
    named = {name: set(_names(schema)) for name, schema in schemas.items()}
    reached = {name: _reached(name, named) for name in named}
    return {name: frozenset(other for other in reached[name] if name in reached[other]) for name in named}


def _one_level_down(ring: frozenset[str], level: int, depth: int) -> Callable[[str], Json]:
    def reference(name: str) -> Json:
        if name not in ring:
            return {"$ref": f"{_SCHEMAS}{name}"}
        return {"$ref": f"{_SCHEMAS}{name}.{level + 1}"} if level < depth else {"type": "object"}

    return reference


def _renamed(node: Json, reference: Callable[[str], Json]) -> Json:
    if isinstance(node, list):
        return [_renamed(entry, reference) for entry in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return reference(node["$ref"].removeprefix(_SCHEMAS))
    return {key: _renamed(value, reference) for key, value in node.items() if key not in _SPOKEN}


_SPOKEN = {"example", "examples", "externalDocs"}
"""What a validator does not read; the examples are half of the document. (No property of Xero's bears such a name.)"""


def _reached(start: str, named: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(named[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += named.get(name, ())
    return seen


def _names(node: Json) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].removeprefix(_SCHEMAS)
        for value in node.values():
            yield from _names(value)
    elif isinstance(node, list):
        for entry in node:
            yield from _names(entry)
