"""The crosswalk file: source id to member, kept by people, checked with line numbers.

Columns ``source_id,source_code,source_name,member``, UTF-8 (a byte order mark, as Excel writes it, is taken). The id is
the vendor's stable one; code and name are there for the reader, and the code tells when an account was renumbered.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.mapping.member_text import why_no_code

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

COLUMNS = ("source_id", "source_code", "source_name", "member")


@dataclass(frozen=True, slots=True)
class CrosswalkRow:
    """One line of the file; an empty member is a choice not yet made."""

    source_id: str
    source_code: str
    source_name: str
    member: str


@dataclass(frozen=True, slots=True)
class MovedCode:
    """A record whose code is another than when a person mapped it: held, since the member may be wrong now."""

    source_id: str
    code_in_file: str
    code_now: str
    member: str


def read_crosswalk(path: Path) -> tuple[CrosswalkRow, ...]:
    """Read and check the file.

    Raises:
        SettingWrong: It is missing, is no UTF-8 text, has other columns, names an id twice, or a member that Anaplan would
            reject; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        _wrong(
            path,
            "does not exist",
            "Write it with `ml-connector mapping suggest … --out`, then `mapping import`; or correct `file:`.",
        )
    except UnicodeDecodeError as error:
        _wrong(path, f"is not UTF-8 text ({error.reason} at byte {error.start})", "Save it as CSV UTF-8.")
    return tuple(_checked(path, text))


def write_crosswalk(path: Path, rows: Iterable[CrosswalkRow]) -> None:
    """Write the file, sorted by code and id; it is whole or it is the old one, whatever happens."""
    ordered = sorted(rows, key=lambda row: (row.source_code, row.source_id))
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with beside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        writer.writerows([getattr(row, column) for column in COLUMNS] for row in ordered)
    beside.replace(path)


def export_crosswalk(reference: pa.Table, rows: Iterable[CrosswalkRow]) -> tuple[CrosswalkRow, ...]:
    """Answer every record of a reference entity with the member it has, or none; codes and names as they are now.

    Rows whose record the accounting system no longer shows are kept: older periods still carry them.

    Args:
        reference: LedgerAccount, Party or TrackingOption table.
        rows: The crosswalk as it stands.
    """
    standing = {row.source_id: row for row in rows}
    shown = {
        source_id: CrosswalkRow(source_id, code, name, standing[source_id].member if source_id in standing else "")
        for source_id, code, name in reference_records(reference)
    }
    return tuple((standing | shown).values())


def suggest_members(
    rows: Iterable[CrosswalkRow], members: Mapping[str, str], *, own_codes: bool = False
) -> tuple[tuple[CrosswalkRow, ...], pd.DataFrame]:
    """Fill empty members where exactly one member fits: same code, else same name (case and space aside).

    Args:
        rows: The crosswalk; members that a person chose stay.
        members: Member code to member name, as Anaplan's list shows them.
        own_codes: Where nothing fits, suggest the source's own code as a new member: for a first chart.

    Returns:
        The rows, and a frame (source_id, source_code, source_name, member, because) of what was filled and what is open;
        ``because`` is code, name, own code, or empty.
    """
    import pandas as pd

    kept = tuple(rows)
    by_code = _single((_key(code), code) for code in members)
    by_name = _single((_key(name), code) for code, name in members.items())
    open_rows = [row for row in kept if not row.member]
    frame = pd.DataFrame([[*map(row.__getattribute__, COLUMNS)] for row in open_rows], columns=list(COLUMNS), dtype=str)
    choices = [_choice(row, by_code, by_name, own_codes=own_codes) for row in open_rows]
    frame["member"] = [member for member, _ in choices]
    frame["because"] = [because for _, because in choices]
    chosen = dict(zip(frame["source_id"], frame["member"], strict=True))
    return tuple(replace(row, member=row.member or chosen[row.source_id]) for row in kept), frame


def moved_codes(reference: pa.Table, rows: Iterable[CrosswalkRow]) -> tuple[MovedCode, ...]:
    """Answer mapped records whose code is not the one in the file; a load is held until a person confirms them.

    A code left empty in the file is not compared; neither is a record that the reference does not show.
    """
    now = {source_id: code for source_id, code, _ in reference_records(reference)}
    return tuple(
        MovedCode(row.source_id, row.source_code, now[row.source_id], row.member)
        for row in rows
        if row.member and row.source_code and now.get(row.source_id, row.source_code) != row.source_code
    )


def reference_records(reference: pa.Table) -> Iterator[tuple[str, str, str]]:
    """Yield id, code and name of each record of a LedgerAccount, Party or TrackingOption table."""
    names = reference.column_names
    if "option_id" in names:
        ids, codes, shown = "option_id", "option_id", "option"
    else:
        ids, codes, shown = next(name for name in ("ledger_account_id", "party_id") if name in names), "code", "name"
    columns = [reference.column(name).to_pylist() for name in (ids, codes, shown)]
    yield from zip(*columns, strict=True)


def _checked(path: Path, text: str) -> Iterator[CrosswalkRow]:
    reader = csv.reader(text.splitlines(keepends=True))
    header = next(reader, [])
    if [name.strip() for name in header] != list(COLUMNS):
        _wrong(
            path, f"has the columns {', '.join(header) or 'none'}", f"Its first line must be {','.join(COLUMNS)}.", 1
        )
    first_lines: dict[str, int] = {}
    for fields in reader:
        line = reader.line_num
        if not any(fields):
            continue
        if len(fields) != len(COLUMNS):
            _wrong(path, f"has {len(fields)} fields instead of {len(COLUMNS)}", "Quote a value that has a comma.", line)
        row = CrosswalkRow(*(field.strip() for field in fields))
        _check_row(path, row, line, first_lines)
        yield row


def _check_row(path: Path, row: CrosswalkRow, line: int, first_lines: dict[str, int]) -> None:
    if not row.source_id:
        _wrong(path, "has no source_id", "Codes and names move; copy the id from `ml-connector mapping export`.", line)
    first = first_lines.setdefault(row.source_id, line)
    if first != line:
        _wrong(path, f"names {row.source_id} again, as line {first} does", "Keep one of the two lines.", line)
    why = why_no_code(row.member) if row.member else ""
    if why:
        _wrong(path, f"gives the member {row.member!r}: {why}", "Write the code of a list member.", line)


def _choice(
    row: CrosswalkRow, by_code: Mapping[str, str], by_name: Mapping[str, str], *, own_codes: bool
) -> tuple[str, str]:
    if _key(row.source_code) in by_code:
        return by_code[_key(row.source_code)], "code"
    if _key(row.source_name) in by_name:
        return by_name[_key(row.source_name)], "name"
    if own_codes and not why_no_code(row.source_code):
        return row.source_code, "own code"
    return "", ""


def _single(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Keep the keys that lead to one member alone; an ambiguous one is no suggestion."""
    found: dict[str, set[str]] = {}
    for key, code in pairs:
        if key:
            found.setdefault(key, set()).add(code)
    return {key: next(iter(codes)) for key, codes in found.items() if len(codes) == 1}


def _key(text: str) -> str:
    return " ".join(text.casefold().split())


def _wrong(path: Path, what: str, do: str, line: int | None = None) -> NoReturn:
    where = path.name if line is None else f"{path.name}, line {line}"
    raise SettingWrong(
        f"The crosswalk {where} {what}.", "Nothing can be mapped by it, so nothing is loaded.", do, file=str(path)
    )
