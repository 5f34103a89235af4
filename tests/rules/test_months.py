"""Every case of the twice-a-month rule on every shelf; two members, couples and totals; and what holds for any month at all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.moments import days_after, last_day
from shared.rules.contact import STATES, ContactMonth, LinkMonth, link_month, owed
from shared.rules.due import Book
from shared.rules.policy import ContactRules, preset, read_policy
from tests.rules.cases_months import CASES, MonthCase
from tests.rules.conftest import Shelf
from tests.rules.reading import english, entry_of
from tests.rules.records import Write, contact, link, ms, visit

RULES = preset().contact


def month_of(
    book: Book, one: Write, month: str = "2018-09", rules: ContactRules = RULES, now: str = "2021-01-01"
) -> LinkMonth:
    (entry,) = [entry for entry in book.links if entry.id == one.id]
    return link_month(entry, [*book.contact_visits, *book.visits], month, rules, now=ms(now))


@pytest.mark.parametrize("case", CASES, ids=english)
def test_a_month_stands_as_the_calls_say(case: MonthCase, shelf: Shelf) -> None:
    policy, findings = read_policy({"overrides": {"contact": case.rules}})
    assert findings == []
    told = month_of(shelf.lay(case.link, *case.wrote), case.link, case.month, policy.contact, case.now)
    late = case.late if shelf.tells_receipt else ()
    assert (told.owed, told.days, told.late, told.state) == (case.owed, case.made, late, case.state)
    assert told.state in STATES
    assert told.missing == max(0, case.owed - len(case.made))
    assert told.met is (case.state == "met")


# --- two members, couples


def test_two_members_linked_to_one_household_each_owe_two(shelf: Shelf) -> None:
    one, other = link("陆"), link("农")
    book = shelf.lay(one, other, contact("09-03 10:00"), contact("09-10 10:00"), contact("09-05 10:00", by="农"))
    assert [(told.owed, told.made) for told in (month_of(book, one), month_of(book, other))] == [(2, 2), (2, 1)]


def test_a_couple_calling_together_has_both_called(shelf: Shelf) -> None:
    one, other = link("陆"), link("农")
    together = visit("09-12 10:00", "09-12 10:40", by="农", others=["陆"], purposes=["party_link"])
    book = shelf.lay(one, other, contact("09-03 10:00", by="陆", others=["农"], of=one), together)
    assert month_of(book, one).days == month_of(book, other).days == ("2018-09-03", "2018-09-12")


def test_one_member_with_two_households_owes_each_of_them(shelf: Shelf) -> None:
    one, other = link("陆"), link("陆", home="乙户")
    book = shelf.lay(one, other, contact("09-03 10:00"), contact("09-04 10:00"))
    assert [month_of(book, each).missing for each in (one, other)] == [0, 2]


def test_a_removed_call_does_not_count(shelf: Shelf) -> None:
    one, call = link("陆"), contact("09-03 10:00")
    assert month_of(shelf.lay(one, call, call.then("09-04", removed=True)), one).days == ()


# --- a village's month


def totals(*months: LinkMonth) -> ContactMonth:
    found = ContactMonth()
    for one in months:
        found.add(one)
    return found


def test_a_villages_month_adds_up_links_and_never_people() -> None:
    def told(*wrote: Write, **dates: Any) -> LinkMonth:
        calls = [entry_of(one) for one in wrote]
        return link_month(entry_of(link("陆", **dates)), calls, "2018-09", RULES, ms("2021-01-01"))

    three = [contact(f"09-{day} 10:00") for day in ("03", "10", "20")]
    late = contact("09-28 10:00")
    open_ = told(late)
    village = totals(
        told(*three), open_, told(exempt_reason="ill"), told(since="10-01"), told(three[2], since="09-16"),
        told(three[0], exempt_reason="ill"),
    )  # fmt: skip
    assert village == ContactMonth(links=5, owed=5, made=4, met=2, open=1, exempt=2, late=0, extra=2)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=8))
def test_a_villages_made_never_exceeds_its_owed(rows: list[tuple[int, int]]) -> None:
    days = [f"2018-09-{day:02d}" for day in range(1, 10)]
    one = entry_of(link("陆"))
    found = totals(*(LinkMonth(one, "2018-09", owing, False, tuple(days[:made]), ()) for owing, made in rows))
    assert found.made <= found.owed
    assert found.made + found.extra == sum(made for _, made in rows)
    assert found.met + found.open == sum(owing > 0 for owing, _ in rows)


# --- for any month

DAYS = st.integers(0, 120).map(lambda n: days_after("2018-07-15", n))
MONTHS = st.sampled_from(["2018-08", "2018-09", "2018-10"])


@given(MONTHS, DAYS, st.none() | DAYS, st.none() | DAYS, st.none() | DAYS, st.sampled_from([None, "ill", "unheard"]))
def test_a_month_owes_none_one_or_two_and_an_exemption_never_adds(
    month: str, since: str, until: str | None, off_from: str | None, off_to: str | None, reason: str | None
) -> None:
    plain = {"from_date": since, "to_date": until}
    due, _ = owed(plain, month, RULES)
    left, exempt = owed({**plain, "exempt_from": off_from, "exempt_to": off_to, "exempt_reason": reason}, month, RULES)
    assert 0 <= left <= due <= 2
    assert exempt is (left < due)
    runs = since <= last_day(month) and (until is None or (until >= f"{month}-01" and until >= since))
    assert (due > 0) is runs


CALLS = st.lists(
    st.tuples(st.integers(0, 70), st.sampled_from(["home", "phone", "field"]), st.sampled_from("陆农"), st.booleans()),
    max_size=10,
)


@given(CALLS, st.randoms(use_true_random=False))
def test_days_that_count_are_distinct_days_of_the_month_in_any_order(
    rows: list[tuple[int, str, str, bool]], chance: Any
) -> None:
    calls = []
    for place, (days, mode, by, as_visit) in enumerate(rows):
        began = f"{days_after('2018-08-10', days)} {chance.choice(['00:00', '10:00', '23:59'])}"
        if as_visit:
            calls.append(visit(began, by=by, mode=mode, purposes=["party_link"], name=str(place)))
        else:
            calls.append(contact(began, by=by, mode=mode, name=str(place)))
    entries = [entry_of(one) for one in calls]
    told = link_month(entry_of(link("陆")), entries, "2018-09", RULES, ms("2021-01-01"))
    expected = {days_after("2018-08-10", days) for days, mode, by, _ in rows if mode == "home" and by == "陆"}
    assert told.days == tuple(sorted(day for day in expected if day.startswith("2018-09")))
    chance.shuffle(entries)
    assert link_month(entry_of(link("陆")), entries, "2018-09", RULES, ms("2021-01-01")).days == told.days


@given(CALLS)
def test_one_more_call_never_makes_a_month_less(rows: list[tuple[int, str, str, bool]]) -> None:
    entries = [
        entry_of(contact(f"{days_after('2018-08-10', days)} 10:00", by=by, mode=mode, name=str(place)))
        for place, (days, mode, by, _) in enumerate(rows)
    ]
    made = [
        link_month(entry_of(link("陆")), entries[:n], "2018-09", RULES, ms("2021-01-01")).made
        for n in range(len(entries) + 1)
    ]
    assert made == sorted(made)
