"""Every kind of bad input gets one error of three sentences, changes no verified figure, and is gone once it is mended.

Each row goes the way a person or a run goes: real commands and flows, over HTTP to a sandbox that misbehaves as told.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import pytest

from ml_connector_dagster.components.failures import failure_of
from ml_connector_dagster.errors import (
    ConnectorError,
    CredentialRefused,
    HeldForPerson,
    LoadIncomplete,
    QuotaExhausted,
    RequestRejected,
    SettingWrong,
    TemporarilyRefused,
)
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster.transport.retry import RetryPolicy
from ml_connector_dagster_tests.connections.sandboxed import ANAPLAN_LOGIN, IE, MODEL, XERO_CLIENT
from ml_connector_dagster_tests.end_to_end.bad_input import NAME, OCT, Scene, Told, scene
from ml_connector_dagster_tests.end_to_end.conftest import TODAY

pytestmark = pytest.mark.xdist_group("bad_input")
WORKSPACE = "8a81b09d7f1c4e2a9b3d5c6e7f8a9b0c"
NO_DATABASE = "postgresql://reader:hunter2@127.0.0.1:9/state"
SECRETS = (XERO_CLIENT["client_secret"], ANAPLAN_LOGIN["password"], "hunter2")
TOKEN = re.compile(r"[\w~+=-]{41,}|\beyJ")
"""No identifier in a message is that long; every token is."""
CENTS = itertools.count(101)

Act = Callable[[Scene], object]


def nothing(_scene: Scene) -> None: ...


def command(*arguments: str, **shell: str) -> Callable[[Scene], Told]:
    return lambda scene: scene.command(*arguments, **shell)


def read(*entities: str) -> Callable[[Scene], Told]:
    return lambda scene: scene.attempt(lambda _: scene.read(*entities))


def load(target: str = "actuals", *, force: bool = False) -> Callable[[Scene], Told]:
    return lambda scene: scene.attempt(lambda _: scene.load(target, force=force))


def read_and_load(target: str, *entities: str) -> Callable[[Scene], Told]:
    return lambda scene: scene.attempt(lambda _: (scene.read(*entities), scene.load(target)))


READ, LOAD, PREVIEW = read("bills"), load(), command("preview", NAME, OCT)


@dataclass(frozen=True)
class BadInput:
    """One row: what is spoiled, what is tried, what is said, how it is mended."""

    name: str
    spoil: Act
    tries: Callable[[Scene], Told]
    error: type[ConnectorError]
    exit_code: int
    happened: str
    """A pattern: the sentence names the thing."""
    do: str
    """A pattern: the sentence names a command or a place."""
    mend: Act = nothing
    lands: bool = False
    """True where Anaplan took rows before the mishap: the figures are the new ones, and the load says what is in doubt."""

    restages: bool = False
    """True where the mishap is in the books themselves: what they say is staged and held, a record in quarantine is counted."""

    quarantined: int = 0
    """Bills that cannot be read: kept aside and counted."""

    def __str__(self) -> str:
        return self.name


def wrong_in_yaml(
    name: str, old: str, new: str, happened: str, do: str, tries: Callable[[Scene], Told] = PREVIEW
) -> BadInput:
    """A row whose error names file and line."""

    def spoil(scene: Scene) -> None:
        scene.wrong_line = scene.write(old, new)

    return BadInput(name, spoil, tries, SettingWrong, 2, rf"defs\.yaml, line LINE: {happened}", do, Scene.restore)


def planted(vendor: str, path: str, **what: object) -> Act:
    return lambda scene: scene.fault(vendor, path, **what)


def planned(action: str, **how: object) -> Act:
    return lambda scene: scene.control("anaplan/plans", object=action, **how)


def state(word: str) -> Act:
    return lambda scene: scene.control("anaplan/state", state=word)


def anaplan_user(**what: object) -> Act:
    return lambda scene: scene.control("anaplan/users", email=ANAPLAN_LOGIN["email"], **what)


def xero(**what: object) -> Act:
    return lambda scene: scene.control("xero/settings", **what)


def both(*acts: Act) -> Act:
    def every(scene: Scene) -> None:
        for act in acts:
            act(scene)

    return every


def rename_column(scene: Scene, name: str) -> None:
    scene.model.file_named("actuals.csv").headers[-1] = name


def amounts_as(scene: Scene, what: str) -> None:
    """A builder changes the format of the figures: Anaplan rejects every row of the file."""
    scene.model.module_named("Actuals").line_item("Amount").number_format = what


def customers_as(scene: Scene, what: str) -> None:
    """A builder changes the format of one column: Anaplan takes each row's other cells, with a warning."""
    scene.model.module_named("Invoice Register").line_item("Customer").number_format = what


