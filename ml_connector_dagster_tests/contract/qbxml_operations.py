"""Intuit's annotated operations file as judge of qbXML: what QuickBooks Desktop knows, since which version, how long.

The schema cannot tell these (quickbooks_desktop.md 7); the file says them in comments behind each element. It is read where
it lies, never copied.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from lxml import etree

from ml_connector_dagster_tests.contract.specs import specs_folder

EDITION = "QBD"
_VERSION = re.compile(r"\bv([0-9]+)\.([0-9]+)\b")
_LENGTH = re.compile(r"max length = ([0-9]+)(?: for ([A-Z|]+))?")
_NOT_IN = re.compile(r"not in ([A-Z|]+)")
_LEAST = re.compile(r"min value = (-?[0-9]+)")
_MOST = re.compile(r"max value = (-?[0-9]+)")
_VALUES = re.compile(r"(?:may|must) have one of the following values: (.+)")

Version = tuple[int, int]


@dataclass
class Place:
    """One element at one place of the tree. Several of one name may stand beside each other, as branches of a choice."""

    name: str
    since: Version = (1, 0)
    is_known: bool = True
    """Whether QuickBooks Desktop has it at all."""
    max_length: int | None = None
    least: int | None = None
    most: int | None = None
    values: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    element: etree._Element | None = None

    @cached_property
    def children(self) -> dict[str, list["Place"]]:
        """Places below, by name; read when first asked for, since the file has 24,000."""
        found: dict[str, list[Place]] = {}
        for child, allowed in [] if self.element is None else _children(self.element):
            found.setdefault(str(child.tag), []).append(_place(child, allowed))
        return found

    def faults(self, element: etree._Element, version: Version, path: str) -> Iterator[str]:
        """What is wrong with an element at this place for QuickBooks Desktop and a version of qbXML."""
        if not self.is_known:
            yield f"{path}: not in {EDITION}"
        if self.since > version:
            yield f"{path}: only since {_shown(self.since)}, not in {_shown(version)}"
        yield from (f"{path}: no attribute {name}" for name in dict(element.attrib) if name not in self.attributes)
        yield from self._wrong_value((element.text or "").strip() if len(element) == 0 else None, path)
        for child in element:
            if isinstance(child.tag, str):
                yield from self._inside(child, version, f"{path}/{child.tag}")

    def _inside(self, child: etree._Element, version: Version, path: str) -> Iterator[str]:
        found = self.children.get(str(child.tag))
        if not found:
            yield f"{path}: not in the operations file"
            return
        yield from min((list(place.faults(child, version, path)) for place in found), key=len)

    def _wrong_value(self, text: str | None, path: str) -> Iterator[str]:
        if text is None or self.children:
            return
        if self.max_length is not None and len(text) > self.max_length:
            yield f"{path}: {len(text)} characters, {self.max_length} at most"
        if self.values and text not in self.values:
            yield f"{path}: {text!r} is none of its values"
        if text.lstrip("-").isdigit():
            if self.least is not None and int(text) < self.least:
                yield f"{path}: {text} is less than {self.least}"
            if self.most is not None and int(text) > self.most:
                yield f"{path}: {text} is more than {self.most}"


def _shown(version: Version) -> str:
    return f"{version[0]}.{version[1]}"


@cache
def operations() -> Place | None:
    """Answer the root of the operations file; None where it is not at hand."""
    folder = specs_folder("quickbooks_desktop")
    file = folder / "ops-xml" / "qbxmlops160.xml" if folder else None
    return None if file is None or not file.exists() else read(file)


def read(file: Path) -> Place:
    """Answer the root of an operations file."""
    return _place(etree.parse(file, etree.XMLParser(resolve_entities=False, no_network=True)).getroot(), "")


def _place(element: etree._Element, values: str) -> Place:
    note = _note(element)
    since = _VERSION.search(note)
    return Place(
        name=str(element.tag),
        since=(int(since[1]), int(since[2])) if since else (1, 0),
        is_known=not any(EDITION in found[1].split("|") for found in _NOT_IN.finditer(note)),
        max_length=next(
            (int(found[1]) for found in _LENGTH.finditer(note) if found[2] is None or EDITION in found[2].split("|")),
            None,
        ),
        least=_number(_LEAST, note),
        most=_number(_MOST, note),
        values=frozenset(re.sub(r"\[default\]", "", values, flags=re.IGNORECASE).replace(" ", "").split(",")) - {""},
        attributes=frozenset(map(str, element.attrib)),
        element=element,
    )


def _children(element: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    """Each child with the values that a comment before it allows."""
    allowed: dict[str, str] = {}
    for child in element:
        if isinstance(child.tag, str):
            yield child, allowed.pop(child.tag, "")
        elif found := _VALUES.search(child.text or ""):
            allowed[(child.text or "").split()[0]] = found[1]


def _note(element: etree._Element) -> str:
    """The comment on the line of the opening tag: inside an element with children, behind one without."""
    has_children = any(isinstance(child.tag, str) for child in element)
    beside = element[0] if has_children else element.getnext()
    is_on_line = beside is not None and beside.tag is etree.Comment and beside.sourceline == element.sourceline
    return str(beside.text or "") if is_on_line else ""


def _number(pattern: re.Pattern[str], note: str) -> int | None:
    found = pattern.search(note)
    return int(found[1]) if found else None
