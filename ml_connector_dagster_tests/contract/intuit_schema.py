"""Judges JSON by Intuit's XSDs: property names, what is a list, enumerated values, references as value and name.

JSON of QuickBooks Online follows its XML schema by rule (quickbooks_online.md 8.1): names are those of elements and
attributes, an element that may repeat is an array, a type with simple content is {"value", …its attributes}.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from ml_connector_dagster_tests.contract.specs import absent, specs_folder

_XS = "{http://www.w3.org/2001/XMLSchema}"
_FILES = (
    "Finance.xsd",
    "IntuitBaseTypes.xsd",
    "IntuitNamesTypes.xsd",
    "IntuitRestServiceDef.xsd",
    "Report.xsd",
    "SalesTax.xsd",
)


@dataclass(frozen=True)
class _Property:
    type_name: str
    repeats: bool


@dataclass(frozen=True)
class IntuitSchema:
    """The types of all six documents together."""

    types: dict[str, ET.Element]
    enums: dict[str, frozenset[str]]
    elements: dict[str, str]
    """Type by the name of a global element."""
    substitutes: dict[str, list[str]]
    """Names of the elements that may stand for another one, such as Invoice for IntuitObject."""

    def faults(self, type_name: str, value: Any, path: str = "") -> Iterator[str]:
        """What is wrong with a value of the type, by path."""
        where = path or type_name
        if type_name in self.enums:
            if value not in self.enums[type_name]:
                yield f"{where}: {value!r} is none of {sorted(self.enums[type_name])}"
        elif type_name not in self.types:
            if isinstance(value, dict | list):
                yield f"{where}: {type(value).__name__} where {type_name} is simple"
        elif not isinstance(value, dict):
            yield f"{where}: {value!r} where {type_name} has properties"
        else:
            yield from self._inside(type_name, value, where)

    def _inside(self, type_name: str, value: dict[str, Any], where: str) -> Iterator[str]:
        known = self.properties(type_name)
        for name, entry in value.items():
            found = known.get(name)
            if found is None:
                yield f"{where}.{name}: {type_name} has no such property"
                continue
            if found.repeats != isinstance(entry, list):
                said = "a list of them" if found.repeats else "one"
                yield f"{where}.{name}: the schema has {said}"
                continue
            for place, single in enumerate(entry if isinstance(entry, list) else [entry]):
                yield from self.faults(
                    found.type_name, single, f"{where}.{name}[{place}]" if found.repeats else f"{where}.{name}"
                )

    def properties(self, type_name: str) -> dict[str, _Property]:
        """Elements and attributes of a type and of all it extends; simple content is the property value."""
        return _properties(self, type_name)

    @classmethod
    def read(cls, folder: Path) -> "IntuitSchema":
        types, enums, elements, substitutes = {}, {}, {}, {}
        for name in _FILES:
            root = ET.parse(folder / name).getroot()
            types |= {entry.get("name", ""): entry for entry in root.findall(f"{_XS}complexType")}
            for entry in root.findall(f"{_XS}simpleType"):
                values = [value.get("value", "") for value in entry.iter(f"{_XS}enumeration")]
                if values:
                    enums[entry.get("name", "")] = frozenset(values)
            for entry in root.findall(f"{_XS}element"):
                elements[entry.get("name", "")] = _local(entry.get("type", ""))
                if group := entry.get("substitutionGroup"):
                    substitutes.setdefault(_local(group), []).append(entry.get("name", ""))
        return cls(types, enums, elements, substitutes)

    def __hash__(self) -> int:
        return id(self)


@cache
def intuit_schema() -> IntuitSchema:
    """Intuit's documents; the calling test is skipped, loudly, where they are absent."""
    folder = specs_folder("quickbooks_online")
    if folder is None or not (folder / _FILES[0]).exists():
        absent(
            "Intuit's official XSDs are not at hand: set ML_CONNECTOR_SPECS to the folder that holds quickbooks_online/."
        )
        raise AssertionError
    return IntuitSchema.read(folder)


@cache
def _properties(schema: IntuitSchema, type_name: str) -> dict[str, _Property]:
    found: dict[str, _Property] = {}
    declared = schema.types[type_name]
    for extension in declared.iter(f"{_XS}extension"):
        base = _local(extension.get("base", ""))
        found |= schema.properties(base) if base in schema.types else {"value": _Property(base, False)}
    for entry, repeats in _elements(declared):
        reference = _local(entry.get("ref", ""))
        names = [entry.get("name") or reference, *schema.substitutes.get(reference, [])]
        for name in names:
            kind = (
                _local(entry.get("type", ""))
                or schema.elements.get(name, "")
                or _inline(schema, type_name, name, entry)
            )
            found[name] = _Property(kind, repeats)
    for attribute in declared.iter(f"{_XS}attribute"):
        found[attribute.get("name", "")] = _Property(_local(attribute.get("type", "")), False)
    return found


def _elements(declared: ET.Element, *, repeats: bool = False) -> Iterator[tuple[ET.Element, bool]]:
    """Elements of a type, with whether they or a group around them repeat; types inside elements are not entered."""
    for entry in declared:
        many = repeats or entry.get("maxOccurs", "1") != "1"
        if entry.tag == f"{_XS}element":
            yield entry, many
        else:
            yield from _elements(entry, repeats=many)


def _inline(schema: IntuitSchema, type_name: str, name: str, entry: ET.Element) -> str:
    """A type written inside its element gets a name of its own."""
    inner = entry.find(f"{_XS}complexType")
    if inner is None:
        return "string"
    schema.types[f"{type_name}.{name}"] = inner
    return f"{type_name}.{name}"


def _local(name: str) -> str:
    return name.rpartition(":")[2]