def unmap(scene: Scene) -> None:
    lines = scene.crosswalk.read_text(encoding="utf-8").splitlines(keepends=True)
    scene.crosswalk.write_text("".join(line for line in lines if ",429," not in line), encoding="utf-8")


def damage(scene: Scene, **fields: str) -> None:
    scene.control("xero/damage", tenant="ie", document=scene.newest_bill, fields=fields)


def empty(scene: Scene, *, is_empty: bool) -> None:
    scene.control("xero/empty-period", tenant="ie", period=OCT, resources=["Invoices"], empty=is_empty)


def away(scene: Scene, name: str) -> None:
    (scene.home / name).rename(scene.home / f"{name}.away")


def back(scene: Scene, name: str) -> None:
    (scene.home / f"{name}.away").rename(scene.home / name)


def preview_on_postgres(scene: Scene) -> Told:
    shell = {"ML_CONNECTOR_HOME": str(scene.home / "other"), "ML_CONNECTOR_DATABASE_URL": NO_DATABASE}
    return scene.command("preview", NAME, OCT, **shell)


def spend_the_day(scene: Scene) -> None:
    spent = {"X-Rate-Limit-Problem": "day", "Retry-After": "1"}
    scene.fault("xero", "/Invoices", status=429, headers=spent)


ACTUALS = "Actuals from Xero"
NO_IMPORT = "the model has no import action or process"
TABLE = [
    # ── settings ──────────────────────────────────────────────────────────────────────────────────────────────────────
    wrong_in_yaml("workspace id in the wrong case", WORKSPACE, WORKSPACE.upper(), "the workspace id '8A81", "Write '8a81"),
    wrong_in_yaml("model id in the wrong case", MODEL, MODEL.lower(), "the model id 'b5c0", "Write 'B5C0"),
    wrong_in_yaml("company id in the wrong case", IE, IE.upper(), "'C2A9E4B7-.*' is not a tenantId", f"Write '{IE}'"),
    wrong_in_yaml("unknown key", "grain: cell", "grian: cell", "the key 'modules.0.grian' is not known", "Write 'grain'"),
    wrong_in_yaml("misspelt key", f"import: {ACTUALS}", f"imprt: {ACTUALS}", r"the key 'modules\.0\.imprt'", "Write 'import'"),
    wrong_in_yaml("missing import action", ACTUALS, "Actuals from Zero", f"{NO_IMPORT} 'Actuals from Zero'", ACTUALS, LOAD),
    BadInput("column renamed in Anaplan", partial(rename_column, name="Value"), LOAD, SettingWrong, 2,
             rf"defs\.yaml, line \d+: column 7 of the file is 'Amount', but '{ACTUALS}' in Anaplan expects 'Value'",
             r"columns in defs\.yaml", partial(rename_column, name="Amount")),
    # ── rights and credentials ────────────────────────────────────────────────────────────────────────────────────────
    BadInput("import hidden from the login", anaplan_user(denied=[ACTUALS]), LOAD, SettingWrong, 2,
             rf"defs\.yaml, line \d+: {NO_IMPORT} '{ACTUALS}'", "role", anaplan_user(denied=[])),
    BadInput("import that the login may not run (404)", planted("anaplan", "/tasks$", method="POST", status=404, body="{}"),
             LOAD, RequestRejected, 4, f"404 when '{ACTUALS}' .* was started", "ml-connector check", Scene.clear_faults),
    BadInput("model without access (404)", anaplan_user(no_access=[MODEL]),
             LOAD, RequestRejected, 4, f"404 .*{MODEL}", "role", anaplan_user(no_access=[])),
    BadInput("Xero grant expired",
             both(lambda scene: scene.control("clock", advance_seconds=1900),
                  planted("xero", "/connect/token", status=400, body='{"error": "invalid_grant"}')),
             READ, CredentialRefused, 3, "demo_xero", "ml-connector connect demo_xero", both(Scene.clear_faults, Scene.sign_in)),
    BadInput("Xero consent revoked", xero(revoke_all=True),
             READ, CredentialRefused, 3, "401 AuthorizationUnsuccessful", "ml-connector connect", Scene.sign_in),
    BadInput("Anaplan password expired",
             both(anaplan_user(password_expired=True), lambda scene: scene.control("anaplan/logins", revoke_all=True)),
             LOAD, CredentialRefused, 3, ANAPLAN_LOGIN["email"], "ml-connector credential set",
             both(anaplan_user(password_expired=False), Scene.sign_in)),
    BadInput("Xero user without the reporting role (403)", xero(user_may_report=False),
             read("ledger_lines"), CredentialRefused, 3, "403 to GET .*/Reports/.*: You are not permitted", "ml-connector connect",
             xero(user_may_report=True)),
    BadInput("Xero scope missing (403)", planted("xero", "/Invoices", status=403, body='{"Detail": "insufficient_scope"}'),
             READ, CredentialRefused, 3, ": insufficient_scope", "ml-connector connect", Scene.clear_faults),
    # ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────────
    BadInput("HTML from Xero", planted("xero", "/Invoices", kind="html", status=200),
             READ, TemporarilyRefused, 4, "Xero answered 200 .*/Invoices.*a page for people", "browser", Scene.clear_faults),
    BadInput("HTML from Anaplan", planted("anaplan", "/imports", kind="html", status=200),
             LOAD, TemporarilyRefused, 4, "Anaplan answered 200 .*/imports.*a page for people", "browser", Scene.clear_faults),
    BadInput("answer of Xero cut short", planted("xero", "/Invoices", kind="truncate"),
             READ, TemporarilyRefused, 4, "Xero gave no complete answer to GET .*/Invoices", "network", Scene.clear_faults),
    BadInput("chunk cut on its way", planted("anaplan", "/chunks/", method="PUT", kind="drop"),
             LOAD, TemporarilyRefused, 4, "Anaplan gave no complete answer to PUT .*/chunks/0", "network", Scene.clear_faults),
    BadInput("chunk that never arrived", planted("anaplan", "/chunks/", method="PUT", status=204),
             LOAD, LoadIncomplete, 6, f"task .* '{ACTUALS}' .*", r"ml-connector replay \d+", Scene.clear_faults),
    BadInput("read-back cut short", planted("anaplan", r"/views/\d+/data", kind="truncate"),
             LOAD, TemporarilyRefused, 4, "Anaplan gave no complete answer to GET .*/data", "network", Scene.clear_faults,
             lands=True),
    BadInput("Xero's calls of the day spent", spend_the_day,
             READ, QuotaExhausted, 5, "Xero's calls for today are spent", "schedule",
             both(Scene.clear_faults, lambda scene: scene.wait(1.5))),
    # ── Anaplan ───────────────────────────────────────────────────────────────────────────────────────────────────────
    BadInput("task cancelled", planned(ACTUALS, ends="cancelled"),
             LOAD, LoadIncomplete, 6, f"task .* '{ACTUALS}' .*was cancelled", r"ml-connector replay \d+"),
    BadInput("rows rejected and their dump gone", both(partial(amounts_as, what="BOOLEAN"), planned(ACTUALS, dump_gone=True)),
             LOAD, LoadIncomplete, 6, "rows rejected; Anaplan no longer has the list of them", r"ml-connector audit show \d+",
             partial(amounts_as, what="NUMBER")),
    BadInput("one cell of each row refused", partial(customers_as, what="NUMBER"), load("invoice_register", force=True),
             LoadIncomplete, 6, r"\d+ of \d+ rows taken without some of their cells \(file lines 2, .*Invalid number: IE-",
             r"ml-connector audit show \d+", both(partial(customers_as, what="TEXT"), lambda scene: scene.load("invoice_register")),
             lands=True),
    BadInput("model archived", state("ARCHIVED"), LOAD, SettingWrong, 2, f"archived .*{MODEL}", r"defs\.yaml", state("UNLOCKED")),
    BadInput("model locked", state("LOCKED"), LOAD, TemporarilyRefused, 4, f"locked .*{MODEL}", "unlock", state("UNLOCKED")),
    # ── figures ───────────────────────────────────────────────────────────────────────────────────────────────────────
    BadInput("unmapped account", unmap, LOAD, HeldForPerson, 8, "1 source id has no member: ledger_account 429",
             f"ml-connector mapping suggest {NAME} ledger_account", Scene.restore),
    BadInput("unparseable record", partial(damage, DateString="soon"), read_and_load("actuals", "bills", "ledger_lines"),
             HeldForPerson, 8, "1 record of 2026-10 .*: bills .*'soon'", "accounting system", damage, restages=True,
             quarantined=1),
    BadInput("period suddenly empty", partial(empty, is_empty=True), read_and_load("invoice_register", "invoices"),
             HeldForPerson, 8, r"invoices of 2026-10 had \d+ rows and now reads none",
             f"ml-connector held release {NAME} invoice_register {OCT}",
             both(partial(empty, is_empty=False), lambda scene: scene.read("invoices")), restages=True),
    # ── this machine ──────────────────────────────────────────────────────────────────────────────────────────────────
    BadInput("database out of reach", nothing, preview_on_postgres,
             TemporarilyRefused, 4, r"state database .*127\.0\.0\.1:9/state", "ML_CONNECTOR_DATABASE_URL"),
    BadInput("database file gone", partial(away, name="state.db"),
             READ, SettingWrong, 2, r"no state database at .*state\.db", "Put the file back", partial(back, name="state.db")),
    BadInput("no vault key", partial(away, name="vault.key"),
             READ, SettingWrong, 2, r"no vault key: .*vault\.key", "Put the key file", partial(back, name="vault.key")),
]  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, sqlite_template) -> Iterator[Scene]:
    folder, world = tmp_path_factory.mktemp("bad"), World.new(today=TODAY, task_seconds=0.0)
    impatient = partial(RetryPolicy, sleep=lambda _: None)
    with pytest.MonkeyPatch.context() as patch, running(world) as sandbox:
        patch.setattr("ml_connector_dagster.transport.client.RetryPolicy", impatient)
        with scene(sandbox, folder, sqlite_template) as opened:
            yield opened


