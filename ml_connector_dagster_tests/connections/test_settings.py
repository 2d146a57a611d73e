"""Every wrong setting is refused with file, line, what it means and what to do."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ml_connector_dagster.connections.sample import SAMPLE
from ml_connector_dagster.connections.settings import find_connections, load_connection, read_connection
from ml_connector_dagster.errors import SettingWrong

CASES = {
    "unknown key": ("periods: {start: 2024-01}", "periods: {start: 2024-01, open_month: 3}", 10, "Write 'open_months'"),
    "unknown key without a near one": ("version: 1", "version: 1\n      colour: red", 4, "Use one of:"),
    "missing key": ("      periods: {start: 2024-01}\n", "", 2, "Write periods: …"),
    "wrong case of the model": (
        "0123456789ABCDEF0123456789ABCDEF",
        "0123456789abcdef0123456789abcdef",
        8,
        "upper case",
    ),
    "wrong case of the workspace": ("workspace: 0123456789abcdef", "workspace: 0123456789ABCDEF", 7, "lower case"),
    "ids that are no hex": ("0123456789ABCDEF0123456789ABCDEF", "GROUP PLANNING", 8, "32 hex digits"),
    "bad period": ("start: 2024-01", "start: 2024-13", 10, "Write it as 2026-10"),
    "unknown source": ("system: xero", "system: xeroo", 4, "Use one of: "),
    "company id": ("company_id: 0b6f1f3c-8a3e-4d52-9c55-7a2d9e1b4c60", "company_id: ACME", 4, "tenantId"),
    "unknown zone": ("Europe/London", "Europe/Londn", 4, "Write it as Europe/London"),
    "unknown list entity": ("from: ledger_accounts", "from: ledger_account", 12, "Write 'ledger_accounts'"),
    "ledger in a list": ("from: ledger_accounts", "from: ledger_lines", 12, "Use one of: ledger_accounts"),
    "reference in a module": ("from: ledger_lines", "from: customers", 15, "Use one of: ledger_lines"),
    "document at cell grain": ("from: ledger_lines", "from: invoices", 15, "module of grain cell"),
    "duplicate names": ("- name: actuals", "- name: accounts", 14, "Rename one of the two"),
    "unknown field": ("Account: ledger_account,", "Account: ledger_acount,", 17, "Write 'ledger_account'"),
    "two amounts": ("Account: ledger_account,", "Account: amount,", 17, "exactly one column"),
    "too wide a clear": ("Period: in_file, Account: all}", "Period: all, Account: all}", 17, "every period"),
    "read-back of no column": ("Period: Time, Account: Accounts}", "Month: Time}", 19, "no column of this module"),
    "cash basis": ("import: Actuals in", "import: Actuals in\n          basis: cash", 17, "never prorated"),
    "period format": ("import: Actuals in", "import: Actuals in\n          period_format: MM/YY", 17, "strftime"),
    "cron": ("import: Actuals in", "import: Actuals in\n          schedule: daily", 17, "five fields"),
    "unmapped": ("file: mapping/accounts.csv", "file: mapping/accounts.csv, unmapped: skip", 21, "suspense:"),
    "no quotes around an id": ("import: Accounts in", "import: 112000000001", 12, "Put it in quotes"),
    "no choice": ("import: Actuals in", "import: Actuals in\n          grain: row", 17, "'cell'"),
    "key twice": ("version: 1", "version: 1\n      version: 1", 4, "Keep one of the two"),
    "no yaml": ("version: 1", "version: 1: 2", 3, "Mend the line"),
    "a date that is none": ("version: 1", "version: 2024-13-01", 3, "Put the value in quotes"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_setting_names_file_line_and_what_to_do(written, case):
    old, new, line, says = CASES[case]
    path = written(old, new)
    with pytest.raises(SettingWrong) as caught:
        load_connection(path)
    assert caught.value.happened.startswith(f"{path}, line {line}: ")
    assert says in str(caught.value)
    assert caught.value.means
    assert caught.value.do
    assert caught.value.context["line"] == line


def test_the_right_file_loads(written):
    settings = load_connection(written())
    assert settings.periods.open_months == 3
    assert settings.lists[0].columns == {"Code": "code", "Name": "name", "Active": "active"}


def test_a_list_may_hold_one_tracking_category_alone(written):
    settings = load_connection(written("from: ledger_accounts", "from: tracking.Region"))
    assert (settings.lists[0].entity, settings.lists[0].category) == ("tracking", "Region")


def test_everything_wrong_is_told_at_once_in_the_order_of_the_lines(written):
    path = written(
        "Europe/London", "Nowhere", text=written().read_text().replace("from: ledger_accounts", "from: nothing")
    )
    settings, problems = read_connection(path)
    assert settings is not None
    assert [problem.context["line"] for problem in problems] == [4, 12]
    with pytest.raises(SettingWrong) as caught:
        load_connection(path)
    assert len(caught.value.context["others"]) == 1


def test_a_missing_or_empty_file_says_so(tmp_path, written):
    with pytest.raises(SettingWrong, match="cannot be read"):
        load_connection(tmp_path / "defs.yaml")
    path = written()
    path.write_text("", encoding="utf-8")
    with pytest.raises(SettingWrong, match="no attributes"):
        load_connection(path)


def test_connections_are_found_by_their_folder_and_other_components_are_passed_over(written, tmp_path):
    ours = written(name="acme")
    other = tmp_path / "defs" / "own" / "defs.yaml"
    other.parent.mkdir()
    other.write_text("type: dagster.DefsFolderComponent\n", encoding="utf-8")
    assert find_connections(tmp_path / "defs") == {"acme": ours}


def test_two_folders_of_one_name_are_refused(written, tmp_path):
    written(name="acme")
    written(name="group/acme")
    with pytest.raises(SettingWrong, match="Rename one of the two folders"):
        find_connections(tmp_path / "defs")


def test_a_broken_file_is_found_so_that_check_can_name_it(written, tmp_path):
    path = written("version: 1", "version: 1: 2")
    assert find_connections(tmp_path / "defs") == {"acme": path}


@pytest.mark.parametrize(
    ("written_as", "line", "says"),
    [(b"caf\xe9", 3, "Save the file as UTF-8"), (b"a\x00b", 1, "take the character away")],
)
def test_a_file_that_another_program_saved_is_found_and_refused_in_words(written, tmp_path, written_as, line, says):
    path = written(name="acme")
    path.write_bytes(path.read_bytes().replace(b"version: 1", b"version: " + written_as))
    assert find_connections(tmp_path / "defs") == {"acme": path}
    with pytest.raises(SettingWrong, match=says) as caught:
        load_connection(path)
    assert caught.value.context["line"] == line


def test_the_sample_has_its_marks_as_the_only_errors(tmp_path):
    path = tmp_path / "defs.yaml"
    path.write_text(SAMPLE, encoding="utf-8")
    settings, problems = read_connection(path)
    assert settings is None
    assert all("<" in problem.happened for problem in problems)
    marked = SAMPLE.replace("<tenant id>", "0b6f1f3c-8a3e-4d52-9c55-7a2d9e1b4c60")
    marked = marked.replace("<32 hex digits, lower case>", "0" * 31 + "a").replace(
        "<32 HEX DIGITS, UPPER CASE>", "0" * 31 + "A"
    )
    path.write_text(marked, encoding="utf-8")
    assert read_connection(path)[1] == []


def test_settings_load_without_frames_database_or_http():
    heavy = "('pandas', 'pyarrow', 'sqlalchemy', 'httpx', 'cryptography', 'dagster')"
    code = (
        "import sys, ml_connector_dagster.connections.settings, ml_connector_dagster.connections.opening;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
