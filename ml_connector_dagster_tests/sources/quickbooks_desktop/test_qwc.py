"""The .qwc file and its password, section 2.6 of the vendor page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from lxml import etree

from ml_connector_dagster.cli.main import main
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.sources.contract.session import NamedCompany
from ml_connector_dagster.sources.quickbooks_desktop import passwords, qwc, rows
from ml_connector_dagster.sources.quickbooks_desktop.commands import qwc as command
from ml_connector_dagster.sources.quickbooks_desktop.greeting import OWNER_ID
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster_tests.sources.quickbooks_desktop.small_file import FILE_ID

WHERE = {"connection": "small", "company_id": FILE_ID, "username": "small-1a2b", "every_minutes": 15}


def test_the_file_says_all_that_the_web_connector_asks_for() -> None:
    root = etree.fromstring(qwc.written(**WHERE, public_url="https://books.example.com/").encode())  # type: ignore[arg-type]
    said = {child.tag: child.text or "" for child in root}
    assert root.tag == "QBWCXML"
    assert said["AppURL"] == "https://books.example.com/quickbooks_desktop/soap"
    assert said["AppSupport"] == "https://books.example.com/quickbooks_desktop/support"
    assert (said["OwnerID"], said["FileID"]) == (OWNER_ID, f"{{{FILE_ID}}}")
    assert (said["QBType"], said["Style"], said["IsReadOnly"]) == ("QBFS", "Document", "false")
    assert len(said["AppDescription"]) <= 80
    assert root.findtext("Scheduler/RunEveryNMinutes") == "15"


@pytest.mark.parametrize(
    "address", ["http://books.example.com", "https://10.0.0.1", "https://[::1]", "ftp://x.example.com", "books", "https://x?y", "https://me:secret@x"]
)  # fmt: skip
def test_an_address_that_the_web_connector_refuses_is_refused_here(address: str) -> None:
    with pytest.raises(SettingWrong, match="wants https with a host's name"):
        qwc.written(**WHERE, public_url=address)  # type: ignore[arg-type]
    assert "localhost:8702" in qwc.written(**WHERE, public_url="http://localhost:8702")  # type: ignore[arg-type]


def test_the_command_prints_the_password_once_and_rotates_it(sqlite_store: Store, tmp_path: Path) -> None:
    @contextmanager
    def opens(connection: str, system: str) -> Iterator[NamedCompany]:
        assert (connection, system) == ("small", "quickbooks_desktop")
        yield NamedCompany(sqlite_store, FILE_ID)

    def run(*options: str) -> str:
        written = CliRunner().invoke(command, ["small", "--out", str(tmp_path / "s.qwc"), *options], obj=opens)
        assert written.exit_code == 0, written.output
        return written.output.rpartition("Password:")[2].strip()

    def counts(password: str, *, hours: float = 0) -> bool:
        with sqlite_store.read() as database:
            company = rows.known_company(database, FILE_ID)
        assert company is not None
        return passwords.is_right(company, password, datetime.now(UTC) + timedelta(hours=hours))

    refused = CliRunner().invoke(command, ["small", "--public-url", "http://10.0.0.1"], obj=opens)
    assert isinstance(refused.exception, SettingWrong)
    first = run()
    before = (tmp_path / "s.qwc").read_text()
    assert "issued before" in run(), "the file again, the password not"
    assert (tmp_path / "s.qwc").read_text() == before, "user name and ids stay"
    assert first not in before
    second = run("--rotate", "--grace-hours", "2")
    assert (len(second), second != first) == (29, True)
    renamed = qwc.issue(sqlite_store, FILE_ID, "renamed", rotate=False, grace=timedelta())
    assert renamed.app_name == "ml-connector small", "QuickBooks' permission is bound to the name"
    assert [counts(second), counts(first), counts(first, hours=3), counts("")] == [True, True, False, False]


def test_the_command_is_mounted_and_wants_a_connection_of_its_own_system(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ML_CONNECTOR_HOME", str(sqlite_store.home))
    refused = CliRunner().invoke(main, ["qwc", "calder_uk"])
    assert (refused.exit_code, "is of xero, not of quickbooks_desktop" in refused.output) == (2, True)
    written = CliRunner().invoke(main, ["qwc", "brackenridge", "--out", str(tmp_path / "b.qwc")])
    assert written.exit_code == 0, written.output
    assert f"<FileID>{{{FILE_ID}}}</FileID>" in (tmp_path / "b.qwc").read_text()
