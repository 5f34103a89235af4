"""What every report is: a title, columns, a row for each village in the order of their codes, a total, and how it is printed.

A report is made in two steps: a township is counted (`count_…`: numbers by village, as plain as JSON), and of the counts a table is made
(`…_of`), for all villages or for those somebody may see. Promises: rows are places, never persons, and stand in the order of the area
codes, so that no report is a ranking; the JSON holds what the printed table shows. Leaves to others: the figures.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.fields import Label

VILLAGE = Label("村", "Village")
TOTAL = Label("合计", "Total")
NONE = "—"


Counts = Mapping[str, Any]
"""Numbers by name, as `count_…` gives them: they can be added up. `percent`, averages and other shares are worked out of sums alone."""


@dataclass(frozen=True, slots=True)
class Places:
    """The villages a report is about: code to name, in the order of codes. `whole`: all there are, and what lies in none of them."""

    names: Mapping[str, str]
    whole: bool = True

    def codes(self, counted: Iterable[str] = ()) -> list[str]:
        """The rows there are: every village, and for the whole township those that have gone from its list and still count something."""
        return sorted({*self.names, *counted}) if self.whole else sorted(self.names)


def add(parts: Iterable[Counts]) -> dict[str, Any]:
    """The sum of counts, name by name."""
    total: dict[str, Any] = {}
    for part in parts:
        for name, number in part.items():
            total[name] = total.get(name, 0) + number
    return total


@dataclass(slots=True)
class Table:
    """Rows under columns (key to heading). A row's `name` heads it; a value of None prints as a dash.

    `labels` are the rows' names in both languages, where they are no village's: name to label.
    """

    columns: Mapping[str, Label]
    rows: Sequence[Mapping[str, Any]]
    head: Label = VILLAGE
    labels: Mapping[str, Label] = field(default_factory=dict)


@dataclass(slots=True)
class Report:
    """A report on one township. `about` says of what: township, month, campaign, policy; `more` are further tables by name."""

    name: str
    title: Label
    about: dict[str, Any]
    villages: Table
    total: dict[str, Any]
    more: dict[str, Table] = field(default_factory=dict)
    notes: list[Label] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "report": self.name,
            **self.about,
            "villages": [dict(row) for row in self.villages.rows],
            "total": self.total,
            **{name: [dict(row) for row in table.rows] for name, table in self.more.items()},
            "notes": [note._asdict() for note in self.notes],
        }

    def lines(self) -> list[str]:
        """The report as a clerk reads it on a terminal."""
        about = "  ".join(f"{value}" for value in self.about.values() if isinstance(value, str) and value)
        total = {"name": TOTAL.zh, **self.total}
        told = [f"{self.title.zh} / {self.title.en}", f"  {about}", ""]
        told += _print(Table(self.villages.columns, [*self.villages.rows, total], self.villages.head))
        for table in self.more.values():
            told += ["", *_print(table)]
        told += ["", *(f"  {note.zh} / {note.en}" for note in self.notes)]
        return [*told, "  " + " · ".join(f"{label.zh} {label.en}" for label in self.villages.columns.values())]


def _print(table: Table) -> list[str]:
    shown = {key: label for key, label in table.columns.items() if key != "name"}
    cells = [[table.head.zh, *(label.zh for label in shown.values())]]
    cells += [[str(row["name"]), *(_cell(row.get(key)) for key in shown)] for row in table.rows]
    widths = [max(_width(line[place]) for line in cells) for place in range(len(cells[0]))]
    return [
        "  "
        + "  ".join(
            [_pad(line[0], widths[0]), *(_pad(c, w, right=True) for c, w in zip(line[1:], widths[1:], strict=True))]
        )
        for line in cells
    ]


def _cell(value: Any) -> str:
    return NONE if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _pad(text: str, width: int, right: bool = False) -> str:
    blank = " " * (width - _width(text))
    return blank + text if right else text + blank
