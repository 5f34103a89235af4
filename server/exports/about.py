"""What every file says of itself: which list, with which filters, who took it out, when, and under which row of the audit trail.

Promises: the row's number and the beginning of its hash stand on every sheet of paper, so that whoever finds one finds who took it out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.lists.listing import Filter, Listing
from server.words import EN, ZH, moment, word
from shared.fields import Label
from shared.moments import day_of, iso

HASH = 12
"""Digits of a hash that are shown, as the page of the trail shows them."""


@dataclass(frozen=True)
class About:
    """A file's own words. `at` in ms since 1970; `number` and `hash` are the row of the trail; `rows` None where they are not counted;
    `as_of` when figures were added up, 0 where that is `at`."""

    title: Label
    township: str
    by: str
    at: int
    number: int
    hash: str
    filters: Sequence[str] = ()
    rows: int | None = None
    persons: int = 0
    why: str = ""
    as_of: int = 0
    language: str = ZH
    photos: Label | None = None  # how many come with it, and how many do not

    def line(self) -> str:
        """All of it in one line."""
        return f"{self.words()} · {self.pin()}"

    def words(self) -> str:
        """All but where in the trail it stands."""
        zh = self.language != EN
        told = [self.township, word(self.title, self.language)]
        told.append(
            f"{self.by} 于 {moment(iso(self.at))} 导出" if zh else f"taken out by {self.by} at {moment(iso(self.at))}"
        )
        if self.as_of:
            told.append(("统计于 " if zh else "added up at ") + moment(iso(self.as_of)))
        if self.filters:
            told.append(("筛选：" if zh else "filtered by ") + ("；" if zh else "; ").join(self.filters))
        if self.rows is not None:
            told.append(f"共 {self.rows} 行" if zh else f"{self.rows} rows")
        if self.persons:
            told.append(f"涉及 {self.persons} 人" if zh else f"{self.persons} persons")
        if self.photos:
            told.append(word(self.photos, self.language))
        if self.why:
            told.append(f"含敏感信息，原因：{self.why}" if zh else f"with sensitive fields, because: {self.why}")
        return " · ".join(told)

    def pin(self) -> str:
        """Where in the trail it stands."""
        if self.language == EN:
            return f"audit row {self.number} {self.hash[:HASH]}"
        return f"操作记录第 {self.number} 行 {self.hash[:HASH]}"

    def mark(self) -> str:
        """Who and when, short, to stand behind every printed page."""
        return f"{self.by} {moment(iso(self.at))}"

    def file_name(self, ending: str) -> str:
        """What the file is called, in the reader's language; no character that a file system minds."""
        name = f"{self.township}_{word(self.title, self.language)}_{day_of(self.at)}_{self.number}.{ending}"
        return "".join("_" if one in '\\/:*?"<>|' or not one.isprintable() else one for one in name)


def filters_in_words(
    listing: Listing, given: Mapping[str, str], places: Mapping[str, str], language: str = ZH
) -> list[str]:
    """The filters as a reader says them: what each is called and what was chosen."""
    colon = ": " if language == EN else "："
    return [
        f"{word(one.label, language)}{colon}{_chosen(one, given[one.name], places, language)}"
        for one in listing.filters
        if given.get(one.name)
    ]


def _chosen(one: Filter, value: str, places: Mapping[str, str], language: str) -> str:
    if one.sort == "village":
        return places.get(value, value)
    return word(one.choices[value], language) if value in one.choices else value


def filters_for_the_trail(listing: Listing, given: Mapping[str, str]) -> list[str]:
    """The filters as the trail keeps them: words that somebody typed may be a person's name, so of those only which filter it was."""
    typed = {one.name for one in listing.filters if one.sort == "text"}
    return sorted(name if name in typed else f"{name}={value}" for name, value in given.items())
