"""The number of a problem: readable, counted in each village and year, and temporary until the township gives one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rules.numbers import format_number, number_prefix, sequence_of, temporary_number
from tests.rules.conftest import TownHall
from tests.rules.records import ident, ms, problem

VILLAGE = "451422103201"


@pytest.mark.parametrize(
    ("moment", "prefix"),
    [("2018-09-03 10:00", "201-2018-"), ("2018-12-31 23:59:59", "201-2018-"), ("2018-12-31T16:00:00Z", "201-2019-")],
)
def test_a_number_begins_with_the_village_and_the_shanghai_year(moment: str, prefix: str) -> None:
    assert number_prefix(VILLAGE, ms(moment)) == prefix


@given(st.integers(1, 10**7))
def test_a_number_is_read_back(sequence: int) -> None:
    assert sequence_of(format_number("201-2018-", sequence), "201-2018-") == sequence
    assert len(format_number("201-2018-", sequence)) >= len("201-2018-0001")


@pytest.mark.parametrize(
    "text", ["", "201-2018-", "202-2018-0001", "201-2018-x", "201-2018--1", "201-2018-１", "201-2018-²", "一"]
)
def test_what_is_no_number_of_the_village_has_no_place(text: str) -> None:
    assert sequence_of(text, "201-2018-") == 0


def test_a_temporary_number_follows_from_the_record() -> None:
    assert temporary_number("0190a1b2-0000-7000-8000-00000000abcd") == "临ABCD"


def test_problems_are_numbered_as_they_arrive_in_each_village(town_hall: TownHall) -> None:
    names = ("甲", "乙", "丙")
    first, second = problem("甲"), problem("乙").then("09-02", **problem("乙").values)
    book = town_hall.lay(first, second, problem("丙").then("2019-01-01 00:00", **problem("丙").values))
    given_ = {one.id: one.values["number_text"] for one in book.problems}
    assert [given_[ident("problem", name)] for name in names] == ["201-2018-0001", "201-2018-0002", "201-2019-0001"]
