"""Judges qbXML in both directions: Intuit's 16.0 schema, the annotated operations file, and what neither of them can say.

The rules of the third kind are of quickbooks_desktop.md 4, 5 and 7: version instruction, one write a message set, lengths of
ids, amounts without a sign, debits equal to credits, no answer's state deleted by the way.
"""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import cache

from lxml import etree

from ml_connector_dagster_tests.contract.qbxml_operations import Version, operations
from ml_connector_dagster_tests.contract.specs import absent, specs_folder

OURS: Version = (13, 0)
"""The version that our messages speak; answers of the sandbox's QuickBooks may be of any up to 16.0."""
THEIRS: Version = (16, 0)
LONGEST_SET_ID = 20
LONGEST_REQUEST_ID = 50
_WRITES = re.compile(r"(Add|Mod)Rq|TxnVoidRq|TxnDelRq|ListDelRq")
_PI = re.compile(rb'<\?qbxml version="([0-9]+)\.([0-9]+)"\?>')
_LINES = ("JournalDebitLine", "JournalCreditLine")


def judge_request(message: bytes, *, version: Version = OURS) -> list[str]:
    """Answer what is wrong with a message for QuickBooks; the test is skipped, loudly, where the documents are absent."""
    root = _parsed(message)
    if isinstance(root, str):
        return [root]
    return [*_by_schema(root), *_by_operations(root, version), *_by_rule(message, root, version)]


def judge_answer(answer: bytes, *, version: Version = THEIRS) -> list[str]:
    """Answer what is wrong with an answer of QuickBooks."""
    root = _parsed(answer)
    return [root] if isinstance(root, str) else [*_by_schema(root), *_by_operations(root, version)]


def _parsed(document: bytes) -> etree._Element | str:
    try:
        return etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    except etree.XMLSyntaxError as wrong:
        return f"no XML: {wrong}"


@cache
def schemas() -> dict[str, etree.XMLSchema]:
    """Answer the official schemas that are at hand, by name; 16.0 is required, 13.0 is judged by too where it lies there."""
    folder = specs_folder("quickbooks_desktop")
    files = {} if folder is None else {name: folder / f"xsd-{name}" / f"qbxmlops{name}.xsd" for name in ("160", "130")}
    found = {name: etree.XMLSchema(etree.parse(file)) for name, file in files.items() if file.exists()}
    if "160" not in found or operations() is None:
        absent(
            "Intuit's qbXML schemas and operations file are not at hand: set ML_CONNECTOR_SPECS to the folder that holds "
            "quickbooks_desktop/."
        )
    return found


def _by_schema(root: etree._Element) -> Iterator[str]:
    for name, schema in schemas().items():
        if not schema.validate(root):
            yield from (f"schema {name}: {entry.message}" for entry in schema.error_log)


def _by_operations(root: etree._Element, version: Version) -> Iterator[str]:
    place = operations()
    if place is not None:
        yield from (f"operations: {one}" for one in place.faults(root, version, str(root.tag)))


def _by_rule(message: bytes, root: etree._Element, version: Version) -> Iterator[str]:
    yield from _wrong_head(message, version)
    sets = root.findall("QBXMLMsgsRq")
    if len(sets) != 1 or len(root) != 1:
        yield "rule: a message holds one QBXMLMsgsRq"
        return
    requests = [child for child in sets[0] if isinstance(child.tag, str)]
    yield from _wrong_set(sets[0], requests)
    yield from (
        f"rule: requestID of {len(request.get('requestID', ''))} characters, {LONGEST_REQUEST_ID} at most"
        for request in requests
        if len(request.get("requestID", "")) > LONGEST_REQUEST_ID
    )
    for request in requests:
        yield from _wrong_paging(request)
        yield from _wrong_journal(request)


def _wrong_head(message: bytes, version: Version) -> Iterator[str]:
    said = _PI.search(message)
    if said is None:
        yield "rule: the version instruction is missing"
    elif (int(said[1]), int(said[2])) > version:
        yield f"rule: version {said[1].decode()}.{said[2].decode()} is newer than {version[0]}.{version[1]}"
    if not message.isascii():
        yield "rule: beyond ASCII a character goes as a reference, or QuickBooks takes it for another one"


def _wrong_set(found: etree._Element, requests: list[etree._Element]) -> Iterator[str]:
    """What is wrong with the set's attributes: state is kept for one write, and for nothing else."""
    new, old = found.get("newMessageSetID"), found.get("oldMessageSetID")
    writes = [request for request in requests if _WRITES.search(str(request.tag))]
    if found.get("onError") == "rollbackOnError":
        yield "rule: rollbackOnError is in the schema, and refused by QuickBooks"
    if len(writes) > 1 or (writes and len(requests) > 1):
        yield "rule: a write is alone in its message set"
    if writes and new is None:
        yield "rule: a write without newMessageSetID cannot be asked after"
    if requests and not writes and (new is not None or old is not None):
        yield "rule: a query litters the company file with a message set"
    if old is not None and new is None:
        yield "rule: oldMessageSetID alone deletes what QuickBooks knows of the set"
    for name in (new, old):
        if name is not None and not (0 < len(name) <= LONGEST_SET_ID):
            yield f"rule: a message set id of {len(name)} characters, {LONGEST_SET_ID} at most"


def _wrong_paging(request: etree._Element) -> Iterator[str]:
    """What is wrong with an iterator: it needs a page size, a Continue its id, and neither goes with ids."""
    iterator, has_id = request.get("iterator"), request.get("iteratorID") is not None
    if iterator is None:
        if has_id:
            yield "rule: an iteratorID without iterator"
        return
    if has_id is (iterator == "Start"):
        yield f"rule: iterator {iterator} {'with' if has_id else 'without'} an iteratorID"
    if request.find("MaxReturned") is None:
        yield "rule: an iterator without MaxReturned"


def _wrong_journal(request: etree._Element) -> Iterator[str]:
    """What is wrong with the lines of a journal: signs, missing amounts, sides that differ."""
    sides = {name: list(request.iter(name)) for name in _LINES}
    lines = [line for found in sides.values() for line in found]
    for line in lines:
        amount = _amount(line)
        if amount is None or amount <= 0:
            yield f"rule: {line.tag} of {line.findtext('Amount')}: a line has an amount, and no sign"
    if lines and not any(_amount(line) is None for line in lines):
        debit, credit = (sum((_amount(line) or Decimal(0) for line in sides[name]), Decimal(0)) for name in _LINES)
        if debit != credit:
            yield f"rule: debits {debit} differ from credits {credit}"


def _amount(line: etree._Element) -> Decimal | None:
    try:
        return Decimal(line.findtext("Amount") or "")
    except InvalidOperation:
        return None
