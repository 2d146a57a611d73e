"""Dimensions and their members: lists, versions, time, and the pseudo-dimension of line items."""

from collections.abc import Iterator
from dataclasses import dataclass, field

TIME_ID = "20000000003"
VERSIONS_ID = "20000000020"
LINE_ITEMS = "Line items"


@dataclass(eq=False)
class Member:
    """One item of a dimension. Identity is the object's own, so a renamed item keeps its cells."""

    id: str
    name: str
    code: str = ""
    parent: "Member | None" = None
    children: int = 0
    aggregate: bool = False
    properties: dict[str, str] = field(default_factory=dict)
    subsets: dict[str, bool] = field(default_factory=dict)

    @property
    def is_leaf(self) -> bool:
        return self.children == 0 and not self.aggregate

    def lineage(self) -> Iterator["Member"]:
        """Itself, then its parents up to the top."""
        member: Member | None = self
        while member is not None:
            yield member
            member = member.parent

    def shown(self) -> dict[str, str]:
        """As dimension items are served: no code field where there is no code."""
        return {"id": self.id, "name": self.name, **({"code": self.code} if self.code else {})}


class Dimension:
    """Members with look-up by id, name and code; names and codes are compared without case."""

    has_codes = False

    def __init__(self, dimension_id: str, name: str) -> None:
        self.id = dimension_id
        self.name = name
        self.members: list[Member] = []
        self._by_id: dict[str, Member] = {}
        self._by_name: dict[str, Member] = {}
        self._by_code: dict[str, Member] = {}

    def add(self, member: Member) -> Member:
        """Append a member; the caller has checked that name and code are free."""
        self.members.append(member)
        self._by_id[member.id] = member
        self._by_name[member.name.casefold()] = member
        if member.code:
            self._by_code[member.code.casefold()] = member
        if member.parent is not None:
            member.parent.children += 1
        return member

    def remove(self, member: Member) -> None:
        self.members.remove(member)
        del self._by_id[member.id]
        del self._by_name[member.name.casefold()]
        if member.code:
            del self._by_code[member.code.casefold()]
        if member.parent is not None:
            member.parent.children -= 1

    def rename(self, member: Member, name: str) -> None:
        del self._by_name[member.name.casefold()]
        member.name = name
        self._by_name[name.casefold()] = member

    def recode(self, member: Member, code: str) -> None:
        self._by_code.pop(member.code.casefold(), None)
        member.code = code
        self._by_code[code.casefold()] = member

    def move(self, member: Member, parent: Member | None) -> None:
        if member.parent is not None:
            member.parent.children -= 1
        member.parent = parent
        if parent is not None:
            parent.children += 1

    def by_id(self, member_id: str) -> Member | None:
        return self._by_id.get(member_id)

    def by_name(self, name: str) -> Member | None:
        return self._by_name.get(name.casefold())

    def by_code(self, code: str) -> Member | None:
        return self._by_code.get(code.casefold())

    def find(self, text: str, match: str = "name_or_code") -> Member | None:
        """The member that an import's match rule (code, name, name_or_code) finds."""
        found = self.by_code(text) if match in {"code", "name_or_code"} else None
        if found is None and match in {"name", "name_or_code"}:
            found = self.by_name(text)
        return found

    def shown(self) -> dict[str, str]:
        return {"id": self.id, "name": self.name}


class AnaplanList(Dimension):
    """A general list: items with codes and properties, and optionally a top-level item that sums them all."""

    has_codes = True

    def __init__(self, list_id: str, name: str, *, top: str = "", properties: dict[str, str] | None = None) -> None:
        super().__init__(list_id, name)
        self.properties = properties or {}
        self.numbered = False
        self.production = True
        self.parent: AnaplanList | None = None
        self._next = int(list_id[-3:]) * 100_000_000 + 201_000_000_000
        self.top = self.add(Member(self.new_id(), top, aggregate=True)) if top else None

    def new_id(self) -> str:
        self._next += 1
        return str(self._next)

    def items(self) -> list[Member]:
        """The items without the top-level item."""
        return [member for member in self.members if member is not self.top]

    def create(self, name: str, code: str = "", parent: Member | None = None) -> Member:
        return self.add(Member(self.new_id(), name, code, parent or self.top))

    def find_parent(self, text: str) -> Member | None:
        """A parent by name or code, in this list or in the list above it."""
        found = self.find(text)
        return found if found is not None or self.parent is None else self.parent.find(text)
