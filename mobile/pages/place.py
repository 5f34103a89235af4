"""Where? A household, or the whole village: chosen before a page opens that needs to know.

Promises: the chosen page takes this one's place, so the back key does not come here again. Leaves to others: what is done there.
"""

from typing import Any

from mobile.pages.blocks import Block, Item, LongList, Search, View
from mobile.pages.page import Page
from shared.fields import Label
from shared.grants import VILLAGE, Grant
from shared.pinyin import search
from shared.rules.entry import Entry


class PlacePage(Page):
    """`where`: then (the page to open), among (villages, where no household is meant), and what that page is to get beside its place."""

    SAYS = {
        "title": Label("在哪里？", "Where?"),
        "hint": Label("姓名、拼音首字母、屯、户编号", "Name, pinyin initials, hamlet, number"),
        "whole": Label("路、水渠、公厕等，不属于哪一户", "A road, a ditch, a public toilet: no single household"),
        "nothing": Label("没有找到。", "Nothing found."),
    }

    def __init__(self, app: Any, **where: str) -> None:
        super().__init__(app, **where)
        self.text = ""

    def view(self) -> View:
        homes = [] if self.where.get("among") else self._households()
        rows = [*map(self._village, villages_held(self)), *map(self._household, homes)]
        words = [" ".join((row.title, *row.lines)) for row in rows]
        found = [rows[place] for place in search(words, self.text)]
        blocks: tuple[Block, ...] = (
            Search(self.text, self.say("hint"), self._typed, name="search"),
            LongList(tuple(found), self.say("nothing"), self._picked, name="places"),
        )
        return View(self.say("title"), blocks=blocks)

    def _households(self) -> list[Entry]:
        """By hamlet and number, as one walks."""
        held = self.session.households().values()
        names = ("hamlet", "household_no", "head_name")
        return sorted(held, key=lambda entry: ([str(entry.values.get(name) or "") for name in names], entry.id))

    def _village(self, code: str) -> Item:
        if self.where.get("among"):
            return Item(self.session.village_named(code), name=f"village/{code}")
        return Item(village_title(self, code), (self.say("whole"),), name=f"village/{code}")

    def _household(self, entry: Entry) -> Item:
        values = entry.values
        line = self.joined(str(values.get("hamlet") or ""), str(values.get("household_no") or ""))
        return Item(str(values.get("head_name") or self.say("unnamed")), (line,), name=f"household/{entry.id}")

    def _typed(self, text: str) -> None:
        self.text = text
        self.redraw()

    def _picked(self, name: str) -> None:
        scope, _, value = name.partition("/")
        then = {key: text for key, text in self.where.items() if key not in ("then", "among")}
        if scope == "village":
            self.app.instead(self.where["then"], **then, village=value)
        else:
            village = self.session.households()[value].village or ""
            self.app.instead(self.where["then"], **then, village=village, household=value)


def villages_held(page: Page) -> list[str]:
    """The villages this person holds as a whole, by code; those of a township by its households."""
    grants = [Grant.read(name) for name in page.session.store.grants()]
    named = {grant.value for grant in grants if grant.scope == VILLAGE}
    seen = {entry.village for entry in page.session.households().values() if entry.village}
    return sorted(named | {code for code in seen if any(grant.whole and grant.gives(code, None) for grant in grants)})


def village_title(page: Page, code: str) -> str:
    """The village in words; with its name where there are several."""
    name = page.session.village_named(code)
    return page.say("village") if len(villages_held(page)) == 1 else page.joined(page.say("village"), name)


PAGE = PlacePage
