"""The households: found by name, pinyin initials, hamlet or number; narrowed by what is due and by category.

Promises: thousands of rows stay quick (they are made once until something changes); what was searched for is still there after coming
back. Leaves to others: the search's own rules (`shared.pinyin`), scrolling (`mobile.ui`).
"""

from typing import Any, NamedTuple

from mobile.pages.blocks import Badge, Block, Button, Filters, Item, LongList, Option, Search, View
from mobile.pages.page import Page
from mobile.pages.tabs import day_badge, tabs
from shared.fields import Label
from shared.pinyin import Matcher
from shared.rules.due import Due
from shared.rules.entry import Entry


class Row(NamedTuple):
    """A household in the list: the words it is `found_by`, its categories in the policy's words, whether something is due."""

    item: Item
    found_by: str
    categories: frozenset[str]
    due: bool


class HouseholdsPage(Page):
    """`where`: due (yes to see only what is due), category (its code)."""

    SAYS = {
        "title": Label("农户", "Households"),
        "count": Label("共 {n} 户", "{n} households"),
        "found": Label("{n} 户，共 {all} 户", "{n} of {all} households"),
        "hint": Label("姓名、拼音首字母、屯、编号", "Name, initials, hamlet, number"),
        "all": Label("全部", "All"),
        "due": Label("该办", "Due"),
        "none": Label("手机里还没有农户，请先同步。", "There are no households on this phone yet; sync first."),
        "no_match": Label("没有找到。换个字，或用拼音首字母。", "Nothing found. Try another word, or pinyin initials."),
    }

    def __init__(self, app: Any, **where: str) -> None:
        super().__init__(app, **where)
        self.text = ""

    def view(self) -> View:
        rows, matcher = self._all()
        found = self._narrowed(rows, matcher)
        words = self.say("none") if not rows else self.say("no_match")
        count = (
            self.say("count", n=len(rows))
            if len(found) == len(rows)
            else self.say("found", n=len(found), all=len(rows))
        )
        blocks: tuple[Block, ...] = (
            Search(self.text, self.say("hint"), self._typed, name="search"),
            Filters(self._options(rows), self._chosen(), self._picked, name="filters"),
            LongList(tuple(found), words, self._opened, name="households"),
        )
        return View(
            self.say("title"),
            count,
            blocks,
            tab="households",
            tabs=tabs(self),
            back=False,
            corner=Button("＋", self._new, name="new") if self._may_add() else None,
        )

    # --- rows ------------------------------------------------------------------------------------------------------

    def _all(self) -> tuple[list[Row], Matcher]:
        """Every household by hamlet and number, and what searches them."""

        def make() -> tuple[list[Row], Matcher]:
            entries = self.session.households().values()
            ordered = sorted(entries, key=lambda e: (str(e.values.get("hamlet") or "～"), _number(e), e.id))
            rows = [self._row(entry) for entry in ordered]
            return rows, Matcher([row.found_by for row in rows])

        return self.session.once(f"household rows {self.language}", make)

    def _row(self, entry: Entry) -> Row:
        values, due = entry.values, self.session.due_of(entry.id)
        name = str(values.get("head_name") or self.say("unnamed"))
        number, hamlet = str(values.get("household_no") or ""), str(values.get("hamlet") or "")
        policy = self.session.policy()
        categories = policy.read_categories(values.get("categories"))
        told = "、".join(self.word(policy.categories[c]) for c in policy.categories if c in categories)
        mine = [one for one in due if one.mine]
        item = Item(
            name,
            (self.joined(hamlet, told, number),),
            self._badge(mine),
            "bad" if any(one.overdue for one in mine) else "plain",
            name=entry.id,
        )
        return Row(item, f"{name} {hamlet} {number}", categories, bool(mine))

    def _badge(self, mine: list[Due]) -> Badge | None:
        if not mine:
            return None
        return day_badge(self, min((one.until for one in mine if one.until), default=None)) or Badge(
            self.say("due"), "brand"
        )

    def _narrowed(self, rows: list[Row], matcher: Matcher) -> list[Item]:
        due, category = self.where.get("due"), self.where.get("category")
        found = [rows[place] for place in matcher.search(self.text)] if self.text.strip() else rows
        return [row.item for row in found if (not due or row.due) and (not category or category in row.categories)]

    # --- narrowing -------------------------------------------------------------------------------------------------

    def _options(self, rows: list[Row]) -> tuple[Option, ...]:
        policy = self.session.policy()
        held = frozenset().union(*(row.categories for row in rows)) if rows else frozenset()
        categories = [Option(c, self.word(policy.categories[c])) for c in policy.categories if c in held]
        return (Option("all", self.say("all")), Option("due", self.say("due")), *categories)

    def _chosen(self) -> frozenset[str]:
        chosen = {"due"} if self.where.get("due") else set()
        chosen |= {self.where["category"]} if self.where.get("category") else set()
        return frozenset(chosen or {"all"})

    def _picked(self, code: str) -> None:
        if code == "all":
            self.where.clear()
        elif code == "due":
            self.where = {**self.where, "due": "" if self.where.get("due") else "yes"}
        else:
            self.where = {**self.where, "category": "" if self.where.get("category") == code else code}
        self.redraw()

    def _typed(self, text: str) -> None:
        self.text = text
        self.redraw()

    # --- onward ----------------------------------------------------------------------------------------------------

    def _opened(self, id_: str) -> None:
        self.app.go("household", id=id_)

    def _may_add(self) -> bool:
        return any(name.startswith("village:") for name in self.session.store.grants())

    def _new(self) -> None:
        villages = [name.partition(":")[2] for name in self.session.store.grants() if name.startswith("village:")]
        where = {"kind": self.session.kinds.household, "id": self.app.doors.new_id()}
        if len(villages) == 1:
            self.app.go("record", **where, village=villages[0])
        else:
            self.app.go("place", then="record", among="villages", **where)

    def back(self) -> bool:
        if self.text:
            self.text = ""
            self.redraw()
            return True
        return False


def _number(entry: Entry) -> tuple[int, str]:
    number = str(entry.values.get("household_no") or "")
    return (int(number), "") if number.isascii() and number.isdigit() else (10**9, number)


PAGE = HouseholdsPage
