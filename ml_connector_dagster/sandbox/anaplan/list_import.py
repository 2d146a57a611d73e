"""Runs a list import: matches by key, creates what is new, updates mapped columns, never removes."""

from dataclasses import dataclass, field

from ml_connector_dagster.sandbox.anaplan.definitions import ImportDefinition
from ml_connector_dagster.sandbox.anaplan.members import AnaplanList, Member
from ml_connector_dagster.sandbox.anaplan.outcomes import Dump, Outcome, RowCounts, RowFailure
from ml_connector_dagster.sandbox.anaplan.source_rows import SourceRows

_CODE_LIMIT = 60
_YES_NO = {"yes": "true", "true": "true", "no": "false", "false": "false", "": ""}


class RowRefused(ValueError):  # noqa: N818 - named for what happened
    """One row that cannot be taken."""


@dataclass
class ListImport:
    """One run over one list. Keys: code only, name only, or name or code, as the definition says."""

    definition: ImportDefinition
    target: AnaplanList
    source: SourceRows
    counts: RowCounts = field(default_factory=RowCounts)
    failures: list[RowFailure] = field(default_factory=list)

    def run(self) -> Outcome:
        places = {
            column.list_field: place
            for header, column in self.definition.columns.items()
            if (place := self.source.position(header)) is not None
        }
        key_field = "name" if self.definition.match == "name" else "code"
        if key_field not in places:
            return self._failed("missingFields", f"No column is mapped to the {key_field}.")
        keys = [_at(row, places[key_field]).casefold() for row in self.source.rows]
        if self.definition.duplicates == "reject" and len(set(keys)) < len(keys):
            return self._failed("hierarchyImportDuplicateSourceKey", "The source has a key more than once.")
        seen: set[str] = set()
        for line, (key, row) in enumerate(zip(keys, self.source.rows, strict=True), 2):
            self.counts.total += 1
            if key and key in seen:
                self.counts.ignored += 1  # "import first occurrence": the later ones leave no trace
                continue
            seen.add(key)
            self._take(line, row, {name: _at(row, place) for name, place in places.items()}, key_field)
        return self._outcome()

    def _take(self, line: int, row: list[str], values: dict[str, str], key_field: str) -> None:
        try:
            self._upsert(values, key_field)
        except RowRefused as refused:
            self.counts.failed += 1
            self.failures.append(RowFailure(line, row, [str(refused)]))

    def _upsert(self, values: dict[str, str], key_field: str) -> None:
        key = values[key_field]
        if not key:
            raise RowRefused("Empty key")
        if key_field == "code" and (len(key) > _CODE_LIMIT or key.startswith("#")):
            raise RowRefused(f"Invalid code: {key[:80]}")
        properties = {
            name[9:]: self._property(name[9:], text) for name, text in values.items() if name[:9] == "property:"
        }
        parent = self._parent(values)
        member = self.target.find(key, self.definition.match)
        if member is None:
            member = self._create(key, values, parent)
        else:
            self._update(member, values, parent)
        member.properties.update(properties)

    def _create(self, key: str, values: dict[str, str], parent: Member | None) -> Member:
        name, code = values.get("name") or key, values.get("code", "")
        if self.target.by_name(name) is not None:
            raise RowRefused(f"Name or code already exists: {name}")
        self._must_be_free(code, None)
        self.counts.created += 1
        return self.target.create(name, code, parent)

    def _update(self, member: Member, values: dict[str, str], parent: Member | None) -> None:
        name, code = values.get("name"), values.get("code")
        self._must_be_free(code, member)
        if name and name != member.name:
            other = self.target.by_name(name)
            if other is not None and other is not member:
                raise RowRefused(f"Name or code already exists: {name}")
            self.target.rename(member, name)
            self.counts.renamed += 1
        if code and code != member.code:
            self.target.recode(member, code)
        if "parent" in values and (parent or self.target.top) is not member.parent:
            self.target.move(member, parent or self.target.top)
        self.counts.updated += 1

    def _must_be_free(self, code: str | None, member: Member | None) -> None:
        """Matched by name, a row may carry a code that another item has."""
        other = self.target.by_code(code) if code else None
        if other is not None and other is not member:
            raise RowRefused(f"Name or code already exists: {code}")

    def _parent(self, values: dict[str, str]) -> Member | None:
        """The parent named; a blank one means the top, so an existing item loses its parent."""
        text = values.get("parent", "")
        if not text:
            return None
        found = self.target.find_parent(text)
        if found is None:
            raise RowRefused(f"Invalid parent: {text}")
        return found

    def _property(self, name: str, text: str) -> str:
        if self.target.properties.get(name) != "BOOLEAN":
            return text
        if text.casefold() not in _YES_NO:
            raise RowRefused(f"Invalid boolean: {text}")
        return _YES_NO[text.casefold()]

    def _failed(self, code: str, message: str) -> Outcome:
        return Outcome.failed(self.definition.id, self.definition.name, code, message)

    def _outcome(self) -> Outcome:
        detail = self.counts.detail("hierarchyRowsProcessed", "hierarchyName", self.target.name)
        dump = None
        if self.failures:
            dump = Dump(self.source.headers, self.failures, self.definition.dump_status, self.definition.file.encoding)
        return Outcome(self.definition.id, self.definition.name, details=[detail], dump=dump)


def _at(row: list[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""
