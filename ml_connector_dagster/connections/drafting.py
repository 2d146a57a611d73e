"""Writes a first ``defs.yaml`` from the names of imports, columns, views and lists; pure, and honest about its guesses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import yaml

from ml_connector_dagster.ledger.party import TrackingOption
from ml_connector_dagster.sources.contract.entity import EntityKind
from ml_connector_dagster.sources.contract.source import Source

_FIELDS: Mapping[str, str] = {
    "code": "code",
    "name": "name",
    "active": "active",
    "class": "account_class",
    "accountclass": "account_class",
    "accounttype": "account_type",
    "type": "account_type",
    "parent": "parent",
    "currency": "currency",
    "version": "=Actual",
    "period": "period",
    "month": "period",
    "time": "period",
    "account": "ledger_account",
    "ledgeraccount": "ledger_account",
    "customer": "customer",
    "client": "customer",
    "vendor": "vendor",
    "supplier": "vendor",
    "amount": "amount",
    "value": "amount",
    "document": "document",
    "number": "number",
    "date": "document_date",
    "due": "due_date",
    "duedate": "due_date",
    "status": "status",
    "transaction": "transaction",
    "loaded": "loaded_at",
    "line": "line",
    "description": "description",
}
_LIST_FIELDS = frozenset({"code", "name", "active", "account_class", "account_type", "parent", "currency"})
_OF_ACCOUNTS = frozenset({"account_class", "account_type", "parent"})
"""Facts of an account: in a module a column of that name is a reporting dimension, such as QuickBooks' classes."""
_REFERENCE_WORDS: Mapping[str, str] = {
    "account": "ledger_accounts",
    "chart": "ledger_accounts",
    "customer": "customers",
    "client": "customers",
    "vendor": "vendors",
    "supplier": "vendors",
}
_TIME = "time"


@dataclass(frozen=True, slots=True)
class ReadBackOffer:
    """A saved view that an import's columns cover."""

    view: str
    line_item: str
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Offer:
    """An import action or process of the model that reads one file."""

    name: str
    headers: tuple[str, ...]
    read_back: ReadBackOffer | None


@dataclass(frozen=True, slots=True)
class Draft:
    """What was chosen already."""

    system: str
    company_id: str
    company: str
    time_zone: str
    source_credential: str
    region: str
    workspace_id: str
    workspace: str
    model_id: str
    model: str
    anaplan_credential: str
    at: str
    entity: str
    """The member that stands for this company in the model's own dimension; "?" where nobody said."""
    start: str


def draft_text(draft: Draft, source: Source, offers: Sequence[Offer], lists: Sequence[str]) -> str:
    """Answer the file: what was guessed is there to be corrected, what fits nothing is a comment."""
    drawn = [_target(draft, source, offer, lists) for offer in offers]
    chosen = {kind: [text for one, text in drawn if one == kind] for kind in ("list", "module", "none")}
    lines = [
        f"# {draft.company} ({source.title}) into {draft.model}, first written by ml-connector discover: read it line by line.",
        "type: ml_connector_dagster.components.Connection",
        "attributes:",
        "  version: 1",
        f"  source: {_flow(_source(draft))}    # time_zone: the company's own",
        "  anaplan:",
        f"    region: {draft.region}",
        f'    workspace: "{draft.workspace_id}"    # {_comment(draft.workspace)}',
        f'    model: "{draft.model_id}"    # {_comment(draft.model)}',
        f"    credential: {draft.anaplan_credential}",
        *([] if draft.at == "vendor" else [f"    at: {draft.at}"]),
        f"  periods: {{start: {draft.start}, open_months: 3, lock_from_source: true}}",
        *_section("lists", chosen["list"]),
        *_section("modules", chosen["module"]),
        "  mapping:",
        "    ledger_account: {file: mapping/accounts.csv, unmapped: refuse}    # ml-connector mapping suggest writes it",
        *chosen["none"],
    ]
    return "\n".join(lines) + "\n"


def _source(draft: Draft) -> dict[str, str]:
    chosen = {"system": draft.system, "company_id": draft.company_id, "credential": draft.source_credential}
    return chosen | {"time_zone": draft.time_zone} | ({} if draft.at == "vendor" else {"at": draft.at})


