"""One contact visit on a linked household: prefilled, with this month's count in sight; saved in a few touches.

Promises: one entry counts once, whoever made it; what was promised here stands first. Leaves to others: what counts for the month
(`shared.rules.contact`), the form (`record`).
"""

from typing import Any

from mobile.pages.blocks import Banner, Block, Facts, Item, View
from mobile.pages.form import FormBlocks
from mobile.pages.page import Page
from mobile.pages.record import RecordPage
from shared.fields import Label
from shared.moments import iso
from shared.record import Key
from shared.rules.contact import STATES
from shared.rules.entry import Entry


class ContactPage(RecordPage):
    """`where`: link, id."""

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
        "gone": Label("这个联户关系已经没有了。", "This link is no more."),
    }

    def __init__(self, app: Any, **where: str) -> None:
        Page.__init__(self, app, **where)
        self.where.setdefault("kind", "contact_visit")
        self.errors: dict[str, str] = {}

    def link(self) -> Entry:
        return Entry.of(self.session.notebook.get("party_link", self.where["link"]).record)

    def entered(self) -> None:
        """Prefill at the first opening: when, how and by whom."""
        key = Key("contact_visit", self.id)
        notebook = self.session.notebook
        if notebook.shown(key) is None and notebook.draft(*key) is None:
            link, name = self.link(), self.session.user().get("name")
            prefilled = {
                "link": link.id,
                "mode": "home",
                "entry_mode": "live",
                "started_at": iso(self.app.doors.now()),
                "participants": [name] if name else [],
            }
            notebook.answer(*key, prefilled, link.village, link.household)

    def names(self) -> list[str]:
        return ["mode", "topics", "summary", "needs_followup", "participants", "started_at", "remark"]

    def form(self) -> FormBlocks:
        link = self.link()
        return FormBlocks(
            self, self.kind, self.id, self.values(), village=link.village, household=link.household, errors=self.errors
        )

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
        draft = self.session.notebook.discard("contact_visit", self.id)
        where = dict(self.where)
        self.app.done()
        if draft is None:
            return

        def undo() -> None:
            self.session.notebook.put_back(draft)
            self.app.go("contact", **where)

        self.app.screen.toast(self.say("given_up"), self.say("undo"), undo)

    def _household(self, id_: str) -> None:
        self.app.go("household", id=id_)


PAGE = ContactPage
