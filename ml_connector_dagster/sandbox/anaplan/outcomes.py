"""What running an action comes to: result documents of tasks, counted rows, and failure dumps."""

import csv
import io
from dataclasses import dataclass, field
from typing import Any


@dataclass
class RowFailure:
    """One source row that was refused (E) or half taken (W); line counts from the header = 1."""

    line: int
    row: list[str]
    errors: list[str]
    status: str = "E"


@dataclass
class Dump:
    """A failure dump: the rows as they stood in the file, with line and errors."""

    headers: list[str]
    failures: list[RowFailure]
    with_status: bool
    encoding: str = "UTF-8"

    def text(self) -> str:
        """CSV with every field quoted; the number of error columns follows the worst row."""
        width = max(len(failure.errors) for failure in self.failures)
        errors = [f"_Error_{number}_" for number in range(1, width + 1)]
        out = io.StringIO()
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow([*(["_Status_"] if self.with_status else []), *self.headers, "_Line_", *errors])
        for failure in self.failures:
            padded = failure.row + [""] * (len(self.headers) - len(failure.row))
            status = [failure.status] if self.with_status else []
            blank = [""] * (width - len(failure.errors))
            writer.writerow([*status, *padded[: len(self.headers)], str(failure.line), *failure.errors, *blank])
        return out.getvalue()


@dataclass
class Outcome:
    """What one action did. A failed one (successful False) changed nothing; a partial one is successful."""

    object_id: str
    object_name: str
    successful: bool = True
    details: list[dict[str, Any]] = field(default_factory=list)
    dump: Dump | None = None
    nested: list["Outcome"] = field(default_factory=list)

    @classmethod
    def failed(cls, object_id: str, object_name: str, code: str, message: str = "") -> "Outcome":
        detail = {"type": code, "occurrences": 1, "localMessageText": message or code, "values": []}
        return cls(object_id, object_name, successful=False, details=[detail])

    def dump_of(self, object_id: str) -> Dump | None:
        """The dump of this action or of one nested in it."""
        if self.object_id == object_id:
            return self.dump
        return next((found for nested in self.nested if (found := nested.dump_of(object_id)) is not None), None)

    def shown(self) -> dict[str, Any]:
        """The task's `result`."""
        shown: dict[str, Any] = {
            "successful": self.successful,
            "failureDumpAvailable": self.dump is not None,
            "objectId": self.object_id,
            "objectName": self.object_name,
            "details": self.details,
        }
        return {**shown, "nestedResults": [nested.shown() for nested in self.nested]} if self.nested else shown


@dataclass
class RowCounts:
    """Rows of one import by what became of them."""

    total: int = 0
    created: int = 0
    updated: int = 0
    renamed: int = 0
    warned: int = 0
    failed: int = 0
    ignored: int = 0

    @property
    def succeeded(self) -> int:
        return self.total - self.failed - self.ignored - self.warned

    def detail(self, kind: str, key: str, target: str) -> dict[str, Any]:
        """One entry of `details`: kind is hierarchyRowsProcessed or lineItemRowsProcessed."""
        failures = "WithFailures" if self.failed or self.warned else ""
        text = (
            f"{target}: {self.succeeded} ({self.created}/{self.updated}) rows successful, "
            f"{self.warned} (0/{self.warned}) rows has warnings, {self.failed} failed, {self.ignored} ignored"
        )
        values = {
            key: target,
            "successRowCount": self.succeeded,
            "successCreateCount": self.created,
            "successUpdateCount": self.updated,
            "warningsRowCount": self.warned,
            "warningsCreateCount": 0,
            "warningsUpdateCount": self.warned,
            "failedCount": self.failed,
            "ignoredCount": self.ignored,
            "totalRowCount": self.total,
            "totalCreateCount": self.created,
            "totalUpdateCount": self.updated,
            "invalidCount": 0,
            "updatedCount": self.updated,
            "renamedCount": self.renamed,
            "createdCount": self.created,
        }
        flat = [text for name, value in values.items() for text in (name, str(value))]
        return {"type": f"{kind}{failures}", "occurrences": 0, "localMessageText": text, "values": flat}
