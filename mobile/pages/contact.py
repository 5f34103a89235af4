"""One contact visit on a linked household: prefilled, with this month's count in sight; saved in a few touches.

Promises: one entry counts once, whoever made it; what was promised here stands first. Leaves to others: what counts for the month
(`shared.rules.contact`), the form (`record`).
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from mobile.pages.blocks import Banner, Block, Facts, Item, View
from mobile.pages.form import FormBlocks
from mobile.pages.given import KeptForm, unfinished
from mobile.pages.page import Page
from mobile.pages.record import RecordPage
from shared.fields import Label
from shared.moments import iso
from shared.record import Key
from shared.rules.contact import STATES
from shared.rules.entry import Entry

KIND = "contact_visit"


class ContactPage(RecordPage):
    """`where`: link, id; opened (the moment, made up when it is not given)."""

    SAYS = RecordPage.SAYS | {
        "title": Label("联户走访 · {name}", "Contact visit · {name}"),
        "month": Label("本月", "This month"),
        "made": Label("已走 {made} 次，应走 {owed} 次", "{made} made of {owed}"),
        "days": Label("已走的日子", "Days"),
        "today_already": Label("今天已经走访过，同一天只计一次。", "Visited today already: one day counts once."),
        "household": Label("看这一户", "See the household"),
        "saved_month": Label(
            "已存在手机里。本月已走 {made} 次，应走 {owed} 次", "Saved. This month {made} made of {owed}"
        ),
        "open": Label("有 {n} 个未办结的问题", "{n} open problems"),
        "look": Label("看一看", "Look"),
    }

    def __init__(self, app: Any, **where: str) -> None:
        Page.__init__(self, app, **where)
        self.where.setdefault("kind", KIND)
        self.where.setdefault("opened", iso(app.doors.now()))
        self.errors: dict[str, str] = {}
        same = [one for one in unfinished(self, KIND) if one.values.get("link") == where["link"]]
        if same and self.session.notebook.shown_or_none(KIND, self.id) is None:  # what was begun goes on
            self.where["id"] = next((one.id for one in same if one.id == self.id), same[0].id)

    def was_there(self) -> bool:
        return False

    def link(self) -> Entry:
        return Entry.of(self.session.notebook.get("party_link", self.where["link"]).record)

    def _given(self) -> dict[str, Any]:
        """What is known before anything is touched: when, how and by whom."""
        name = self.session.user().get("name")
        return {
            "link": self.where["link"],
            "mode": "home",
            "entry_mode": "live",
            "started_at": self.where["opened"],
            "participants": [name] if name else [],
        }

    def _is_new(self) -> bool:
        return self.shown is None and not self._drafted()

    def values(self) -> dict[str, Any]:
        return self._given() if self._is_new() else super().values()

    def keep(self, values: Mapping[str, Any]) -> None:
        """Keep answers, the first ones with what was known before."""
        link = self.link()
        known = self._given() if self._is_new() else {}
        self.session.notebook.answer(KIND, self.id, {**known, **values}, link.village, link.household)

    def save(self) -> None:
        """As it stands, also where nothing was touched: it is all known."""
        if self._is_new():
            self.app.attempt(lambda: self.keep({}))
            if self._is_new():  # the storage is full, which was said
                return
        super().save()

    def names(self) -> list[str]:
        return ["mode", "topics", "summary", "needs_followup", "participants", "started_at", "remark", "photos"]

    def form(self) -> FormBlocks:
        link = self.link()
        place = {"village": link.village, "household": link.household}
        return KeptForm(self, self.kind, self.id, self.values(), self.keep, errors=self.errors, **place)

    def view(self) -> View:
        view = super().view()
        name = self.session.name_of(self.link().household) or self.say("unnamed")
        return View(self.say("title", name=name), "", view.blocks, bottom=view.bottom, corner=view.corner)

    def top(self) -> list[Block]:
        link = self.link()
        month = self.session.month_of(link)
        rows = [
            (
                self.say("month"),
                self.joined(self.say("made", made=month.made, owed=month.owed), self.word(STATES[month.state])),
            )
        ]
        if month.days:
            rows.append((self.say("days"), "、".join(day[5:] for day in month.days)))
        blocks: list[Block] = [*super().top(), Facts(tuple(rows))]
        if self.session.notebook.today() in month.days:
            blocks.append(Banner(self.say("today_already"), "quiet"))
        problems = [one for one in self.session.problems(link.household or "") if one.standing.open]
        see = lambda: self._household(link.household or "")  # noqa: E731
        if problems:
            blocks.append(Banner(self.say("open", n=len(problems)), "warn", self.say("look"), see, name="open"))
        else:
            blocks.append(Item(self.say("household"), on_tap=see, name="household"))
        return blocks

    def saved(self, something: bool) -> None:
        if something:
            month = self.session.month_of(self.link())
            self.app.screen.toast(self.say("saved_month", made=month.made, owed=month.owed))
        self.app.done()

    def give_up(self) -> None:
        """Give this visit up and go back, with a way to have it again."""
        self.give_up_drafts([Key(KIND, self.id)], self.app.done, partial(self.app.go, "contact", **dict(self.where)))

    def _household(self, id_: str) -> None:
        self.app.go("household", id=id_)


PAGE = ContactPage
