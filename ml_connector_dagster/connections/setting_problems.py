"""Everything that can be wrong with a connection's settings, each with file, line, what it means, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ml_connector_dagster.connections.yaml_lines import Location, YamlFile
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget
from ml_connector_dagster.sources.contract.entity import EntityKind
from ml_connector_dagster.sources.contract.source import Source
from ml_connector_dagster.sources.registry import source_named

if TYPE_CHECKING:
    from ml_connector_dagster.connections.settings import ConnectionSettings

Problem = tuple[Location, str, str, str]
"""Where below ``attributes:``, what happened, what it means, what to do."""

_CRON_FIELDS = 5


# ── the form: types, unknown and missing keys ─────────────────────────────────────────────────────────────────────────
def problems_of_form(file: YamlFile, root: type[BaseModel], error: ValidationError) -> list[SettingWrong]:
    """Turn pydantic's findings into sentences, in the order of the file's lines."""
    found = error.errors(include_url=False)
    told = [detail for detail in found if not _is_misspelt(root, detail, found)]
    return _in_order(file, [_of_form(root, detail) for detail in told])


def _is_misspelt(root: type[BaseModel], missing: ErrorDetails, found: list[ErrorDetails]) -> bool:
    """Answer whether a missing key stands there misspelt: the unknown key says so, and one mistake is one error."""
    unknown = [
        one["loc"] for one in found if one["type"] == "extra_forbidden" and one["loc"][:-1] == missing["loc"][:-1]
    ]
    wanted = missing["loc"][-1]
    return missing["type"] == "missing" and any(_near(root, location) == wanted for location in unknown)


def _of_form(root: type[BaseModel], detail: ErrorDetails) -> Problem:
    location = tuple(detail["loc"])
    shown = ".".join(str(part) for part in location)
    context = detail.get("ctx", {})
    match detail["type"]:
        case "setting_wrong":
            return location, context["happened"], context["means"], context["do"]
        case "extra_forbidden":
            return location, f"the key {shown!r} is not known.", "It would have no effect.", _nearest(root, location)
        case "missing":
            return location, f"{shown!r} is missing.", "Nothing is assumed in its place.", f"Write {location[-1]}: …"
        case "string_type":
            do = "Put it in quotes, so that YAML reads a text and not a number."
            return location, f"{shown!r} is {detail['input']!r}, not a text.", "Ids and names are texts.", do
        case _:
            told = detail["msg"].removeprefix("Value error, ")
            means = "The setting cannot be used."
            return location, f"{shown!r} is {detail['input']!r}.", means, f"{told[:1].upper()}{told[1:]}."


def _nearest(root: type[BaseModel], location: Location) -> str:
    known, near = _known_keys(root, location[:-1]), _near(root, location)
    if near:
        return f"Write {near!r}, or take the line away."
    return f"Use one of: {', '.join(sorted(known))}; or take the line away." if known else "Take the line away."


def _near(root: type[BaseModel], location: Location) -> str | None:
    return next(iter(get_close_matches(str(location[-1]), _known_keys(root, location[:-1]), n=1)), None)


def _known_keys(root: type[BaseModel], location: Location) -> list[str]:
    """Answer the keys that may stand at a location, by walking the models' annotations."""
    kind: Any = root
    for part in location:
        kind = _inside(kind, part)
        if kind is None:
            return []
    return [field.alias or name for name, field in kind.model_fields.items()] if _is_model(kind) else []


def _inside(kind: Any, part: str | int) -> Any:
    if _is_model(kind) and isinstance(part, str):
        for name, field in kind.model_fields.items():
            if part in (name, field.alias):
                return _first_model(field.annotation) or field.annotation
        return None
    return _first_model(kind) or kind


def _first_model(annotation: Any) -> Any:
    if _is_model(annotation):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _first_model(inner))), None)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


