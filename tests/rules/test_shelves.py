"""Every shelf gives the rules the same to read: the phone's short form and the township's columns are what was written, no more, no less."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.hlc import milliseconds_of
from shared.rules.due import NEEDS, Book
from shared.rules.entry import Entry
from tests.rules import cases_coverage, cases_due, cases_ledger, cases_length, cases_months, cases_rebound
from tests.rules.conftest import PhoneShelf, Shelf
from tests.rules.reading import entry_of
from tests.rules.records import Write, contact, household, problem, story, visit

LISTS = ("visits", "contact_visits", "links", "checks", "problems", "steps", "campaigns")


def entries_of(book: Book) -> Iterator[Entry]:
    yield from book.households.values()
    for name in LISTS:
        yield from getattr(book, name)


def told(book: Book, number: bool) -> dict[str, Any]:
    """Id to what a rule can read: the fields it needs, where it lies, when it was first written."""
    return {
        one.id: (
            one.kind,
            one.village and one.village[-3:],
            one.household,
            {
                name: value
                for name, value in one.values.items()
                if name in NEEDS[one.kind] and value is not None and (number or name != "number_text")
            },
            milliseconds_of(one.first),
        )
        for one in entries_of(book)
    }


TABLES = [
    ("length", [case.wrote for case in cases_length.CASES]),
    ("months", [(case.link, *case.wrote) for case in cases_months.CASES]),
    ("rebound", [case.wrote for case in cases_rebound.CASES]),
    ("coverage", [case.wrote for case in cases_coverage.CASES]),
    ("due", [case.wrote for case in cases_due.CASES]),
    ("ledger", [(problem(home=case.home, tier=case.tier), *case.steps) for case in cases_ledger.CASES[::3]]),
]


@pytest.mark.parametrize(("name", "cases"), TABLES, ids=[name for name, _ in TABLES])
def test_a_shelf_gives_back_what_was_written(name: str, cases: list[tuple[Write, ...]], shelf: Shelf) -> None:
    for wrote in cases[::5]:
        assert told(shelf.lay(*wrote), number=False) == told(Shelf().lay(*wrote), number=False), wrote


def test_when_a_record_was_first_and_last_written_is_the_same_everywhere(shelf: Shelf) -> None:
    """Also where the first word was a list joined element by element, and where the last one emptied a field."""
    first = Write("visit", "一", {"participants": ["韦"]}, "韦", visit("10:00").at, "甲户")
    rest = first.then("10:30", **{**visit("10:00", "10:30").values, "participants": ["韦", "农"]})
    last = first.then("11:00", remark=None)
    (one,) = shelf.lay(first, rest, last).visits
    assert (one.first[:17], one.last[:17]) == (entry_of(first).first[:17], entry_of(first, rest, last).last[:17])


def test_the_township_knows_when_it_first_had_a_visit_and_a_phone_does_not(shelf: Shelf) -> None:
    early = visit("10:00", "10:40", received="09-05")
    book = shelf.lay(
        early, early.then("09-06", received="09-07", summary="好"), contact("09-04 10:00", received="09-08")
    )
    received = [one.received for one in (*book.visits, *book.contact_visits)]
    assert received == ([visit("09-05").at, visit("09-08").at] if shelf.tells_receipt else [None, None])


def test_what_was_removed_is_on_no_shelf(shelf: Shelf) -> None:
    one, other = visit("10:00", "10:40"), household("甲户", "key")
    book = shelf.lay(one, other, one.then("11:00", removed=True), other.then("09-05", removed=True))
    assert list(entries_of(book)) == []


def test_what_was_removed_and_brought_back_is_there_again(shelf: Shelf) -> None:
    one = visit("10:00", "10:40")
    book = shelf.lay(one, one.then("11:00", removed=True), one.then("12:00", removed=False))
    assert [entry.id for entry in book.visits] == [one.id]


def test_the_phones_short_form_and_its_notebook_say_the_same(shelves: Any) -> None:
    shelf: PhoneShelf = shelves("phone")
    wrote = (visit("10:00", "10:40"), household("甲户", "key"), *story(*cases_due.BEGUN), problem())
    assert told(shelf.lay(*wrote), True) == told(shelf.lay_unsent(*wrote, unsent=len(wrote)), True)
    assert list(entries_of(shelf.lay())) == []
    assert shelf.store.count_unsent() == 0
