"""A digest follows from content alone."""

from __future__ import annotations

import random
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.staging.digest import RowDigest, grouped
from ml_connector_dagster.staging.frames import arrow_schema, table_of
from ml_connector_dagster_tests.staging.readings import line

ROWS = [line(f"d{number}", str(number % 3), net_amount=Decimal(number) / 100) for number in range(50)]


def digest(*parts: list[DocumentLine]) -> str:
    """The digest of rows that came in these parts."""
    whole = RowDigest(arrow_schema(DocumentLine), "document_id")
    for part in parts:
        whole.add(table_of(DocumentLine, part))
    return whole.hexdigest()


@given(seed=st.integers(0, 10_000), cut=st.integers(0, 50))
def test_the_order_of_records_and_row_groups_do_not_matter(seed: int, cut: int) -> None:
    shuffled = random.Random(seed).sample(ROWS, len(ROWS))
    assert digest(shuffled[:cut], shuffled[cut:]) == digest(ROWS)


def test_the_order_of_a_document_s_lines_is_its_content() -> None:
    first, second = line("d1", "1"), line("d1", "2")
    assert digest([first, second]) != digest([second, first])
    assert digest([first, second, line("d2")]) == digest([line("d2"), first, second])


def test_one_cent_changes_it() -> None:
    assert digest([*ROWS[1:], ROWS[0]._replace(net_amount=Decimal("0.01"))]) != digest(ROWS)


def test_every_column_counts() -> None:
    one = line("d1")
    changed = [one._replace(**{name: f"{value}x"}) for name, value in one._asdict().items() if isinstance(value, str)]
    changed += [one._replace(posts=False), one._replace(due_date=None), one._replace(modified_at=None)]
    assert len({digest([row]) for row in [one, *changed]}) == len(changed) + 1


def test_a_value_that_slips_into_the_next_column_changes_it() -> None:
    assert digest([line("d1", number="12", subkind="3")]) != digest([line("d1", number="2", subkind="31")])


def test_a_row_or_a_record_that_occurs_twice_counts_twice() -> None:
    assert digest([ROWS[0], ROWS[0]]) != digest([ROWS[0]])
    assert len({digest(*[[ROWS[0]]] * times) for times in range(4)}) == 4


def test_nothing_has_a_digest_too_and_other_columns_another_one() -> None:
    nothing = RowDigest(arrow_schema(DocumentLine), "document_id").hexdigest()
    assert nothing != RowDigest(arrow_schema(DocumentLine).remove(3), "document_id").hexdigest()
    assert digest([]) == nothing


def test_rows_are_put_beside_those_of_their_record_and_keep_their_order() -> None:
    table = table_of(DocumentLine, [line("d2", "1"), line("d1", "1"), line("d2", "2"), line("d1", "0")])
    together = grouped(table, "document_id").select(["document_id", "line_id"]).to_pylist()
    assert [tuple(row.values()) for row in together] == [("d2", "1"), ("d2", "2"), ("d1", "1"), ("d1", "0")]
