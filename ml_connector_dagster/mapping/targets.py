"""What a customer chooses for one Anaplan list or module: pydantic, no pandas, no I/O.

The accounting meaning of each choice is in accounting_rules §2. Unknown keys are refused.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ml_connector_dagster.errors import SettingWrong

Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
TargetName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Strict(BaseModel):
    """Refuses unknown keys and cannot change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ListTarget(Strict):
    """One Anaplan list that a reference entity fills."""

    name: TargetName
    from_: Name = Field(
        alias="from",
        description="The reference entity whose records become members; tracking.<Category> for one category's options.",
    )
    import_action: Name = Field(alias="import", description="Import action or process: exact name, or 112… / 118… id.")
    columns: dict[Name, Name] = Field(
        default_factory=lambda: {"Code": "code", "Name": "name", "Active": "active"},
        description="File column to field: code, name, active, parent, account_class, account_type, currency, or '=constant'.",
    )
    anaplan_list: str = Field(
        default="", description="Name of the list, for the member check; default: the target's name."
    )
    schedule: str | None = None

    @property
    def entity(self) -> str:
        """The reference entity to read: what stands before a category."""
        return self.from_.partition(".")[0]

    @property
    def category(self) -> str:
        """The tracking category; empty where the list takes every record of the entity."""
        return self.from_.partition(".")[2]

    @property
    def dimension(self) -> str:
        """The name under ``mapping:`` and in a module's columns: ledger_account, customer, vendor, tracking.<Category>."""
        return self.from_ if self.category else self.entity.removesuffix("s")


class ReadBack(Strict):
    """The saved view in which the loaded figure is read again."""

    view: Name = Field(description="Saved view by exact name ('Module.View' where names repeat) or id.")
    line_item: Name = Field(description="Line item whose cells are compared.")
    columns: dict[Name, Name] = Field(
        description="File column to the view's dimension; of a document or line also to the line item that shows it, "
        "where that has another name than the column."
    )


ClearMode = Literal["in_file", "all", "none"]


class ModuleTarget(Strict):
    """One Anaplan module that ledger lines or documents fill."""

    name: TargetName
    from_: Name = Field(
        alias="from", description="ledger_lines, commitment_lines, or a document entity for document and line grain."
    )
    import_action: Name = Field(alias="import", description="Import action or process: exact name, or 112… / 118… id.")
    columns: dict[Name, Name] = Field(
        description="File column to field (period, ledger_account, customer, vendor, tracking.<Category>, currency, amount, "
        "document fields at document and line grain) or '=constant'."
    )
    grain: Literal["cell", "document", "line"] = "cell"
    measure: Literal["movement", "closing_balance"] = "movement"
    accounts: Literal["profit_and_loss", "balance_sheet", "all"] = "profit_and_loss"
    sign: Literal["natural", "debit_positive"] = "natural"
    basis: Literal["accrual", "cash"] = "accrual"
    currency: Literal["base", "document", "base_books"] = Field(
        default="base",
        description="base refuses books in another currency that the source gives no rate for; base_books leaves them out.",
    )
    period_format: str = Field(default="iso_date", description="iso_date, yyyymmdd, mmm_yy, or a strftime pattern.")
    clear: dict[Name, ClearMode] = Field(
        default_factory=dict,
        description="What the import's clear options cover per column; a narrower file is refused.",
    )
    read_back: ReadBack | None = Field(default=None, description="Required for a load to count as verified.")
    load_without: Literal["quarantined"] | None = Field(
        default=None, description="Load although records are quarantined."
    )
    schedule: str | None = None


def read_back_of(target: ModuleTarget) -> ReadBack:
    """Answer where the module's figures are read again.

    Raises:
        SettingWrong: The connection does not say.
    """
    if target.read_back is None:
        raise SettingWrong(
            f"The module {target.name!r} has no read_back.",
            "Nobody could prove that its figures arrived, so nothing is loaded for it.",
            "Name a saved view, its line item and its dimensions under read_back in defs.yaml.",
            setting="read_back",
        )
    return target.read_back


class DimensionMapping(Strict):
    """How one dimension's source ids become members of a list."""

    file: str | None = Field(
        default=None, description="CSV crosswalk beside defs.yaml: source_id, source_code, source_name, member."
    )
    unmapped: Annotated[str, StringConstraints(pattern=r"^(refuse|suspense:.+)$")] = Field(
        default="refuse", description="refuse, or suspense:<member>."
    )
    prefix: str = Field(
        default="", description="Put before the id where no crosswalk is given, for lists several companies share."
    )
    blank: Name = Field(
        default="unassigned", description="Member for lines that carry none, for instance a journal without customer."
    )

    @property
    def suspense(self) -> str | None:
        """The member that takes unmapped ids so that totals stay whole; None where they hold the load."""
        return self.unmapped.partition(":")[2] or None
