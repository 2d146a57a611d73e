"""From nothing to a connected, checked connection, by the commands of the README."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ml_connector_dagster.cli.loopback import listening
from ml_connector_dagster.errors import SettingWrong, TemporarilyRefused
from ml_connector_dagster_tests.connections.sandboxed import MODEL, UK, redirect_of

CLIENT = "client_id=sandbox-xero-client\nclient_secret=sandbox-xero-secret\n"
LOGIN = "user=demo@calderfinch.example\npassword=sandbox-anaplan-password\n"
BROWSER = f"{sys.executable} -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1]).read()' %s"


def test_init_makes_what_is_missing_says_what_is_next_and_may_run_again(run, shell):
    (Path(shell["ML_CONNECTOR_HOME"]) / "state.db").unlink()
    first = run("init", "--sample", "acme")
    assert first.exit_code == 0, first.stderr
    assert "new; keep a copy" in first.stderr
    assert "ml-connector credential set" in first.stderr
    assert (Path(shell["ML_CONNECTOR_CONNECTIONS"]) / "acme" / "defs.yaml").exists()
    assert (Path(shell["DAGSTER_HOME"]) / "dagster.yaml").exists()
    key = (Path(shell["ML_CONNECTOR_HOME"]) / "vault.key").read_text()
    assert run("init").exit_code == 0
    assert (Path(shell["ML_CONNECTOR_HOME"]) / "vault.key").read_text() == key
    again = run("init", "--sample", "acme")
    assert again.exit_code == 2
    assert "exists already" in again.stderr
    assert run("init", "--sample", "a/b").exit_code == 2


def test_a_credential_is_entered_from_stdin_and_listed_without_its_secrets(run):
    run("init")
    stored = run("credential", "set", "demo_xero", "--from-stdin", stdin=CLIENT)
    assert stored.exit_code == 0, stored.stderr
    assert "Next: ml-connector connect demo_xero" in stored.stderr
    assert run("credential", "set", "demo_anaplan", "--from-stdin", stdin=LOGIN).exit_code == 0
    listed = run("credential", "list", "--json")
    rows = {row["credential"]: row for row in json.loads(listed.stdout)}
    assert (rows["demo_xero"]["vendor"], rows["demo_xero"]["kind"], rows["demo_xero"]["state"]) == (
        "xero",
        "oauth",
        "new",
    )
    assert rows["demo_anaplan"]["kind"] == "basic"
    assert "secret" not in listed.stdout
    assert "password" not in listed.stdout


def test_a_credential_is_asked_for_at_the_prompt(run):
    run("init")
    stored = run("credential", "set", "more", "--vendor", "anaplan", stdin="a@b.example\ns3cret\n")
    assert stored.exit_code == 0, stored.stderr
    assert "s3cret" not in stored.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("more",), "Say --vendor with one of: anaplan"),
        (("more", "--vendor", "sage"), "Say --vendor"),
        (("more", "--vendor", "xero", "--kind", "basic"), "Use --kind oauth"),
        (("more", "--vendor", "xero", "--from-stdin"), "needs client_id"),
    ],
)
def test_a_credential_that_cannot_be_says_why(run, arguments, says):
    run("init")
    refused = run("credential", "set", *arguments)
    assert refused.exit_code == 2
    assert says in refused.stderr


def entered(run) -> None:
    run("init")
    run("credential", "set", "demo_xero", "--from-stdin", stdin=CLIENT)
    run("credential", "set", "demo_anaplan", "--from-stdin", stdin=LOGIN)


def test_connect_opens_a_browser_waits_on_loopback_and_shows_the_companies(run):
    entered(run)
    ran = run("connect", "demo_xero", "--port", "0", "--wait", "20", "--json", BROWSER=BROWSER)
    assert ran.exit_code == 0, ran.stderr
    assert UK in {row["company_id"] for row in json.loads(ran.stdout)}
    assert "Connected demo_xero" in ran.stderr
    ended = run("disconnect", "demo_xero")
    assert "Disconnected" in ended.stderr
    assert "was not connected" in run("disconnect", "demo_xero").stderr


def test_connect_without_a_browser_takes_the_pasted_address(run, shell, monkeypatch):
    entered(run)
    asked = []

    class Person:
        """Reads what was printed, opens it elsewhere, and pastes where it led."""

        def readline(self) -> str:
            return redirect_of(asked[0]) + "\n"

    monkeypatch.setattr(
        "click.echo", lambda text="", **_: asked.append(str(text)) if "authorize" in str(text) else None
    )
    monkeypatch.setattr(
        "ml_connector_dagster.cli.connect.sys", type("S", (), {"stdin": Person(), "stdout": sys.stdout})
    )
    ran = run("connect", "demo_xero", "--no-browser")
    assert ran.exit_code == 0, ran.output


def test_connect_refuses_a_forged_answer(run):
    entered(run)
    ran = run(
        "connect", "demo_xero", "--no-browser", stdin="http://localhost:8701/connect/callback?code=x&state=forged\n"
    )
    assert ran.exit_code == 4
    assert "/connect/authorize?" in ran.stdout or "authorize" in ran.stdout


def test_nobody_who_consents_in_time_is_said():
    with listening(0) as (_, wait), pytest.raises(TemporarilyRefused, match="No redirect arrived"):
        wait(0.01)


def test_a_taken_port_is_said():
    with listening(0) as (address, _):
        port = int(address.rsplit(":", 1)[1].split("/")[0])
        with pytest.raises(SettingWrong, match="--port"), listening(port):
            raise AssertionError


def test_the_listener_takes_the_callback_alone():
    import httpx

    with listening(0) as (address, wait):
        base = address.replace("localhost", "127.0.0.1")
        assert httpx.get(base.replace("/connect/callback", "/favicon.ico"), trust_env=False).status_code == 404
        assert httpx.get(f"{base}?code=1&state=2", trust_env=False).status_code == 200
        assert wait(1) == "/connect/callback?code=1&state=2"


def test_discover_writes_a_file_that_the_offline_check_takes(run, connected_shell):
    chosen = ("--source-credential", "demo_xero", "--anaplan-credential", "demo_anaplan", "--at", "sandbox")
    unclear = run("discover", "mine", *chosen)
    assert unclear.exit_code == 2
    assert f"--company {UK}" in unclear.stderr
    chosen = (*chosen, "--company", UK)
    unclear = run("discover", "mine", *chosen)
    assert f"--model {MODEL}" in unclear.stderr  # beside the models of the other demo companies
    chosen = (*chosen, "--model", MODEL)
    ran = run("discover", "mine", *chosen, "--entity", "IE", "--time-zone", "Europe/London")
    assert ran.exit_code == 0, ran.stderr
    assert run("check", "--offline", "mine").exit_code == 0
    assert run("discover", "mine", *chosen).exit_code == 2
    assert run("discover", "m/ne", *chosen).exit_code == 2
    printed = run("discover", "mine", *chosen, "--print")
    assert printed.stdout.startswith("# Calder & Finch Ltd")


def test_a_company_that_calls_us_is_written_without_being_asked_and_takes_no_credential(run, connected_shell):
    where = ("--anaplan-credential", "demo_anaplan", "--at", "sandbox", "--model", "3D9C7B4E2F6A4E0B1C5D8A9F0E1B2C34")
    assert run("discover", "mill", "--source", "xero", *where).exit_code == 2
    assert run("discover", "mill", *where).exit_code == 2
    ran = run("discover", "mill", "--source", "quickbooks_desktop", *where, "--entity", "BS")
    assert ran.exit_code == 0, ran.stderr
    assert "ml-connector qwc" in ran.stderr
    assert run("check", "--offline", "mill").exit_code == 0
    written = (Path(connected_shell["ML_CONNECTOR_CONNECTIONS"]) / "mill" / "defs.yaml").read_text()
    assert "Class: tracking.Class" in written
    assert "from: classes" in written
    refused = run("credential", "set", "mill_quickbooks_desktop")
    assert refused.exit_code == 2
    assert "ml-connector qwc" in refused.stderr


def test_check_offline_names_every_wrong_file_and_line(run, shell):
    path = Path(shell["ML_CONNECTOR_CONNECTIONS"]) / "calder_uk" / "defs.yaml"
    path.write_text(path.read_text().replace("grain: cell", "grain: zell"))
    ran = run("check", "--offline", "--json")
    assert ran.exit_code == 2
    rows = json.loads(ran.stdout)
    assert {row["connection"] for row in rows} == {"calder_uk"}
    assert all("zell" in row["says"] and not row["holds"] for row in rows)
    assert run("check", "--offline", "nowhere").exit_code == 2


def test_check_offline_refuses_a_copied_company_that_would_write_into_the_other_s_cells(run, shell):
    folder = Path(shell["ML_CONNECTOR_CONNECTIONS"])
    shutil.copytree(folder / "calder_uk", folder / "calder_copy")
    rows = json.loads(run("check", "--offline", "--json").stdout)
    wrong = {(row["connection"], row["subject"]) for row in rows if not row["holds"]}
    assert {("calder_uk", "cells of actuals"), ("calder_copy", "cells of balances")} <= wrong


def test_check_probes_both_systems_and_ends_red_when_something_does_not_hold(run, connected_shell):
    path = Path(connected_shell["ML_CONNECTOR_CONNECTIONS"]) / "calder_uk" / "defs.yaml"
    path.write_text(path.read_text().replace("import: Actuals from Xero", "import: Nothing"))
    ran = run("check", "calder_uk", "--json")
    assert ran.exit_code == 2
    found = {row["subject"]: row["holds"] for row in json.loads(ran.stdout)}
    assert found["organisation"]
    assert not found["import of actuals"]


def test_vault_check_and_rotate(run, connected_shell):
    before = json.loads(run("vault", "check", "--json").stdout)
    assert {row["opens"] for row in before} == {True}
    ran = run("vault", "rotate", "--drop-old")
    assert "2 data keys are wrapped" in ran.stderr
    assert "1 old keys were dropped" in ran.stderr
    key = Path(connected_shell["ML_CONNECTOR_HOME"]) / "vault.key"
    key.unlink()
    gone = run("vault", "check")
    assert gone.exit_code == 2
    assert "There is no vault key" in gone.stderr
    assert run("init").exit_code == 2


def test_enable_and_disable_name_what_they_did_and_refuse_a_wrong_file(run, shell):
    run("init")
    assert "may start runs" in run("enable", "calder_uk").stderr
    assert "start nothing" in run("disable", "calder_uk").stderr
    assert run("enable", "nowhere").exit_code == 2


def test_upgrade_brings_the_database_to_this_release(run):
    ran = run("upgrade", "--without-dagster")
    assert ran.exit_code == 0, ran.stderr


@pytest.mark.parametrize(("code", "ends"), [(0, 0), (1, 4)])
def test_upgrade_migrates_dagsters_instance_too_and_says_when_it_could_not(run, shell, monkeypatch, code, ends):
    run("init")
    ran_with = []

    def migrate(command, **_):
        ran_with.extend(command)
        return subprocess.CompletedProcess(command, code, "", "somebody is connected")

    monkeypatch.setattr("ml_connector_dagster.cli.upgrade.subprocess.run", migrate)
    ran = run("upgrade")
    assert ran.exit_code == ends
    assert f"DAGSTER_HOME={shell['DAGSTER_HOME']}" in ran_with
    assert ("somebody is connected" in ran.stderr) == bool(code)


@pytest.mark.parametrize("url", ["http://example.com", "ftp://localhost"])
def test_serve_refuses_an_address_over_which_codes_would_be_readable(run, url):
    run("init")
    ran = run("serve", "--public-url", url)
    assert ran.exit_code == 2
    assert "https" in ran.stderr


def test_serve_runs_the_app_where_it_was_told(run, monkeypatch):
    run("init")
    ran_with = {}
    monkeypatch.setattr("uvicorn.run", lambda app, **options: ran_with.update(options, app=app))
    ran = run("serve", "--port", "8123")
    assert ran.exit_code == 0, ran.stderr
    assert "http://localhost:8123/connect/callback" in ran.stderr
    assert (ran_with["host"], ran_with["port"], ran_with["access_log"]) == ("127.0.0.1", 8123, False)


def test_a_home_that_was_never_initialised_says_so(run, shell):
    (Path(shell["ML_CONNECTOR_HOME"]) / "state.db").unlink()
    ran = run("credential", "list")
    assert ran.exit_code == 2
    assert "ml-connector init" in ran.stderr