# ── what one setting says about another ───────────────────────────────────────────────────────────────────────────────
def problems_between(file: YamlFile, settings: ConnectionSettings) -> list[SettingWrong]:
    """Check what a single field cannot know: the source, its entities, names that must agree, in the order of lines."""
    problems: list[Problem] = [*_zone(settings), *_crons(settings), *_names(settings), *_mappings(settings)]
    try:
        source = source_named(settings.source.system)
    except SettingWrong as error:
        problems.append((("source", "system"), error.happened, error.means, error.do))
    else:
        problems += [*_company(settings, source), *_lists(settings, source), *_modules(settings, source)]
    return _in_order(file, problems)


def _in_order(file: YamlFile, problems: list[Problem]) -> list[SettingWrong]:
    placed = [(("attributes", *location), happened, means, do) for location, happened, means, do in problems]
    placed.sort(key=lambda problem: file.line(problem[0]))
    return [file.wrong(*problem) for problem in placed]


def _zone(settings: ConnectionSettings) -> Iterator[Problem]:
    try:
        ZoneInfo(settings.source.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        means = "Schedules and the open month follow the company's zone."
        do = "Write it as Europe/London, or UTC."
        yield ("source", "time_zone"), f"{settings.source.time_zone!r} is not a time zone.", means, do


def _crons(settings: ConnectionSettings) -> Iterator[Problem]:
    written: list[tuple[Location, str | None]] = [(("schedule",), settings.schedule)]
    written += [(("lists", index, "schedule"), target.schedule) for index, target in enumerate(settings.lists)]
    written += [(("modules", index, "schedule"), target.schedule) for index, target in enumerate(settings.modules)]
    for location, cron in written:
        if cron is not None and len(cron.split()) != _CRON_FIELDS:
            do = 'Write five fields: minute, hour, day, month, weekday ("0 5 * * *" is daily at five).'
            yield location, f"{cron!r} is not a cron schedule.", "It would never run.", do


def _names(settings: ConnectionSettings) -> Iterator[Problem]:
    taken: set[str] = set()
    named: list[tuple[Location, str]] = [(("lists", index), one.name) for index, one in enumerate(settings.lists)]
    named += [(("modules", index), one.name) for index, one in enumerate(settings.modules)]
    for where, name in named:
        if name in taken:
            means = "Assets, loads and the audit trail are told apart by it."
            yield (*where, "name"), f"the name {name!r} is used twice.", means, "Rename one of the two."
        taken.add(name)


def _mappings(settings: ConnectionSettings) -> Iterator[Problem]:
    for dimension, mapping in settings.mapping.items():
        if not re.fullmatch(r"refuse|suspense:.+", mapping.unmapped):
            do = 'Write refuse, or "suspense:<member>".'
            means = "It decides what happens to an id without a member."
            yield ("mapping", dimension, "unmapped"), f"{mapping.unmapped!r} is no choice.", means, do


def _company(settings: ConnectionSettings, source: Source) -> Iterator[Problem]:
    company_id = settings.source.company_id
    if not re.fullmatch(source.company_id_pattern, company_id):
        word = source.company_id_name
        means = f"{source.title} knows a company by its {word}, and answers nothing to any other text."
        do = f"Copy the {word} from the companies that ml-connector connect {settings.source.credential} lists."
        if re.fullmatch(source.company_id_pattern, company_id.lower()):
            do = f"Write {company_id.lower()!r}: in lower case."
        yield ("source", "company_id"), f"{company_id!r} is not a {word} of {source.title}.", means, do


def _lists(settings: ConnectionSettings, source: Source) -> Iterator[Problem]:
    for index, target in enumerate(settings.lists):
        where: Location = ("lists", index)
        if _kind(source, target.entity) is not EntityKind.REFERENCE:
            yield (*where, "from"), *_wrong_entity(source, target.entity, (EntityKind.REFERENCE,), "a list")
        yield from _fields(where, target)


def _modules(settings: ConnectionSettings, source: Source) -> Iterator[Problem]:
    for index, target in enumerate(settings.modules):
        where: Location = ("modules", index)
        by_account = (EntityKind.LEDGER, EntityKind.COMMITMENT)
        wanted = by_account if target.grain == "cell" else (EntityKind.DOCUMENT, EntityKind.LEDGER)
        if _kind(source, target.from_) not in wanted:
            what = f"a module of grain {target.grain}"
            yield (*where, "from"), *_wrong_entity(source, target.from_, wanted, what)
        yield from _fields(where, target)
        yield from _choices(where, source, target)


def _kind(source: Source, entity: str) -> EntityKind | None:
    return next((found.kind for found in source.entities if found.name == entity), None)


def _wrong_entity(source: Source, entity: str, wanted: tuple[EntityKind, ...], what: str) -> tuple[str, str, str]:
    fitting = [found.name for found in source.entities if found.kind in wanted]
    known = _kind(source, entity)
    near = get_close_matches(entity, fitting, n=1) if known is None else []
    happened = f"{entity!r} is {'no entity' if known is None else f'a {known} entity'} of {source.title}."
    do = f"Write {near[0]!r}." if near else f"Use one of: {', '.join(fitting)}."
    return happened, f"It cannot fill {what}.", do


def _fields(where: Location, target: ListTarget | ModuleTarget) -> Iterator[Problem]:
    """Check a target's columns by the words of ``mapping.columns``; tracking categories are known to the company alone."""
    from ml_connector_dagster.mapping.columns import TRACKING, check_columns, field_names

    known = sorted(field_names(target))
    written = {field for field in target.columns.values() if field.startswith(TRACKING)}
    unknown = [
        (column, field)
        for column, field in target.columns.items()
        if not field.startswith("=") and field not in known and field not in written
    ]
    for column, field in unknown:
        near = get_close_matches(field, known, n=1)
        do = f"Write {near[0]!r}." if near else f"Use one of: {', '.join(known)}."
        means = f"Column {column!r} of the file would stay empty."
        constant = ' A constant begins with "=".'
        yield (*where, "columns", column), f"the field {field!r} is not known.", means, do + constant
    if unknown:
        return
    try:
        check_columns(target, [field.removeprefix(TRACKING) for field in written])
    except SettingWrong as error:
        yield (*where, "columns"), error.happened, error.means, error.do


def _choices(where: Location, source: Source, target: ModuleTarget) -> Iterator[Problem]:
    if target.measure == "closing_balance" and _kind(source, target.from_) is EntityKind.COMMITMENT:
        means = "What is ordered and not yet billed stands as of the period's end already; added up over months it counts double."
        yield (*where, "measure"), f"{target.from_} carries nothing forward.", means, "Use `measure: movement`."
    if target.currency == "base_books" and target.grain != "cell":
        means = "A document's amount in the company's own currency is either known by a rate or not known at all."
        yield (*where, "currency"), "base_books is for cells of ledger lines.", means, "Use `base` or `document`."
    if target.basis not in source.basis:
        means = f"{source.title} does not post {target.basis} basis by account, and it is never prorated."
        do = f"Use one of: {', '.join(source.basis)}."
        yield (*where, "basis"), f"basis {target.basis} cannot be had.", means, do
    if target.period_format not in ("iso_date", "yyyymmdd", "mmm_yy") and "%" not in target.period_format:
        do = "Use iso_date, yyyymmdd, mmm_yy, or a strftime pattern such as %b %y."
        means = "Every row would carry the same text as its period."
        yield (*where, "period_format"), f"{target.period_format!r} is no period format.", means, do
    for column in target.read_back.columns if target.read_back else ():
        if column not in target.columns:
            do = f"Use one of: {', '.join(target.columns)}."
            place = (*where, "read_back", "columns", column)
            yield place, f"{column!r} is no column of this module.", "Nothing of the file is found again by it.", do
