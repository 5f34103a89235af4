"""The ledger: the problems on this phone, what waits for this person first.

Promises: sorted by what is to be done and until when, never by who did how much; a problem that was begun and not saved stands on top.
Leaves to others: how a problem stands (`shared.rules.ledger`), one problem (`problem`), what is due (`session`).
"""

from mobile.drafts import Draft
from mobile.duties import Problem
from mobile.pages.blocks import Badge, Banner, Block, Button, Filters, Item, LongList, Option, View
from mobile.pages.given import unfinished
from mobile.pages.page import Page
from mobile.pages.tabs import day_badge, sync_line, tabs
from shared.fields import Label
from shared.rules.ledger import STATES, UNSOLVED

TEMPORARY = Label("临{id}", "Temp {id}")
FAR = "9999-12-31"


class ProblemsPage(Page):
    """`where`: show (which ones: mine, open, late or over)."""

    SAYS = {
        "title": Label("台账", "Ledger"),
        "mine": Label("待我办", "For me"),
        "open": Label("全部未办结", "All open"),
        "late": Label("逾期", "Overdue"),
        "over": Label("已办结", "Done"),
        "new": Label("记一个问题", "Note a problem"),
        "draft": Label("有一个问题没写完：{text}", "A problem is not finished: {text}"),
        "go_on": Label("接着写", "Go on"),
        "no_words": Label("还没有描述", "no description yet"),
        "none_mine": Label("没有等您办的问题。", "No problem waits for you."),
        "none_open": Label("没有未办结的问题。", "There is no open problem."),
        "none_late": Label("没有逾期的问题。", "Nothing is overdue."),
        "none_over": Label("还没有办结的问题。", "No problem is done yet."),
    }

    @property
    def filter(self) -> str:
        return self.where.get("show") or "open"

    def view(self) -> View:
        mine = problems_for_me(self)
        found = [one for one in self.session.problems() if self._kept(one, mine)]
        found.sort(key=lambda one: (one.entry.id not in mine, deadline(one) or FAR, one.number, one.entry.id))
        options = tuple(Option(code, self.say(code)) for code in ("mine", "open", "late", "over"))
        blocks: list[Block] = [
            *map(self._draft, unfinished(self, "problem")),
            Filters(options, frozenset({self.filter}), self._narrow, name="filters"),
            LongList(tuple(map(self._row, found)), self.say(f"none_{self.filter}"), self._opened, name="problems"),
        ]
        return View(
            self.say("title"),
            sync_line(self),
            tuple(blocks),
            bottom=(Button(self.say("new"), self._new, "primary", name="new"),),
            tab="problems",
            tabs=tabs(self),
            back=False,
        )

    def _kept(self, one: Problem, mine: frozenset[str]) -> bool:
        if self.filter == "mine":
            return one.entry.id in mine
        if self.filter == "late":
            return one.standing.overdue(self.app.doors.now())
        return one.standing.open == (self.filter == "open")

    def _row(self, one: Problem) -> Item:
        late = one.standing.overdue(self.app.doors.now())
        return Item(
            self.joined(number_of(self, one), category_of(self, one), place_of(self, one)),
            (self.joined(state_of(self, one), one.standing.person or ""),),
            deadline_badge(self, one),
            "bad" if late else "plain",
            name=one.entry.id,
        )

    def _draft(self, draft: Draft) -> Banner:
        words = str(draft.values.get("description") or self.say("no_words"))
        return Banner(
            self.say("draft", text=words),
            "brand",
            self.say("go_on"),
            lambda: self._go_on(draft),
            name=f"draft/{draft.id}",
        )

    # --- onward ----------------------------------------------------------------------------------------------------

    def _narrow(self, code: str) -> None:
        self.where = {"show": code}
        self.redraw()

    def _opened(self, id_: str) -> None:
        self.app.go("problem", id=id_)

    def _go_on(self, draft: Draft) -> None:
        place = {"village": draft.village or "", "household": draft.household or ""}
        self.app.go("new_problem", id=draft.id, source=str(draft.values.get("source") or ""), **place)

    def _new(self) -> None:
        self.app.go("place", then="new_problem", id=self.app.doors.new_id())


# --- a problem in a few words: for every page that names one ------------------------------------------------------------


def problems_for_me(page: Page) -> frozenset[str]:
    """Ids of the problems whose next step waits for this person."""
    due = [one for place in page.session.due().places for one in place.due]
    return frozenset(one.record for one in due if one.sort == "problem" and one.mine)


def number_of(page: Page, one: Problem) -> str:
    """The township's number, or a temporary one by the record's own id."""
    return str(one.entry.values.get("number_text") or page.word(TEMPORARY).format(id=one.entry.id[-4:].upper()))


def category_of(page: Page, one: Problem) -> str:
    """Its category in today's words, else in the kind's own; empty where none was given."""
    code = str(one.entry.values.get("category") or "")
    known = page.session.kinds["problem"].fields["category"]
    label = page.session.policy().problems.categories.get(code) or getattr(known, "choices", {}).get(code)
    return page.word(label) if label else code


def place_of(page: Page, one: Problem) -> str:
    """Whose household it is about, or that it is the village's."""
    if one.entry.household is None:
        return page.say("village")
    return page.session.name_of(one.entry.household) or page.say("unnamed")


def state_of(page: Page, one: Problem) -> str:
    return page.word(STATES[one.standing.state])


def deadline(one: Problem) -> str | None:
    """The day until which it should be solved; None where nothing is owed, or none was set."""
    return one.standing.due if one.standing.state in UNSOLVED else None


def deadline_badge(page: Page, one: Problem) -> Badge | None:
    return day_badge(page, deadline(one))


PAGE = ProblemsPage
