"""The SOAP of the Web Connector: which method is called with which texts, and the answers as .NET must read them.

SOAP 1.1, document/literal, namespace ``http://developer.intuit.com/`` (WSDL and §2 of the page). Arguments are read by local
name in any case, so that a .qwc with ``Style`` RPC works too. The four texts of authenticate stand in Intuit's namespace:
with any other the Web Connector fails with "Index Out Of Range".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lxml import etree

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.sources.quickbooks_desktop.qbxml import parse_untrusted

INTUIT = "http://developer.intuit.com/"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_RAW_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_WRITTEN_CONTROLS = re.compile(
    rb"&#(0*(?:[0-8]|11|12|1[4-9]|2[0-9]|3[01])|[xX]0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]));"
)  # fmt: skip
_ENCODING = re.compile(rb"""\A(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([^"'>]{0,40})["']""")
_ENCODINGS = (b"utf-8", b"us-ascii", b"iso-8859-1", b"windows-1252")
"""In which a tag looks like one: in UTF-7 it does not."""
_CDATA, _CDATA_END = b"<![CDATA[", b"]]>"
_TAG = re.compile(rb"<[^<>]*>?")
MOST_MARKUP_BYTES = 64 * 1024
"""Of tags in one call, of which a real one has less than a kilobyte: whoever calls has shown no ticket yet, and a tree of
millions of tags costs gigabytes."""
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Called:
    """One call: a method, and its texts by lower-case name."""

    method: str
    texts: Mapping[str, str]

    def text(self, name: str) -> str:
        """Answer an argument; empty where it is missing or nil."""
        return self.texts.get(name.lower(), "")

    def number(self, name: str) -> int:
        """Answer a whole number; 0 where it is missing or none."""
        written = self.text(name).strip()
        return int(written) if written.isascii() and written.isdigit() and len(written) < 6 else 0


def called(body: bytes) -> Called:
    """Answer what an untrusted body calls.

    Characters that XML does not allow stay visible as written references: they spoil the answer inside, which is then
    quarantined, and not the whole call, of which nothing could be kept.

    Raises:
        RequestRejected: It is no SOAP 1.1 call of one method of Intuit's namespace, or not to be trusted.
    """
    body = _visible(body)
    _refuse_much_markup(body)
    root = parse_untrusted(body)
    found = root.find(f"{{{ENVELOPE}}}Body")
    if root.tag != f"{{{ENVELOPE}}}Envelope" or found is None or len(found) != 1:
        raise _no_call("it is no SOAP 1.1 envelope with one call")
    name = etree.QName(found[0])
    if name.namespace != INTUIT:
        raise _no_call(f"its namespace is {name.namespace!r}")
    return Called(name.localname, {etree.QName(child).localname.lower(): _text(child) for child in found[0]})


def answered(method: str, result: str | int | Sequence[str]) -> bytes:
    """Answer the envelope of a method's result: a text, a number, or texts."""
    if isinstance(result, str | int):
        inside = _escaped(str(result))
    else:
        inside = "".join(f"<string>{_escaped(one)}</string>" for one in result)
    return _envelope(
        f'<{method}Response xmlns="{INTUIT}"><{method}Result>{inside}</{method}Result></{method}Response>'
    )  # fmt: skip


def fault(whose: str, says: str) -> bytes:
    """Answer a SOAP fault; ``whose`` is Client or Server."""
    inside = f"<faultcode>soap:{whose}</faultcode><faultstring>{_escaped(says)}</faultstring>"
    return _envelope(f"<soap:Fault>{inside}</soap:Fault>")


def _envelope(inside: str) -> bytes:
    opening = f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{ENVELOPE}"><soap:Body>'
    return f"{opening}{inside}</soap:Body></soap:Envelope>".encode()


def _visible(body: bytes) -> bytes:
    if body[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in body[:4]:
        raise _no_call("it is not written in UTF-8")
    declared = _ENCODING.match(body)
    if declared and declared[1].lower() not in _ENCODINGS:
        raise _no_call("it is not written in UTF-8")
    if _RAW_CONTROLS.search(body):
        body = _RAW_CONTROLS.sub(lambda found: b"&amp;#%d;" % found[0][0], body)
    return _WRITTEN_CONTROLS.sub(rb"&amp;#\1;", body) if b"&#" in body else body


def _refuse_much_markup(body: bytes) -> None:
    """Refuse a call of many or of endless tags before it becomes a tree; its texts may be as long as they like.

    Raises:
        RequestRejected: Its tags are longer than any call's.
    """
    seen = 0
    for length in _markup(body):
        seen += length
        if seen > MOST_MARKUP_BYTES:
            raise _no_call(f"its tags alone are longer than {MOST_MARKUP_BYTES} bytes")


def _markup(body: bytes) -> Iterator[int]:
    """Yield the length of each tag; what CDATA holds is text, and has none."""
    at = 0
    while at >= 0:
        start = body.find(_CDATA, at)
        end = len(body) if start < 0 else start
        yield from (len(tag[0]) for tag in _TAG.finditer(body, at, end))
        if start < 0:
            return
        yield len(_CDATA)
        at = body.find(_CDATA_END, start)


def _text(element: etree._Element) -> str:
    if len(element):
        raise _no_call(f"its argument {etree.QName(element).localname!r} is no text")
    return element.text or ""


def _escaped(text: str) -> str:
    return escape(_UNWRITABLE.sub("?", text))


def _no_call(why: str) -> RequestRejected:
    return RequestRejected(
        f"What came is no call of a QuickBooks Web Connector: {why}.",
        "Nothing was done.",
        "Point the Web Connector at this address by the .qwc file that `ml-connector qwc` writes.",
        status=400,
    )
