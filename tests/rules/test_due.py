"""Every case of the due list on every shelf, what its lines say, and what holds for any book."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rules.due import NEEDS, Due, Person, Place, due_list
from tests.rules.cases_due import BEGUN, CASES, CLOSED, NONG, PROBLEM, RUN, A, DueCase
from tests.rules.conftest import Shelf
from tests.rules.reading import english
from tests.rules.records import check, device, ident, ms, problem, story, visit

HOMES = {ident("household", name): name for name in ("甲户", "乙户", "丙户")}
FAR = "9999-12-31"


def line(place: Place) -> str:
    return f"{HOMES[place.household] if place.household else '村'}: {', '.join(map(word, place.due))}"


def word(one: Due) -> str:
    mend = " to mend" if one.sort == "visit" and one.record else ""
    return f"{one.sort}{mend}{'' if one.mine else ' of others'}{' overdue' if one.overdue else ''}"


@pytest.mark.parametrize("case", CASES, ids=english)
def test_a_person_finds_what_is_due(case: DueCase, shelf: Shelf) -> None:
    found = due_list(shelf.lay(*case.wrote), case.who, ms(case.now))
    assert tuple(line(place) for place in found) == case.due
    assert not case.until or tuple(place.until for place in found) == case.until


def says(shelf: Shelf, *wrote: Any, now: str = "09-10 08:00") -> list[str]:
    return [one.why.zh for place in due_list(shelf.lay(*wrote), NONG, ms(now)) for one in place.due]


def test_a_line_says_why_in_plain_words(shelf: Shelf) -> None:
    assert says(shelf, RUN, A) == ["贫困户：还没有走访"]
    assert says(shelf, RUN, A, CLOSED[0]) == ["贫困户：还没有走访（1次家中无人）"]
    assert says(shelf, RUN, A, *CLOSED) == ["贫困户：3次家中无人，请约时间或电话访谈"]
    assert says(shelf, RUN, A, visit("09-05 10:00", "09-05 10:20")) == ["时间不足，请写明原因"]
    assert says(shelf, check("09-01", 99), check("09-05", 85.5)) == ["环境复查：分数明显下降（85.5分）"]


def test_a_problem_is_named_by_its_number_or_a_temporary_one(shelf: Shelf) -> None:
    (said,) = says(shelf, PROBLEM, *story(*BEGUN), now="09-21 08:00")
    number = "201-2018-0001" if shelf.name in ("sqlite", "postgres") else f"临{PROBLEM.id[-4:].upper()}"
    assert said == f"{number} 饮水：已交办，已逾期"


@pytest.mark.parametrize(
    ("now", "end"), [("09-16 23:59:59", "已交办"), ("09-17 00:00", "快到期"), ("09-20", "快到期"), ("09-21", "已逾期")]
)
def test_three_days_before_the_deadline_it_says_so(now: str, end: str, shelf: Shelf) -> None:
    (said,) = says(shelf, PROBLEM, *story(*BEGUN), now=now)
    assert said.endswith(end)


def test_what_a_line_is_about_is_named_by_its_record(shelf: Shelf) -> None:
    short, failing = visit("09-05 10:00", "09-05 10:20"), check("09-05", 60, home="乙户")
    found = due_list(shelf.lay(RUN, A, PROBLEM, *story(*BEGUN), short, failing), NONG, ms("09-10"))
    records = {one.sort: one.record for place in found for one in place.due}
    assert records == {"problem": PROBLEM.id, "visit": short.id, "cleanup": failing.id}


def test_a_line_never_tells_a_name_or_what_somebody_wrote(shelf: Shelf) -> None:
    wrote = (RUN, A, PROBLEM, *story(*BEGUN), visit("09-05 10:00", "09-05 10:20", remark="秘密"), check("09-05", 60))
    for said in says(shelf, *wrote):
        assert not any(secret in said for secret in ("甲户", "缺水", "秘密", "农", "黄"))


def test_the_list_reads_no_field_that_a_phone_does_not_keep_at_hand(shelves: Any) -> None:
    """On full records and on the short form of the same, every list is the same, for every case."""
    plain: Shelf = shelves("plain")
    for case in CASES:
        full = due_list(plain.lay(*case.wrote), case.who, ms(case.now))
        cut = tuple(
            replace(
                one, values={name: value for name, value in one.values.items() if name in NEEDS[one.kind] | {"removed"}}
            )
            for one in case.wrote
        )
        assert due_list(plain.lay(*cut), case.who, ms(case.now)) == full, case.name


# --- for any book

ALL = st.lists(st.sampled_from(range(len(CASES))), max_size=5)


@given(
    ALL,
    st.sampled_from(["09-10 08:00", "09-21 08:00", "10-06 08:00"]),
    st.sampled_from(["农", "黄", "user-9"]),
    st.randoms(),
)
def test_the_list_is_the_same_whatever_order_records_came_in(
    picked: list[int], now: str, who: str, chance: Any
) -> None:
    wrote = list({one.id + str(one.at): one for place in picked for one in CASES[place].wrote}.values())
    person = Person(frozenset({who}), device(who))
    book = Shelf().lay(*wrote)
    before = due_list(book, person, ms(now))
    for name in ("visits", "contact_visits", "links", "checks", "problems", "steps", "campaigns"):
        rows = list(getattr(book, name))
        chance.shuffle(rows)
        setattr(book, name, rows)
    after = due_list(book, person, ms(now))
    assert [(p.village, p.household, p.until) for p in after] == [(p.village, p.household, p.until) for p in before]
    assert [sorted(map(word, p.due)) for p in after] == [sorted(map(word, p.due)) for p in before]


@given(ALL, st.sampled_from(["09-10 08:00", "09-21 08:00", "10-06 08:00"]), st.sampled_from(["农", "黄", "user-9"]))
def test_every_place_has_something_of_mine_and_problems_first(picked: list[int], now: str, who: str) -> None:
    wrote = list({one.id + str(one.at): one for place in picked for one in CASES[place].wrote}.values())
    found = due_list(Shelf().lay(*wrote), Person(frozenset({who}), device(who)), ms(now))
    assert [place.until for place in found] == sorted(place.until for place in found)
    assert len({(place.village, place.household) for place in found}) == len(found)
    for place in found:
        assert any(one.mine for one in place.due)
        kinds = [one.sort for one in place.due]
        assert kinds == sorted(kinds, key=["problem", "visit", "contact", "cleanup"].index)
        assert place.until == min([one.until for one in place.due if one.mine and one.until], default=FAR)


def test_an_empty_book_has_nothing_due(shelf: Shelf) -> None:
    assert due_list(shelf.lay(), NONG, ms("09-10")) == []
    assert due_list(shelf.lay(problem()), NONG, ms("09-10")) == [], "a draft waits for nobody in particular"