def dimensions_of(headers: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Match file columns to dimensions by name: Entity to Entities, Period to Time; each dimension is taken once."""
    left = {_singular(name): name for name in names}
    matched: dict[str, str] = {}
    for header in headers:
        key = _TIME if _FIELDS.get(_plain(header)) == "period" else _singular(header)
        if key in left:
            matched[header] = left.pop(key)
    if headers and len(left) == 1 and _FIELDS.get(_plain(headers[0])) == "document":
        matched[headers[0]] = left.popitem()[1]  # a register's own list: its key is the document
    return matched


def _target(draft: Draft, source: Source, offer: Offer, lists: Sequence[str]) -> tuple[str, str]:
    fields = {header: _FIELDS.get(_plain(header), "") for header in offer.headers}
    if "code" in fields.values() and "amount" not in fields.values():
        entity = _reference(offer.name, source)
        if entity and set(fields.values()) <= _LIST_FIELDS:
            return "list", _list_text(offer, entity, fields, lists)
    elif "amount" in fields.values() and ({"period", "document"} & set(fields.values())):
        return "module", _module_text(draft, source, offer, fields)
    return "none", f"  # not used: {_comment(offer.name)} ({', '.join(map(_comment, offer.headers))})"


def _list_text(offer: Offer, entity: str, fields: Mapping[str, str], lists: Sequence[str]) -> str:
    wanted = _words(offer.name)
    named = next((one for one in lists if _singular(one) in wanted), "")
    target = {"name": _identifier(named or entity), "from": entity, "import": offer.name, "columns": dict(fields)}
    return f"    - {_flow(target | ({'anaplan_list': named} if named else {}))}"


def _module_text(draft: Draft, source: Source, offer: Offer, fields: Mapping[str, str]) -> str:
    columns = {
        header: field if field and field not in _OF_ACCOUNTS else _own(header, draft, source, offer)
        for header, field in fields.items()
    }
    grain = "cell" if "period" in fields.values() else "document"
    balance = "balance" in _words(offer.name)
    ordered = _commitments(source) if "commitment" in _words(offer.name) else ""
    lines = [
        f"    - name: {_identifier(offer.name.split(' from ')[0])}",
        f"      from: {(ordered or 'ledger_lines') if grain == 'cell' else _document(offer.name, source)}",
        f"      import: {_flow(offer.name)}",
        f"      columns: {_flow(columns)}",
        f"      grain: {grain}",
    ]
    if grain == "cell":
        statement = "all" if ordered else "balance_sheet" if balance else "profit_and_loss"
        lines += [
            f"      measure: {'closing_balance' if balance else 'movement'}",
            f"      accounts: {statement}",
            "      sign: natural",
            f"      clear: {_flow(_clear(columns))}    # compare with the import's own clear option",
        ]
    found = offer.read_back
    if found is None:
        lines.append("      # read_back: no saved view is covered by these columns; let the model builder save one")
    else:
        chosen = {"view": found.view, "line_item": found.line_item, "columns": dict(found.columns)}
        lines.append(f"      read_back: {_flow(chosen)}")
    return "\n".join(lines)


def _own(header: str, draft: Draft, source: Source, offer: Offer) -> str:
    """Answer what a column means that is none of the usual ones: the company's own member, or a tracking category."""
    first = offer.headers.index(header) <= 1
    tracked = bool(_tracking(source))
    return f"={draft.entity}" if first or not tracked else f"tracking.{header}"


def _clear(columns: Mapping[str, str]) -> dict[str, str]:
    fixed = {
        column: "in_file" if field.startswith("=") or field == "period" else "all" for column, field in columns.items()
    }
    return {column: mode for column, mode in fixed.items() if columns[column] != "amount"}


def _reference(name: str, source: Source) -> str:
    known = {entity.name for entity in source.entities if entity.kind is EntityKind.REFERENCE}
    found = next((_REFERENCE_WORDS[word] for word in _words(name) if word in _REFERENCE_WORDS), _tracking(source))
    return found if found in known else ""


def _tracking(source: Source) -> str:
    """Answer the entity of the reporting dimensions' options; empty where the source has none."""
    return next((entity.name for entity in source.entities if entity.record is TrackingOption), "")


def _commitments(source: Source) -> str:
    return next((entity.name for entity in source.entities if entity.kind is EntityKind.COMMITMENT), "")


def _document(name: str, source: Source) -> str:
    documents = [entity.name for entity in source.entities if entity.kind is EntityKind.DOCUMENT]
    return next((one for one in documents if _singular(one) in _words(name)), documents[0])


def _section(name: str, items: Sequence[str]) -> Iterator[str]:
    yield f"  {name}:" if items else f"  {name}: []"
    yield from items


def _words(text: str) -> list[str]:
    return [_singular(word) for word in re.findall(r"[A-Za-z]+", text)]


def _singular(text: str) -> str:
    plain = _plain(text)
    return f"{plain[:-3]}y" if plain.endswith("ies") else plain.removesuffix("s")


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def _identifier(text: str) -> str:
    made = re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")
    return made if made[:1].isalpha() else f"t_{made}"


def _comment(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _flow(value: object) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")