@pytest.mark.parametrize("bad", TABLE, ids=str)
def test_bad_input_gets_one_clear_error_and_loses_nothing(desk: Scene, bad: BadInput) -> None:
    amount = Decimal(next(CENTS)) / 100
    desk.newest_bill = desk.bill(str(amount))
    if bad.tries is not READ:
        desk.read("bills", "ledger_lines")
    figure, figures, staged = desk.figure(), desk.figures(), desk.staged()
    bills = desk.counted()[0]
    bad.spoil(desk)
    try:
        told = bad.tries(desk)
        kept = desk.figures()
    finally:
        bad.mend(desk)
    assert_said(told, bad, desk)
    assert bad.lands or kept == figures
    assert bad.restages or desk.staged() == staged
    assert desk.counted() == (bills, bills - bad.quarantined, bad.quarantined), "read = staged + quarantined"
    assert desk.recover().holds
    assert desk.figure() == figure + amount


def assert_said(told: Told, bad: BadInput, desk: Scene) -> None:
    """One error, three sentences, the right class and code, in the run's page as on the terminal, and no secret."""
    error = told.error
    assert type(error) is bad.error, told
    print(f"\n[{bad.name}] {type(error).__name__} {told.exit_code}\n  {error.happened}\n  {error.means}\n  {error.do}")
    assert told.lines == [error.happened, f"  {error.means}", f"  {error.do}"]
    assert told.exit_code == bad.exit_code
    assert re.search(bad.happened.replace("LINE", str(desk.wrong_line)), error.happened), error.happened
    assert re.search(bad.do, error.do), error.do
    for sentence in (error.happened, error.means, error.do):
        assert sentence.endswith("."), sentence
    shown = failure_of(error)
    assert (shown.description, shown.allow_retries) == (f"{error.happened} {error.means} {error.do}", False)
    everything = " ".join((*told.lines, *(str(one.value) for one in shown.metadata.values())))
    assert not TOKEN.search(everything), everything
    assert not [secret for secret in SECRETS if secret in everything]
