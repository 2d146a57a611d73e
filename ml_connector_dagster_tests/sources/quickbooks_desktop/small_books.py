"""A little QuickBooks of the tests' own: journal entries, with or without memory of message sets; it knows no client."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

OK = 'statusCode="0" statusSeverity="Info" statusMessage="Status OK"'
NOT_FOUND = 'statusCode="500" statusSeverity="Warn" statusMessage="Some of what was asked could not be found."'
NOTHING = 'statusCode="1" statusSeverity="Info" statusMessage="Nothing matched."'
ZONE = timedelta(hours=-5)


class MachineDiedError(Exception):
    """QuickBooks or its machine dies here."""


@dataclass
class BookEntry:
    txn_id: str
    date: str
    number: str
    guid: str
    lines: list[tuple[str, str, Decimal, str]]
    """(account, class, debit + credit −, line id)."""
    edit: int
    made_at: datetime
    changed_at: datetime


@dataclass
class SmallBooks:
    """What the company file holds; ``process`` is the request processor."""

    remembers: bool = True
    now: datetime = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    entries: dict[str, BookEntry] = field(default_factory=dict)
    deleted: list[BookEntry] = field(default_factory=list)
    memory: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Message set id to (request body, element, attributes and what is remembered)."""
    refusals: list[tuple[str, str]] = field(default_factory=list)
    """(code, message) given to the next writes instead of doing them."""
    dies: str = ""
    """``before`` or ``after`` the next write is saved."""
    writes: int = 0
    added: int = 0
    saved: list[str] = field(default_factory=list)
    """GUID of every entry ever saved, also of those that are gone again."""

    def begin(self) -> None:
        """Open the company file."""

    def end(self) -> None:
        """Close it."""

    def backup(self) -> tuple:
        """A copy of the company file."""
        return copy.deepcopy((self.entries, self.deleted, self.memory))

    def restore(self, kept: tuple) -> None:
        """The file is that older copy again; time went on, and what was ever saved stays known."""
        self.entries, self.deleted, self.memory = copy.deepcopy(kept)

    def process(self, request: str) -> str:
        """Answer a qbXML document as QuickBooks does."""
        self.now += timedelta(seconds=20)
        body = ET.fromstring(request.encode()).find("QBXMLMsgsRq")
        assert body is not None
        set_id = body.get("newMessageSetID", "")
        assert set_id == "" or (len(body) == 1 and len(set_id) <= 23)
        if not set_id:
            return self._document("", "".join(self._query(one) for one in body))
        return self._write(set_id, body[0])

    def _write(self, set_id: str, request: ET.Element) -> str:
        content = ET.tostring(request, encoding="unicode")
        if set_id in self.memory:
            known, answer, _ = self.memory[set_id]
            if known != content:
                return self._document(f' newMessageSetID="{set_id}" messageSetStatusCode="9001"', "")
            return self._document(f' newMessageSetID="{set_id}" messageSetStatusCode="0"', answer)
        if self.dies == "before":
            self.dies = ""
            raise MachineDiedError
        self.writes += 1
        full, remembered = self._do(request)
        if self.remembers:
            self.memory[set_id] = (content, remembered, "")
        if self.dies == "after":
            self.dies = ""
            raise MachineDiedError
        return self._document(f' newMessageSetID="{set_id}" messageSetStatusCode="0"', full)

    def _do(self, request: ET.Element) -> tuple[str, str]:
        name, named = request.tag.removesuffix("Rq"), request.get("requestID", "")
        if self.refusals:
            code, message = self.refusals.pop(0)
            says = f'statusCode="{code}" statusSeverity="Error" statusMessage="{escape(message)}"'
            answer = f'<{name}Rs requestID="{named}" {says}/>'
            return answer, answer
        if name == "TxnVoid":
            return self._void(request, named)
        entry = self._add(request[0]) if name == "JournalEntryAdd" else self._mod(request[0])
        if entry is None:
            answer = (
                f'<{name}Rs requestID="{named}" statusCode="3200" statusSeverity="Error" statusMessage="out-of-date"/>'
            )
            return answer, answer
        recovery = (
            f"<ErrorRecovery><TxnID>{entry.txn_id}</TxnID><TxnNumber>{entry.txn_id[:2]}</TxnNumber>"
            f"<EditSequence>{entry.edit}</EditSequence><ExternalGUID>{entry.guid}</ExternalGUID></ErrorRecovery>"
        )
        head = f'<{name}Rs requestID="{named}" {OK}>'
        return f"{head}{self._entry(entry)}</{name}Rs>", f"{head}{recovery}</{name}Rs>"

    def _void(self, request: ET.Element, named: str) -> tuple[str, str]:
        entry = self.entries.get(request.findtext("TxnID", ""))
        if entry is None:
            answer = (
                f'<TxnVoidRs requestID="{named}" statusCode="3120" statusSeverity="Error" statusMessage="not found"/>'
            )
            return answer, answer
        self.void_by_user(entry.txn_id)
        voided = f"<TxnVoidType>JournalEntry</TxnVoidType><TxnID>{entry.txn_id}</TxnID>"
        answer = f'<TxnVoidRs requestID="{named}" {OK}>{voided}</TxnVoidRs>'
        return answer, answer

    def _add(self, add: ET.Element) -> BookEntry:
        lines = [self._line(line) for line in add if line.tag in ("JournalDebitLine", "JournalCreditLine")]
        assert sum(line[2] for line in lines) == 0
        assert all(line[2] for line in lines)
        return self.put(
            add.findtext("TxnDate", ""), lines, add.findtext("RefNumber", ""), add.findtext("ExternalGUID", "")
        )

    def _mod(self, mod: ET.Element) -> BookEntry | None:
        entry = self.entries[mod.findtext("TxnID", "")]
        if mod.findtext("EditSequence") != str(entry.edit):
            return None
        entry.lines = [self._line(line) for line in mod.findall("JournalLineMod")]
        entry.date = mod.findtext("TxnDate", entry.date)
        self._touch(entry)
        return entry

    def _line(self, line: ET.Element) -> tuple[str, str, Decimal, str]:
        amount = Decimal(line.findtext("Amount", "0"))
        assert amount > 0
        is_credit = line.tag == "JournalCreditLine" or line.findtext("JournalLineType") == "Credit"
        account, option = line.findtext("AccountRef/ListID", ""), line.findtext("ClassRef/ListID", "")
        return account, option, -amount if is_credit else amount, f"L{len(self.entries)}-{self.now:%M%S}-{id(line)}"

    def put(self, date: str, lines: list, number: str = "", guid: str = "") -> BookEntry:
        """Save an entry, as a user does too."""
        self.added += 1
        entry = BookEntry(f"{self.added:X}-1700000000", date, number, guid, lines, self.added, self.now, self.now)
        self.entries[entry.txn_id] = entry
        self.saved.append(guid)
        return entry

    def _touch(self, entry: BookEntry) -> None:
        entry.edit += 1000
        entry.changed_at = self.now

    def delete_by_user(self, txn_id: str) -> None:
        self.deleted.append(self.entries.pop(txn_id))

    def void_by_user(self, txn_id: str) -> None:
        entry = self.entries[txn_id]
        entry.lines = [(account, option, Decimal(0), line_id) for account, option, _, line_id in entry.lines]
        self._touch(entry)

    def rename_by_user(self, txn_id: str, number: str, *, date: str = "") -> None:
        entry = self.entries[txn_id]
        entry.number, entry.date = number, date or entry.date
        self._touch(entry)

    def _query(self, query: ET.Element) -> str:
        name, named = query.tag.removesuffix("Rq"), query.get("requestID", "")
        if name == "TxnDeletedQuery":
            found = [self._gone(entry) for entry in self.deleted]
            return f'<{name}Rs requestID="{named}" {OK if found else NOTHING}>{"".join(found)}</{name}Rs>'
        chosen = [entry for entry in self.entries.values() if self._matches(entry, query)]
        says = OK if chosen else NOT_FOUND if query.find("TxnDateRangeFilter") is None else NOTHING
        return f'<{name}Rs requestID="{named}" {says}>{"".join(self._entry(entry) for entry in chosen)}</{name}Rs>'

    def _matches(self, entry: BookEntry, query: ET.Element) -> bool:
        number, txn_id = query.findtext("RefNumberCaseSensitive"), query.findtext("TxnID")
        since = query.findtext("ModifiedDateRangeFilter/FromModifiedDate")
        days = query.find("TxnDateRangeFilter")
        if number is not None:
            return entry.number == number
        if txn_id is not None:
            return entry.txn_id == txn_id
        if since is not None:
            return (entry.changed_at + ZONE).date().isoformat() >= since[:10]
        assert days is not None
        return days.findtext("FromTxnDate", "") <= entry.date <= days.findtext("ToTxnDate", "")

    def _entry(self, entry: BookEntry) -> str:
        lines = "".join(
            f"<{'JournalDebitLine' if amount >= 0 else 'JournalCreditLine'}><TxnLineID>{line_id}</TxnLineID>"
            f"<AccountRef><ListID>{account}</ListID><FullName>A {account}</FullName></AccountRef><Amount>{abs(amount):.2f}</Amount>"
            + (f"<ClassRef><ListID>{option}</ListID><FullName>C {option}</FullName></ClassRef>" if option else "")
            + f"</{'JournalDebitLine' if amount >= 0 else 'JournalCreditLine'}>"
            for account, option, amount, line_id in entry.lines
        )
        guid = f"<ExternalGUID>{entry.guid.upper()}</ExternalGUID>" if entry.guid else ""
        return (
            f"<JournalEntryRet><TxnID>{entry.txn_id}</TxnID><TimeCreated>{self._stamp(entry.made_at)}</TimeCreated>"
            f"<TimeModified>{self._stamp(entry.changed_at)}</TimeModified><EditSequence>{entry.edit}</EditSequence>"
            f"<TxnNumber>{entry.txn_id[:2]}</TxnNumber><TxnDate>{entry.date}</TxnDate><RefNumber>{entry.number}</RefNumber>"
            f"{guid}{lines}</JournalEntryRet>"
        )

    def _gone(self, entry: BookEntry) -> str:
        return (
            f"<TxnDeletedRet><TxnDelType>JournalEntry</TxnDelType><TxnID>{entry.txn_id}</TxnID>"
            f"<TimeCreated>{self._stamp(entry.made_at)}</TimeCreated><TimeDeleted>{self._stamp(self.now)}</TimeDeleted>"
            f"<RefNumber>{entry.number}</RefNumber></TxnDeletedRet>"
        )

    @staticmethod
    def _stamp(moment: datetime) -> str:
        return f"{moment + ZONE:%Y-%m-%dT%H:%M:%S}-05:00"

    @staticmethod
    def _document(attributes: str, inside: str) -> str:
        return f'<?xml version="1.0" ?><QBXML><QBXMLMsgsRs{attributes}>{inside}</QBXMLMsgsRs></QBXML>'
