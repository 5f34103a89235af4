"""What a list is: columns, filters, and a function that gives a page of its rows.

Promises: rows are the reader's own to see (`Query.sight`); what is secret stays masked unless `Query.whole`; a filter that makes no sense is
answered with a sentence, not with everything. A row is a mapping from column key to a plain value (text, number, bool, ISO day or moment,
list of texts); keys that begin with "_" are for pages alone (links, tones) and no file holds them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.sight import Right, Sight
from server.store import Database, TownshipStore
from server.words import is_masked, masked, moment, told, word
from shared.fields import Field, Label, is_date, is_plain
from shared.kind import Kind

PAGE = 50
"""Rows a page shows."""

NOTHING = Label("没有符合条件的内容", "Nothing fits")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """One column. `sort` says how a file writes it: text, code (digits that are no number), number, day, moment.

    `field` is the kind's own, where the column shows one: then its words and its mask follow. `narrow` columns stay on a small screen;
    one that is not `on_page` only a file has.
    """

    key: str
    label: Label
    sort: str = "text"
    field: Field | None = None
    narrow: bool = True
    masked: bool = False
    on_page: bool = True

    def shown(self, row: Row, whole: bool, language: str) -> str:
        """The cell in words."""
        value = row.get(self.key)
        if self.masked and not whole:
            return masked(self.field, value)
        if isinstance(value, Label):
            return word(value, language)
        if self.sort == "moment" and isinstance(value, str):
            return moment(value)
        return told(self.field, value, language)


def column(kind: Kind, name: str, *, narrow: bool = False) -> Column:
    """A column that shows a field of a kind."""
    field_ = kind.fields[name]
    sorts = {
        "code": "code",
        "link": "code",
        "integer": "number",
        "number": "number",
        "date": "day",
        "datetime": "moment",
    }
    return Column(name, field_.label, sorts.get(field_.type_name, "text"), field_, narrow, is_masked(field_))


@dataclass(frozen=True)
class Filter:
    """One filter of a list, by its name in the URL. `choices` (code to label) make a menu; `sort`: text, choice, village, month, day."""

    name: str
    label: Label
    sort: str = "text"
    choices: Mapping[str, Label] = field(default_factory=dict)
    hint: Label | None = None

    def takes(self, text: str) -> bool:
        """Whether this can be filtered by."""
        if self.sort == "choice":
            return text in self.choices
        if self.sort == "day":
            return is_date(text)
        if self.sort == "month":
            return is_date(f"{text}-01")
        if self.sort == "village":
            return len(text) == 12 and text.isascii() and text.isdigit()
        return len(text) <= 100 and is_plain(text)


class BadFilterError(ValueError):
    """A filter that makes no sense: `label` is what it is called."""

    def __init__(self, label: Label) -> None:
        super().__init__(f"筛选条件写法不对：{label.zh} / This filter makes no sense: {label.en}")
        self.label = label


@dataclass(frozen=True)
class Query:
    """What is asked of a list. `given` holds the filters by name, blank ones left out; `limit` None means all rows, for a file."""

    database: Database
    store: TownshipStore
    sight: Sight
    now: int
    given: Mapping[str, str] = field(default_factory=dict)
    offset: int = 0
    limit: int | None = PAGE
    whole: bool = False

    def __getitem__(self, name: str) -> str:
        return self.given.get(name, "")

    @property
    def places(self) -> dict[str, str]:
        """Village code to name: those that are the reader's and that the filter `village` lets through."""
        return self.sight.places(self.store, self["village"])


@dataclass(frozen=True)
class Found:
    """Rows from `offset` on, and how many there are in all. `persons` counts how many people the whole list names, for the two-person rule."""

    rows: Sequence[Row]
    total: int
    persons: int | None = None

    @property
    def named(self) -> int:
        return self.total if self.persons is None else self.persons


@dataclass(frozen=True)
class Listing:
    """A list. `right` is what reading it asks for; `names_people` whether its export counts as one of persons; `pictured` the kind whose
    photographs its rows' records name ('' where they name none): every row has that record's `_id`.
    """

    name: str
    title: Label
    columns: Sequence[Column]
    filters: Sequence[Filter]
    find: Callable[[Query], Found]
    right: Right = Right.READ
    names_people: bool = True
    empty: Label = NOTHING
    pictured: str = ""

    def given(self, arguments: Mapping[str, str]) -> dict[str, str]:
        """The filters that a URL gives, blank and unknown ones left out. BadFilterError for one that makes no sense."""
        filters = {one.name: one for one in self.filters}
        given = {name: text.strip() for name, text in arguments.items() if name in filters and text.strip()}
        for name, text in given.items():
            if not filters[name].takes(text):
                raise BadFilterError(filters[name].label)
        return given


VILLAGE = Filter("village", Label("村", "Village"), "village")
MONTH = Filter("month", Label("月份", "Month"), "month")


def like(text: str) -> str:
    """A pattern for ``LIKE ? ESCAPE '!'`` that finds the text anywhere, whatever it holds."""
    for special in "!%_":
        text = text.replace(special, f"!{special}")
    return f"%{text}%"


def page_of(rows: Sequence[Row], query: Query, persons: int | None = None) -> Found:
    """A page cut out of all rows at hand."""
    end = None if query.limit is None else query.offset + query.limit
    return Found(rows[query.offset : end], len(rows), persons)
