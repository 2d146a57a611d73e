"""QuickBooks' memory of message sets: a write under an id is done once, and told again; the table of the page, line by line."""

import pytest

from ml_connector_dagster.sandbox.quickbooks_desktop.processor import Processor
from ml_connector_dagster_tests.sandbox.quickbooks_desktop.office import message, texts


def status(answers):
    return answers.get("messageSetStatusCode")


def test_a_set_that_comes_again_is_not_executed_and_told_by_its_ids(office):
    first = office.set(
        office.journal(rest="<ExternalGUID>{0f8fad5b-d9cb-469f-a165-70867728950e}</ExternalGUID>"), newMessageSetID="M1"
    )
    again = office.set(
        office.journal(rest="<ExternalGUID>{0f8fad5b-d9cb-469f-a165-70867728950e}</ExternalGUID>"), newMessageSetID="M1"
    )
    assert (status(first), status(again)) == ("0", "0")
    assert len(office.company.txns) == 1
    told = again[0].find("ErrorRecovery")
    for name in ("TxnID", "TxnNumber", "EditSequence"):
        assert texts(told, name) == texts(first[0][0], name)
    assert texts(told, "ExternalGUID") == ["{0f8fad5b-d9cb-469f-a165-70867728950e}"]
    assert again[0].find("JournalEntryRet") is None


def test_other_content_under_a_known_id_is_9001_and_not_executed(office):
    office.set(office.journal(), newMessageSetID="M1")
    again = office.set(office.journal(ref="P2"), newMessageSetID="M1")
    assert (status(again), len(again)) == ("9001", 0)
    assert len(office.company.txns) == 1


def test_the_same_id_as_new_and_old_asks_only(office):
    assert status(office.set("", newMessageSetID="M1", oldMessageSetID="M1")) == "600", "nothing is stored at all"
    office.set(office.journal(), newMessageSetID="M1")
    asked = office.set("", newMessageSetID="M1", oldMessageSetID="M1")
    assert (status(asked), asked[0].tag) == ("0", "JournalEntryAddRs")
    assert asked[0].find("ErrorRecovery/TxnID") is not None
    assert status(office.set("", newMessageSetID="M2", oldMessageSetID="M2")) == "9002"


def test_an_old_id_alone_deletes_what_was_stored(office):
    office.set(office.journal(), newMessageSetID="M1")
    office.set("", oldMessageSetID="M1")
    assert status(office.set("", newMessageSetID="M1", oldMessageSetID="M1")) == "600"
    office.set(office.journal(), newMessageSetID="M1")
    assert len(office.company.txns) == 2


def test_a_new_id_clears_the_old_one_and_is_executed(office):
    office.set(office.journal(), newMessageSetID="M1")
    office.set(office.journal(ref="P2"), newMessageSetID="M2", oldMessageSetID="M1")
    assert office.program.message_sets.ids("ml-connector") == ["M2"]
    assert len(office.company.txns) == 2
    office.set("<HostQueryRq/>", oldMessageSetID="ClearAllMessageSets")
    assert office.program.message_sets.ids("ml-connector") == []


def test_an_id_of_more_than_24_characters_is_9004(office):
    answers = office.set(office.journal(), newMessageSetID="M" * 25)
    assert (status(answers), len(office.company.txns)) == ("9004", 0)
    assert status(office.set(office.journal(), newMessageSetID="M" * 24)) == "0"


def test_a_set_that_could_not_be_stored_is_done_all_the_same(office):
    office.program.message_sets.cannot_store = 1
    assert status(office.set(office.journal(), newMessageSetID="M1")) == "9005"
    office.set(office.journal(), newMessageSetID="M1")
    assert len(office.company.txns) == 2, "whoever sends it again has it twice"


def test_a_failed_set_is_told_as_failed_again(office):
    wrong = office.journal(office.line("Debit", "6600", "1.00"))
    office.set(wrong, newMessageSetID="M1")
    again = office.set(wrong, newMessageSetID="M1")
    assert (status(again), again[0].get("statusCode")) == ("0", "3180")


def test_a_forgetful_company_file_executes_twice(office):
    office.program.message_sets.remembers = False
    for _ in range(2):
        office.set(office.journal(), newMessageSetID="M1")
    assert len(office.company.txns) == 2


def test_each_application_has_a_memory_of_its_own(office):
    office.set(office.journal(), newMessageSetID="M1")
    other = Processor(office.program, application="somebody else's")
    other.begin_session()
    other.process(message(office.journal(), newMessageSetID="M1"))
    assert len(office.company.txns) == 2


def test_a_restored_company_file_has_forgotten(office):
    office.set(office.journal(), newMessageSetID="M1")
    office.program.message_sets.forget()
    assert status(office.set("", newMessageSetID="M1", oldMessageSetID="M1")) == "600"


@pytest.mark.parametrize("ids", [{}, {"newMessageSetID": "M9"}])
def test_a_set_without_ids_shows_no_set_status(office, ids):
    answers = office.set("<HostQueryRq/>", **ids)
    assert (status(answers) is None) == (not ids)
