"""Writing manual journals: what is refused, what is only warned about, and what a key remembers."""

import base64
import hashlib
from decimal import Decimal

import pytest

from ml_connector_dagster_tests.sandbox.xero.conftest import REDIRECT


def lines(*rows):
    return [{"AccountCode": code, "LineAmount": amount, "Description": "Plan"} for code, amount in rows]


def journal(*rows, **more):
    given = rows or (("400", 100.0), ("429", -100.0))
    return {"Narration": "Plan [mlc:test]", "Date": "2026-11-20", "JournalLines": lines(*given)} | more


def saved(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["ManualJournals"][0]


def messages(answer):
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert (body["ErrorNumber"], body["Type"]) == (10, "ValidationException")
    return [error["Message"] for element in body["Elements"] for error in element.get("ValidationErrors", ())]


def ledger(xero, entry):
    return xero.question("ledger-lines", tenant="uk", document=entry["ManualJournalID"])["lines"]


def test_a_new_journal_is_a_draft_and_posts_nothing(xero):
    entry = saved(xero.write(journal(), method="PUT"))
    assert entry["Status"] == "DRAFT"
    assert entry["LineAmountTypes"] == "NoTax"
    assert ledger(xero, entry) == []


def test_a_posted_journal_reaches_ledger_list_and_report(xero):
    before = xero.question("balances", tenant="uk", first="2026-11-20", last="2026-11-20")["movement"]
    entry = saved(xero.write({"ManualJournals": [journal(Status="POSTED")]}))
    assert [(line["code"], line["amount"]) for line in ledger(xero, entry)] == [("400", "100.00"), ("429", "-100.00")]
    after = xero.question("balances", tenant="uk", first="2026-11-20", last="2026-11-20")["movement"]
    account = entry["JournalLines"][0]["AccountID"]
    assert Decimal(after[account]) - Decimal(before.get(account, "0")) == 100
    assert xero.every("ManualJournals")[-1]["ManualJournalID"] == entry["ManualJournalID"]


def test_a_posted_journal_can_be_voided_and_a_draft_deleted(xero):
    posted = saved(xero.write(journal(Status="POSTED")))
    path = f"ManualJournals/{posted['ManualJournalID']}"
    assert saved(xero.write({"Status": "VOIDED"}, path=path))["Status"] == "VOIDED"
    assert ledger(xero, posted) == []
    draft = saved(xero.write(journal()))
    assert saved(xero.write({"ManualJournalID": draft["ManualJournalID"], "Status": "DELETED"}))["Status"] == "DELETED"


@pytest.mark.parametrize("status", ["VOID", "DELETED", "DRAFT"])
def test_a_posted_journal_takes_no_other_status(xero, status):
    posted = saved(xero.write(journal(Status="POSTED")))
    answer = xero.write({"Status": status}, path=f"ManualJournals/{posted['ManualJournalID']}")
    assert f"The status '{status}' cannot be applied to the document" in messages(answer)


def test_debits_must_equal_credits(xero):
    answer = xero.write(journal(("400", 100), ("429", -10)))
    assert "The total debits (100.00) must equal total credits (-10.00)" in messages(answer)


def test_narration_and_two_lines_are_mandatory(xero):
    assert "Narration is mandatory" in messages(xero.write({"JournalLines": lines(("400", 1), ("429", -1))}))
    assert "At least two journal lines are required" in messages(xero.write(journal(("400", 0))))


def test_cents_are_kept_and_finer_parts_rounded_away(xero):
    entry = saved(xero.write(journal(("400", "100.005"), ("429", "-100.01"))))
    assert [line["LineAmount"] for line in entry["JournalLines"]] == [100.01, -100.01]
    assert "LineAmount is mandatory and must be a number" in messages(xero.write(journal(("400", "many"), ("429", 0))))


@pytest.mark.parametrize("code", ["610", "800", "960", "090"])
def test_receivables_payables_retained_earnings_and_banks_are_forbidden(xero, code):
    answer = xero.write(journal((code, 100), ("429", -100)))
    assert f"Account code '{code}' is not a valid code for this document." in messages(answer)


def test_an_archived_account_is_refused(xero):
    assert "Account code '215' has been archived, or deleted." in messages(xero.write(journal(("215", 1), ("429", -1))))


def test_an_unknown_account_is_dropped_with_a_mere_warning(xero):
    entry = saved(xero.write(journal(("476", 0), ("400", 5), ("429", -5))))
    assert entry["Warnings"][0]["Message"] == (
        "Account code '476' has been removed as it does not match a recognised account."
    )
    assert len(entry["JournalLines"]) == 2


def test_tracking_takes_active_options_by_name_or_id_and_at_most_two(xero):
    region, practice = xero.get("TrackingCategories")["TrackingCategories"]
    body = journal()
    body["JournalLines"][0]["Tracking"] = [
        {"Name": "Region", "Option": region["Options"][0]["Name"]},
        {
            "TrackingCategoryID": practice["TrackingCategoryID"],
            "TrackingOptionID": practice["Options"][1]["TrackingOptionID"],
        },
    ]
    shown = saved(xero.write(body))["JournalLines"][0]["Tracking"]
    assert [tag["Option"] for tag in shown] == [region["Options"][0]["Name"], practice["Options"][1]["Name"]]
    body["JournalLines"][0]["Tracking"] = [{"Name": "Region", "Option": "Wales (closed)"}] * 3
    found = messages(xero.write(body))
    assert "The tracking option 'Wales (closed)' is not an active option" in found
    assert "Only two tracking categories can be assigned to a line" in found


def test_tax_is_added_only_where_the_journal_is_not_without_tax(xero):
    rows = (("429", 100), ("805", -120))
    body = journal(*rows, LineAmountTypes="Exclusive", Status="POSTED")
    body["JournalLines"][0]["TaxType"] = "INPUT2"
    body["JournalLines"][1]["TaxType"] = "NONE"
    entry = saved(xero.write(body))
    assert entry["JournalLines"][0]["TaxAmount"] == 20
    assert [(line["code"], line["amount"]) for line in ledger(xero, entry)] == [
        ("429", "100.00"),
        ("820", "20.00"),
        ("805", "-120.00"),
    ]
    body["JournalLines"][0]["TaxType"] = "NOTHING"
    assert any("TaxType code 'NOTHING'" in message for message in messages(xero.write(body)))


@pytest.mark.parametrize(
    "written", ["/Date(1795132800000)/", "/Date(1795132800000+0000)/", "2026-11-20", "2026-11-20T00:00:00"]
)
def test_dates_are_taken_in_every_spelling(xero, written):
    assert saved(xero.write(journal(Date=written)))["Date"] == "/Date(1795132800000+0000)/"


def test_a_date_that_is_none_is_refused(xero):
    assert "The Date 'soon' is not valid" in messages(xero.write(journal(Date="soon")))


@pytest.mark.parametrize(("lock", "name"), [("period", "period"), ("year", "end of year")])
def test_a_locked_period_takes_no_journal(fresh, lock, name):
    fresh.control("lock-dates", tenant="uk", **{lock: "2026-10-31"})
    found = messages(fresh.write(journal(Date="2026-10-31")))
    assert found == [f"The document date cannot be before the {name} lock date, currently set at 31 October 2026"]
    assert saved(fresh.write(journal(Date="2026-11-01")))
    organisation = fresh.get("Organisation")["Organisations"][0]
    assert {"period": "PeriodLockDate", "year": "EndOfYearLockDate"}[lock] in organisation
    fresh.control("lock-dates", tenant="uk", **{lock: None})
    assert saved(fresh.write(journal(Date="2026-10-31")))


def test_one_bad_journal_of_a_batch_saves_none(xero):
    before = len(xero.every("ManualJournals"))
    answer = xero.write({"ManualJournals": [journal(), journal(("400", 1), ("429", -2))]})
    assert answer.status_code == 400
    assert len(answer.json()["Elements"]) == 2
    assert len(xero.every("ManualJournals")) == before


def test_without_summarized_errors_each_journal_has_a_status_of_its_own(xero):
    body = {
        "ManualJournals": [journal(), journal(("400", 1), ("429", -2)), journal(("476", 0), ("400", 5), ("429", -5))]
    }
    answer = xero.write(body, path="ManualJournals?summarizeErrors=False")
    assert answer.status_code == 200
    found = [entry["StatusAttributeString"] for entry in answer.json()["ManualJournals"]]
    assert found == ["OK", "ERROR", "WARNING"]


def test_put_creates_and_never_updates(xero):
    draft = saved(xero.write(journal(), method="PUT"))
    again = journal(ManualJournalID=draft["ManualJournalID"])
    assert xero.write(again, method="PUT").status_code == 404
    assert xero.write(again, path="ManualJournals/00000000-0000-4000-8000-000000000000").status_code == 404
    changed = saved(xero.write(again | {"Narration": "Changed"}))
    assert (changed["ManualJournalID"], changed["Narration"]) == (draft["ManualJournalID"], "Changed")


def test_what_is_no_json_is_invalid_post_data(xero):
    answer = xero.http.post("/xero/api.xro/2.0/ManualJournals", content=b"<xml/>", headers=xero.headers())
    assert (answer.status_code, answer.json()["Type"]) == (400, "PostDataInvalidException")
    assert xero.write({"ManualJournals": []}).status_code == 400


def test_a_repeated_key_is_answered_from_memory_and_writes_once(fresh):
    answers = [fresh.write(journal(), Idempotency_Key="k1") for _ in range(2)]
    first, again = map(saved, answers)
    left = [int(answer.headers["X-MinLimit-Remaining"]) for answer in answers]
    assert left[1] == left[0] - 1, "an answer from memory counts as a call"
    assert again["ManualJournalID"] == first["ManualJournalID"]
    assert sum(entry["ManualJournalID"] == first["ManualJournalID"] for entry in fresh.every("ManualJournals")) == 1


def test_a_key_used_for_another_request_is_refused(fresh):
    saved(fresh.write(journal(), Idempotency_Key="k1"))
    answer = fresh.write(journal(Narration="Other"), Idempotency_Key="k1")
    assert answer.status_code == 400
    assert "is used with a different request" in answer.json()["Message"]


def test_a_key_belongs_to_its_app(fresh):
    saved(fresh.write(journal(), Idempotency_Key="k1"))
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    other = {"client_id": "sandbox-xero-public"}
    code = fresh.authorize(**other, code_challenge=challenge, code_challenge_method="S256")["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": verifier}
    fresh.token = fresh.token_call(None, **form, **other).json()
    assert saved(fresh.write(journal(Narration="Another app's"), Idempotency_Key="k1"))["Narration"] == "Another app's"


def test_a_key_replays_errors_too(fresh):
    bad = journal(Date="2026-10-31")
    fresh.control("lock-dates", tenant="uk", period="2026-10-31")
    assert fresh.write(bad, Idempotency_Key="k1").status_code == 400
    fresh.control("lock-dates", tenant="uk", period=None)
    assert fresh.write(bad, Idempotency_Key="k1").status_code == 400
    assert fresh.write(bad, Idempotency_Key="k2").status_code == 200


def test_a_key_is_forgotten_after_six_minutes_and_the_journal_written_again(fresh):
    first = saved(fresh.write(journal(), Idempotency_Key="k1"))
    fresh.running.world.clock.advance(361)
    assert saved(fresh.write(journal(), Idempotency_Key="k1"))["ManualJournalID"] != first["ManualJournalID"]


def test_a_key_over_128_characters_is_refused(fresh):
    assert fresh.write(journal(), Idempotency_Key="k" * 129).status_code == 400
    assert fresh.write(journal(), Idempotency_Key="k" * 128).status_code == 200


def test_a_lost_answer_leaves_the_journal_written(fresh):
    """Committed, then the connection dropped: only looking tells, or the key within its six minutes."""
    from ml_connector_dagster.sandbox.faults import Fault

    fresh.running.world.faults.plant(Fault(kind="answer_lost", vendor="xero", method="POST", path="ManualJournals"))
    with pytest.raises(Exception, match=r"disconnected|reset|closed"):
        fresh.write(journal(Narration="Lost [mlc:lost]"), Idempotency_Key="k1")
    found = [entry for entry in fresh.every("ManualJournals") if entry["Narration"] == "Lost [mlc:lost]"]
    assert len(found) == 1
    again = saved(fresh.write(journal(Narration="Lost [mlc:lost]"), Idempotency_Key="k1"))
    assert again["ManualJournalID"] == found[0]["ManualJournalID"]
