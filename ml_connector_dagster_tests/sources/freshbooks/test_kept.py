import pytest

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.sources.freshbooks.source import SOURCE, open_kept
from ml_connector_dagster_tests.sources.freshbooks import payloads
from ml_connector_dagster_tests.sources.freshbooks.fake_freshbooks import FORBIDDEN_PLAN, FakeFreshBooks
from ml_connector_dagster_tests.sources.freshbooks.kit import KIT
from ml_connector_dagster_tests.sources.freshbooks.read import DAY, OCTOBER


def answers(pages):
    return [body for page in pages for body in (*page.read_with, page.raw) if body]


def rows(pages):
    return [row for page in pages for row in page.rows]


@pytest.mark.parametrize("entity", [one for one in SOURCE.entities if not one.derived_from], ids=lambda one: one.name)
def test_the_token_that_stands_on_the_identity_is_not_kept_with_any_entity(entity):
    company, _ = KIT.open({entity.name: KIT.records(entity.name, OCTOBER, 3)})
    assert b"not-for-logs" not in b"".join(answers(company.read(entity, OCTOBER)))


def test_tokens_that_stand_on_records_are_not_kept():
    """Whoever holds one reads a client's statement without a login."""
    client = payloads.client(statement_token='se"cret', share_link="https://x.example/se", organization="Token & Co")
    company, _ = FakeFreshBooks({"customers": [client]}).open()
    pages = list(company.read(SOURCE.entity("customers"), OCTOBER))
    assert b"cret" not in pages[0].raw
    assert b"x.example" not in pages[0].raw
    assert rows(pages)[0].name == "Token & Co"


def test_a_plan_without_entries_is_kept_too():
    books = FakeFreshBooks()
    books.permit(**{"advanced_accounting.access": False})
    books.instead["journal_entry_details"] = FORBIDDEN_PLAN
    company, _ = books.open()
    entity = SOURCE.entity("journal_entries")
    pages = list(company.read(entity, OCTOBER))
    assert rows(open_kept(company.company()).read(entity, OCTOBER, answers(pages))) == rows(pages)


def test_answers_kept_without_their_chart_are_refused():
    company, _ = FakeFreshBooks({"payments": [payloads.payment(DAY)]}).open()
    (page,) = company.read(SOURCE.entity("payments"), OCTOBER)
    with pytest.raises(SettingWrong, match="lack the chart"):
        list(open_kept(company.company()).read(SOURCE.entity("payments"), OCTOBER, [page.raw]))
