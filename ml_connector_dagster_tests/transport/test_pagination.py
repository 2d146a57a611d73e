from __future__ import annotations

import pytest

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.transport.pagination import numbered_pages, offset_pages


def read(pages: list[tuple[list[str], int | None]]) -> tuple[list[list[str]], list[int]]:
    """Reads scripted (ids, page count) pages; beyond the script every page is empty."""
    asked: list[int] = []

    def fetch(number: int) -> tuple[list[str], int | None]:
        asked.append(number)
        return pages[number - 1] if number <= len(pages) else ([], None)

    read_pages = [ids for ids, _ in numbered_pages(fetch, ids=lambda page: page[0], page_count=lambda page: page[1])]
    return read_pages, asked


def test_pages_are_read_to_the_vendors_page_count_and_no_further() -> None:
    assert read([(["a", "b"], 2), (["c"], 2), (["never"], 2)]) == ([["a", "b"], ["c"]], [1, 2])


def test_a_short_page_in_the_middle_is_no_end() -> None:
    pages, asked = read([(["a", "b"], 3), (["c"], 3), (["d", "e"], 3)])
    assert (len(pages), asked) == (3, [1, 2, 3])


def test_without_a_page_count_an_empty_page_ends_the_list() -> None:
    assert read([(["a"], None), (["b"], None)]) == ([["a"], ["b"]], [1, 2, 3])


def test_an_empty_first_page_is_yielded_so_that_it_is_kept_and_counted() -> None:
    assert read([([], 0)]) == ([[]], [1])


def test_a_page_count_that_grows_while_reading_is_followed() -> None:
    assert read([(["a"], 1 + 1), (["b"], 3), (["c"], 3)])[1] == [1, 2, 3]


def test_an_empty_page_ends_the_list_whatever_the_page_count_says() -> None:
    assert read([(["a"], 9), ([], 9)]) == ([["a"]], [1, 2])


def test_a_record_that_moved_to_a_later_page_is_no_circle() -> None:
    """An edit while reading moves a document to the end, where it appears again."""
    assert len(read([(["a", "b"], 2), (["b", "c"], 2)])[0]) == 2


def test_an_endpoint_that_ignores_its_page_number_is_refused_instead_of_read_for_ever() -> None:
    with pytest.raises(RequestRejected, match="page 2 with records that were read before"):
        read([(["a", "b"], None), (["a", "b"], None)])


def read_offsets(pages: list[tuple[int, int | None]]) -> tuple[int, list[tuple[int, int]]]:
    """Reads scripted (rows, total) pages and answers how many were yielded and what was asked."""
    asked: list[tuple[int, int]] = []
    script = iter(pages)

    def fetch(offset: int, limit: int) -> tuple[int, int | None]:
        asked.append((offset, limit))
        return next(script)

    return len(list(offset_pages(fetch, rows=lambda page: page[0], total=lambda page: page[1], limit=5))), asked


def test_offsets_advance_by_what_came_and_not_by_what_was_asked_for() -> None:
    assert read_offsets([(5, 12), (4, 12), (3, 12)]) == (3, [(0, 5), (5, 5), (9, 5)])


def test_a_list_without_a_total_is_one_page() -> None:
    assert read_offsets([(3, None)]) == (1, [(0, 5)])


def test_an_empty_page_before_the_total_ends_the_list() -> None:
    assert read_offsets([(5, 12), (0, 12)]) == (1, [(0, 5), (5, 5)])


def test_an_empty_list_is_one_empty_page() -> None:
    assert read_offsets([(0, 0)]) == (1, [(0, 5)])
