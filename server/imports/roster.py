"""Reads a township's roster workbook into households and persons, and says what was doubtful in it.

Promises: pure (a file and the township's village names in, values out); nothing is guessed: a wrong or ruined identity
number is left out and reported, an unknown village rejects its household; reading again gives the same; no finding
ever holds a name, a phone or an identity number.
Leaves to others: finding the header and the merged cells (`workbook`), what a cell says (`roster_cells`), ids, what is
new, what to write (`apply`).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.imports.roster_cells import (
    PersonRow,
    Persons,
    Villages,
    codes_in,
    household_number,
    key_of,
    name_of,
    phone_of,
    relation_code,
    text_of,
)
from server.imports.roster_words import CATEGORY, COUNT, FIELD_OF, FOOT, TOTALS, Finding, Findings
from server.imports.workbook import Row, Table, WorkbookError, heading_key, read_tables, tidy

__all__ = ["Finding", "HouseholdRow", "PersonRow", "Roster", "WorkbookError", "read_roster"]


@dataclass(frozen=True)
class HouseholdRow:
    row: int
    village: str  # 12-digit code
    hamlet: str | None
    household_no: str | None
    categories: tuple[str, ...]
    head_name: str | None
    phone: str | None
    persons: tuple[PersonRow, ...]
    sheet: int = 1


@dataclass(frozen=True)
class Roster:
    households: tuple[HouseholdRow, ...]
    warnings: tuple[Finding, ...]
    rejected: tuple[Finding, ...]

    @property
    def household_count(self) -> int:
        return len(self.households)

    @property
    def person_count(self) -> int:
        return sum(len(household.persons) for household in self.households)


def read_roster(
    path: Any, villages: Mapping[str, str], *, progress: Callable[[int, int], None] | None = None
) -> Roster:
    """The roster in the workbook at `path`; `villages` are the names and codes of one township.

    `progress` is called with (rows read, rows in all). WorkbookError when the file can't be read as a roster.
    """
    tables = read_tables(path, FIELD_OF.get, _is_roster)
    total = sum(len(table.rows) for table in tables)
    reading = _Reading(Villages(villages), several=len(tables) > 1)
    done = 0
    for table in tables:
        reading.begin(table)
        for row in table.rows:
            reading.take(row)
            done += 1
            if progress and (done % 500 == 0 or done == total):
                progress(done, total)
    return reading.roster()


def _is_roster(fields: Iterable[str]) -> bool:
    # A list of persons that says nothing of households (disabled persons, voters) is not a roster.
    known = set(fields)
    return "name" in known and bool(known & {"relation", "household_no", "head_name"}) and len(known) >= 3


_HOUSEHOLD_FIELDS = ("village", "hamlet", "household_no", "categories", "head_name")
_PERSON_FIELDS = ("name", "relation", "sex", "identity", "birth", "health", "phone", "remark")
_SAYS_PERSON = ("name", "relation", "sex", "identity", "birth", "health")


@dataclass
class _Draft:
    """A household while its rows are read. `village` None: its village is not known and all its rows are rejected."""

    row: int
    sheet: int
    place: str | None  # the village cell's words
    village: str | None
    number: str | None
    cells: dict[str, str]
    phone: str | None
    categories: dict[str, None] = field(default_factory=dict)
    category_texts: set[str] = field(default_factory=set)
    persons: list[PersonRow] = field(default_factory=list)
    seen: dict[tuple[object, ...], tuple[int, dict[str, str]]] = field(default_factory=dict)
    has_head: bool = False


class _Reading:
    """Takes rows in order and builds the roster; what belongs together is decided here, row by row."""

    def __init__(self, villages: Villages, several: bool) -> None:
        self._villages = villages
        self._findings = Findings(several)
        self._persons = Persons(self._findings)
        self._drafts: list[_Draft] = []
        self._by_number: dict[tuple[str | None, str], _Draft] = {}

    def begin(self, table: Table) -> None:
        self._table = table
        self._findings.begin(table.sheet)
        self._current: _Draft | None = None
        self._hamlet: str | None = None
        # A sheet without a village column is one village's: its tab or its title says which.
        titled = None if "village" in table.columns else self._villages.find(table.title)
        if titled is None and "village" not in table.columns:
            titled = self._villages.mentioned((table.title, *table.above))
        self._place: str | None = titled
        if table.unused:
            self._findings.warn(table.header_row, "column_not_used", columns="、".join(table.unused))
        if "household_no" not in table.columns:
            self._findings.warn(table.header_row, "household_number_missing")

    def take(self, row: Row) -> None:
        own = {name: text for name, value in row.own.items() if (text := text_of(value)) is not None}
        if self._is_aside(row, own):
            return
        filled = {name: text for name in _HOUSEHOLD_FIELDS if (text := text_of(row.filled.get(name))) is not None}
        self._place = filled.get("village", self._place)
        if not any(own.get(name) for name in _SAYS_PERSON):
            if re.search("[0-9]", own.get("household_no", "")):  # a line for the household, its persons below
                self._current = self._open(row, filled, filled["household_no"])
            return
        household, earlier = self._household_of(row, own, filled)
        self._current = household
        if household.village is None:
            self._findings.reject(row.number, "village_unknown")
        elif earlier is not None:
            self._findings.warn(row.number, "repeated_row", other=str(earlier))
        else:
            self._add_categories(household, row.number, own.get("categories"))
            self._add_person(household, row, own, filled)

    def _is_aside(self, row: Row, own: Mapping[str, str]) -> bool:
        """Whether a row is no person's: blank, a total, a note, the header again, a village's name over its rows."""
        words = [*own.values(), *(text for _, value in row.extra if (text := text_of(value)))]
        if len(words) == 1 and "name" not in own and not re.search("[0-9]", own.get("household_no", "")):
            if self._villages.find(words[0]):
                self._place, self._hamlet, self._current = words[0], None, None
            return True
        name = own.get("name", "")
        first = [own[key] for key in (*list(own)[:1], "household_no", "name") if key in own]
        return (
            not own
            or any(TOTALS.search(text) for text in first)
            or any(FOOT.match(text) for text in words)
            or FIELD_OF.get(heading_key(name)) == "name"
            or bool(COUNT.fullmatch(key_of(name)))
        )

    # -- which household

    def _household_of(self, row: Row, own: Mapping[str, str], filled: dict[str, str]) -> tuple[_Draft, int | None]:
        """The household a person's row belongs to, opened when it is new, and the row that it repeats exactly."""
        number = household_number(filled.get("household_no"))
        target = self._by_number.get((self._place_key(), number)) if number else self._current
        earlier = self._repeats(target, row, own) if target else None
        if target is not None and earlier is not None:
            return target, earlier
        if not self._is_head(own, filled):
            if target is None or (number is None and self._belongs_elsewhere(target, filled)):
                target = self._open(row, filled, number)
            return target, None
        if target is not None and not target.has_head and (number or not target.persons):
            return target, None
        # A second head inside one merged block: the number belongs to the first.
        return self._open(row, filled, number if "household_no" in own or target is None else None), None

    def _belongs_elsewhere(self, household: _Draft, filled: Mapping[str, str]) -> bool:
        """Whether a row without a number names another head or another village than the household above it."""
        other_head = "head_name" in filled and filled["head_name"] != household.cells.get("head_name")
        return other_head or household.place != self._place

    def _is_head(self, own: Mapping[str, str], filled: Mapping[str, str]) -> bool:
        if "relation" in own:
            return relation_code(own["relation"]) == "head"
        return "name" in own and name_of(own["name"]) == name_of(filled.get("head_name"))

    def _place_key(self) -> str | None:
        return self._place and (self._villages.find(self._place) or self._place)

    def _open(self, row: Row, filled: dict[str, str], number: str | None) -> _Draft:
        number = household_number(number)
        village = self._villages.find(self._place) if self._place else None
        if number and not filled.keys() & {"village", "hamlet"} and self._hamlet:
            filled = {**filled, "hamlet": self._hamlet}  # both written once over a group of households
        self._hamlet = filled.get("hamlet")
        phone, _ = phone_of(row.filled.get("phone"))
        draft = _Draft(row.number, self._table.sheet, self._place, village, number, filled, phone)
        if number is not None:
            same = self._by_number.get((self._place_key(), number))
            if same is not None and village:
                self._findings.warn(
                    row.number, "household_number_twice", other=self._findings.where(same.row, same.sheet)
                )
            self._by_number[self._place_key(), number] = draft
        elif village and "household_no" in self._table.columns:
            self._findings.warn(row.number, "household_number_missing")
        if village:
            self._add_categories(draft, row.number, filled.get("categories"))
        self._drafts.append(draft)
        return draft

    def _repeats(self, household: _Draft, row: Row, own: Mapping[str, str]) -> int | None:
        """The earlier row of the household with the same cells; household cells left blank say nothing different."""
        earlier = household.seen.get(self._signature(row))
        if earlier is None:
            return None
        number, cells = earlier
        return number if all(own[name] == cells.get(name) for name in _HOUSEHOLD_FIELDS if name in own) else None

    @staticmethod
    def _signature(row: Row) -> tuple[object, ...]:
        values = (row.own.get(name) for name in _PERSON_FIELDS)
        return (*(tidy(value) if isinstance(value, str) else value for value in values), row.extra)

    def _add_categories(self, household: _Draft, row: int, text: str | None) -> None:
        if text is None or text in household.category_texts:
            return
        household.category_texts.add(text)
        codes, unknown = codes_in(text, CATEGORY)
        household.categories |= dict.fromkeys(codes)
        if unknown:
            self._findings.warn(row, "category_unknown")

    # -- the person

    def _add_person(self, household: _Draft, row: Row, own: Mapping[str, str], filled: Mapping[str, str]) -> None:
        is_head = self._is_head(own, filled)
        name = name_of(row.own.get("name")) or (name_of(filled.get("head_name")) if is_head else None)
        if name is None:
            self._findings.reject(row.number, "name_missing")
            return
        household.seen[self._signature(row)] = (row.number, {**household.cells, **filled})
        household.has_head = household.has_head or is_head
        household.persons.append(self._persons.read(row, name, is_head, self._table.epoch))

    # -- the report

    def roster(self) -> Roster:
        households = tuple(self._finished(draft) for draft in self._drafts if draft.village)
        return Roster(households, *self._findings.in_order())

    def _finished(self, draft: _Draft) -> HouseholdRow:
        head = next((person for person in draft.persons if person.relation == "head"), None)
        written = name_of(draft.cells.get("head_name"))
        if head is None:
            self._findings.warn(draft.row, "head_missing", sheet=draft.sheet)
        elif written not in (None, head.name):
            self._findings.warn(draft.row, "head_name_differs", sheet=draft.sheet)
        phones = (head.phone if head else None, draft.phone, *(person.phone for person in draft.persons))
        return HouseholdRow(
            draft.row,
            draft.village or "",
            draft.cells.get("hamlet"),
            draft.number,
            tuple(draft.categories),
            head.name if head else written,
            next(filter(None, phones), None),
            tuple(draft.persons),
            draft.sheet,
        )
