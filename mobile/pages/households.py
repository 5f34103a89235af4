"""The households: found by name, pinyin initials, hamlet or number; narrowed by what is due and by category.

Promises: thousands of rows stay quick (the rows are made once until something changes); what was searched for is still there after coming
back. Leaves to others: the search's own rules (`shared.pinyin`), scrolling (`mobile.ui`).
"""

from typing import Any

from mobile.pages.blocks import Badge, Block, Button, Filters, Item, LongList, Option, Search, View
from mobile.pages.page import Page
from mobile.pages.tabs import day_badge, tabs
from shared.fields import Label
from shared.pinyin import Matcher
from shared.rules.due import Due
from shared.rules.entry import Entry


class HouseholdsPage(Page):
    """`where`: due (yes to see only what is due), category (its code)."""

    SAYS = {
        "title": Label("农户", "Households"),
        "count": Label("共 {n} 户", "{n} households"),
        "found": Label("{n} 户，共 {all} 户", "{n} of {all} households"),
        "hint": Label("姓名、拼音首字母、屯、户编号", "Name, pinyin initials, hamlet, number"),
        "all": Label("全部", "All"),
        "due": Label("该办", "Due"),
        "none": Label("手机里还没有农户，请先同步。", "There are no households on this phone yet; sync first."),
        "no_match": Label("没有找到。换个字，或用拼音首字母。", "Nothing found. Try another word, or pinyin initials."),
    }

    def __init__(self, app: Any, **where: str) -> None:
        super().__init__(app, **where)
        self.text = ""
        self._rows: list[tuple[Item, str, frozenset[str], bool]] = []
        self._matcher = Matcher([])
        self._made_for: Any = None

    def view(self) -> View:
        rows = self._all()
        found = self._narrowed(rows)
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

    def _all(self) -> list[tuple[Item, str, frozenset[str], bool]]:
        """(row, the words it is found by, its categories, whether something is due), those with a name first by hamlet."""
        households = self.session.households()
        known = (id(households), id(self.session.due()), self.language)
        if self._made_for != known:
            entries = sorted(households.values(), key=lambda e: (str(e.values.get("hamlet") or "～"), _number(e), e.id))
            self._rows = [self._row(entry) for entry in entries]
            self._matcher = Matcher([row[1] for row in self._rows])
            self._made_for = known
        return self._rows

    def _row(self, entry: Entry) -> tuple[Item, str, frozenset[str], bool]:
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
        return item, f"{name} {hamlet} {number}", categories, bool(mine)

    def _badge(self, mine: list[Due]) -> Badge | None:
        if not mine:
            return None
        return day_badge(self, min((one.until for one in mine if one.until), default=None)) or Badge(
            self.say("due"), "brand"
        )

    def _narrowed(self, rows: list[tuple[Item, str, frozenset[str], bool]]) -> list[Item]:
        due, category = self.where.get("due"), self.where.get("category")
        found = [rows[place] for place in self._matcher.search(self.text)] if self.text.strip() else rows
        return [row[0] for row in found if (not due or row[3]) and (not category or category in row[2])]

    # --- narrowing -------------------------------------------------------------------------------------------------

    def _options(self, rows: list[tuple[Item, str, frozenset[str], bool]]) -> tuple[Option, ...]:
        policy = self.session.policy()
        held = frozenset().union(*(row[2] for row in rows)) if rows else frozenset()
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
        self.app.go("record", kind=self.session.kinds.household, id=self.app.doors.new_id(), village=villages[0])

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
